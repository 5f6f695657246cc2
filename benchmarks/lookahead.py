"""A tagging task in which the right context decides: one direction against two, and the lag at which answers come.

Every event of a stream is a symbol, and its tag joins two bits: that of the last left marker up to it, and that of the
next right marker behind it, which is one to four events away. Left markers are an event in ten, so that many lie
further back than a window; both bits are coin flips, and the other symbols tell nothing. So one direction can know one
bit, and is right half the time at most; what a lookahead can know is counted from the log. Labels come eight events
late, for the label of an event just before would tell what the next marker is.

Beside them a forward network that answers as late, with labels shifted so that each event has that of an earlier one:
what one does without a second direction.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from streamrnn.events.columns import Partition, Records
from streamrnn.events.decode import Decoder
from streamrnn.events.encode import encode_predictions
from streamrnn.events.label_answers import LabelAnswers
from streamrnn.settings import load
from streamrnn.shard import Shard

STREAMS = 16
EVENTS = 40_000
SEEDS = 5
FARTHEST = 4  # events from an event to the next right marker
LATE = 8  # events between an event and its label
SYMBOLS = ("x", "y", "z", "l0", "l1", "r0", "r1")
HERE = Partition("memory", 0)
SETTINGS = (
    "labels.mode=delayed", "labels.within=16", "labels.classes=['00','01','10','11']",
    f"inputs.categories={{symbol: [{','.join(SYMBOLS)}]}}", "inputs.level=false", "inputs.change=false",
    "inputs.missing=false", f"streams.max_live={STREAMS}",
)  # fmt: skip
MOST = 8192  # records of a batch


@dataclass(frozen=True, slots=True)
class Task:
    """Symbols and tags [steps, streams], and how far each event's right marker is away [steps, streams]."""

    symbols: npt.NDArray[np.str_]
    tags: npt.NDArray[np.str_]
    distances: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Result:
    """Accuracy over the last half of the stream, of the answers and of the last label; and the lags of all answers, in
    events of their stream."""

    accuracy: float
    last_label: float
    lags: set[int]


def task(seed: int, events: int = EVENTS) -> Task:
    """Draw it."""
    rng = np.random.default_rng(seed)
    steps = events // STREAMS
    symbols = rng.choice(["x", "y", "z"], (steps, STREAMS)).astype("<U2")
    tags = np.empty((steps, STREAMS), "<U2")
    distances = np.empty((steps, STREAMS), np.int64)
    for stream in range(STREAMS):
        markers = np.cumsum(rng.integers(1, FARTHEST + 1, steps + FARTHEST))
        rights = rng.integers(0, 2, len(markers))
        inside = markers < steps
        symbols[markers[inside], stream] = np.char.add("r", rights[inside].astype(str))
        free = np.flatnonzero(~np.isin(np.arange(steps), markers))
        lefts = np.sort(np.append(rng.choice(free[free > free[0]], steps // 10, replace=False), free[0]))
        bits = rng.integers(0, 2, len(lefts))
        symbols[lefts, stream] = np.char.add("l", bits.astype(str))
        at = np.arange(steps)
        left = bits[np.maximum(np.searchsorted(lefts, at, "right") - 1, 0)]
        following = np.searchsorted(markers, at, "right")
        tags[:, stream] = np.char.add(left.astype(str), rights[following].astype(str))
        distances[:, stream] = markers[following] - at
    return Task(symbols, tags, distances)


def batches(made: Task, shift: int) -> Iterator[list[bytes]]:
    """The records in log order, streams in turn; the label of an event is the tag of the one so many earlier."""
    steps, streams = made.symbols.shape
    lines = []
    for step in range(steps):
        for stream in range(streams):
            name, labelled = f"s{stream}", step - LATE
            event = {"stream": name, "time": step, "id": step, "symbol": str(made.symbols[step, stream])}
            lines.append(json.dumps(event).encode())
            if labelled >= shift:
                label = {"stream": name, "id": labelled, "label": str(made.tags[labelled - shift, stream])}
                lines.append(json.dumps(label).encode())
    for start in range(0, len(lines), MOST):
        yield lines[start : start + MOST]


def run(made: Task, *overrides: str, shift: int = 0) -> Result:
    """Answer the whole task."""
    chosen = load(None, [*SETTINGS, *overrides], {}).settings
    decoder, shard = Decoder.from_settings(chosen, numbered_time=False), Shard(chosen, HERE)
    judged: list[tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]] = []
    lags, start = set[int](), 0
    for lines in batches(made, shift):
        n = len(lines)
        offsets = list(range(start, start + n))
        records = Records(HERE, offsets, [None] * n, list(lines), [math.nan] * n, start + n)
        predictions, _ = shard.process(decoder.decode(records))
        start += n
        answers = predictions.labels
        assert answers is not None
        judged.append(_judge(answers))
        if answers.closed is not None and answers.closed.labels is not None:
            judged.append(_judge(answers.closed.labels))
        for line in encode_predictions(predictions, chosen.target_names):
            lags |= _lags(json.loads(line), shift, chosen.model.lookahead > 0)
    found, naive = (np.concatenate(each) for each in zip(*judged, strict=True))
    half = len(found) // 2
    return Result(float(found[half:].mean()), float(naive[half:].mean()), lags)


def _lags(record: dict[str, Any], shift: int, waits: bool) -> set[int]:
    """How many events of its stream after its own each answer of an output record comes; the time is their number."""
    if not waits:
        return {shift} if record["label"] else set()
    return {int(record["time"]) - _step_of(answer["offset"]) for answer in record["answers"]}


def _step_of(offset: int) -> int:
    """The time of the event at an offset."""
    plain = LATE * STREAMS  # events before the first label
    return offset // STREAMS if offset < plain else LATE + (offset - plain) // (2 * STREAMS)


def _judge(answers: LabelAnswers) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    at = np.flatnonzero(answers.settled >= 0)
    return answers.settled[at] == answers.outcomes[at], answers.settled_baselines[at] == answers.outcomes[at]


def ceiling(made: Task, lookahead: int) -> float:
    """What could be known at most of the last half's tags."""
    seen = made.distances[len(made.distances) // 2 :] <= lookahead
    return float(np.where(seen, 1.0, 0.5).mean())


def main() -> None:
    """Print accuracies over the last half of the log, the mean and the range over the seeds."""
    made = [task(seed) for seed in range(SEEDS)]
    print(f"tags that the right context decides: {EVENTS:,} events of {STREAMS} streams, {SEEDS} seeds, last half")
    print(f"{'':34s}{'accuracy':>9s}{'range':>14s}{'could be':>10s}{'last label':>12s}{'lag, events':>13s}")
    variants = [("forward alone", 0, 0), *((f"both, lookahead {n}", n, 0) for n in (2, 4, 8))]
    variants += [(f"forward alone, labels {n} late", 0, n) for n in (2, 4, 8)]
    for name, lookahead, shift in variants:
        found = [run(each, f"model.lookahead={lookahead}", f"seed={n}", shift=shift) for n, each in enumerate(made)]
        accuracies = [each.accuracy for each in found]
        known = np.mean([ceiling(each, lookahead or shift) for each in made])
        lags = sorted(set().union(*(each.lags for each in found)))
        spread = f"{min(accuracies):.3f} to {max(accuracies):.3f}"
        naive = np.mean([each.last_label for each in found])
        told = ", ".join(map(str, lags))
        print(f"{name:34s}{np.mean(accuracies):9.3f}{spread:>16s}{known:10.3f}{naive:12.3f}{told:>13s}", flush=True)
