"""Made-up events for each preset: something to learn from where there is no data yet."""

from collections.abc import Callable, Iterator

from streamrnn.demo.generator import events as meters
from streamrnn.demo.scenes.chorales import events as pieces
from streamrnn.demo.scenes.faults import events as faults
from streamrnn.demo.scenes.frames import events as frames
from streamrnn.demo.scenes.handwriting import events as handwriting
from streamrnn.demo.scenes.sentences import prose, reviews, translations
from streamrnn.demo.scenes.sessions import events as sessions
from streamrnn.demo.scenes.strokes import events as strokes
from streamrnn.demo.scenes.wear import events as wear
from streamrnn.demo.scenes.wear import events_then_labels

SCENES: dict[str, Callable[[int, int], Iterator[list[bytes]]]] = {
    "forecast": meters,
    "anomaly": faults,
    "classify": wear,
    "delayed-labels": events_then_labels,
    "sequence-label": sessions,
    "strokes": strokes,
    "frames": frames,
    "text": prose,
    "sentiment": reviews,
    "translate": translations,
    "music": pieces,
    "handwriting": handwriting,
}
"""By preset, a function of seed and streams that yields JSON lines without end, in time order in each stream."""
