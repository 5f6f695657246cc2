"""Settings of tokens that are fine one by one and cannot hold together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from streamrnn.settings.contradiction import Contradiction
from streamrnn.settings.tokens import END, LONGEST, OTHER

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

_ONE_TOKEN = (
    "one character with characters, one of ASCII with bytes, letters and digits or one other mark with words, any text "
    f"of at most {LONGEST} bytes with items and sets"
)


def tokens(settings: Settings) -> Iterator[Contradiction]:
    tokens, events, sequences, model = settings.tokens, settings.events, settings.sequences, settings.model
    if not settings.learns_tokens:
        if tokens.field is not None:
            text = "must be null with labels: tokens are told themselves"
            yield Contradiction(("tokens.field", "labels.mode"), text)
        if not events.features:
            yield Contradiction(("events.features", "tokens.field"), "must name a feature, except with tokens")
        if sequences.record:
            yield Contradiction(("sequences.record", "tokens.field"), "has no effect without tokens")
        return
    if events.features:
        yield Contradiction(("events.features", "tokens.field"), "must be [] with tokens, beside which are no numbers")
    if events.targets is not None:
        yield Contradiction(("events.targets", "tokens.field"), "must be null with tokens, which are told themselves")
    for name in ("booleans", "categories"):
        if getattr(settings.inputs, name):
            text = "must be empty with tokens: the network sees them alone"
            yield Contradiction((f"inputs.{name}", "tokens.field"), text)
    for name in ("elapsed", "calendar"):
        if getattr(settings.inputs, name):
            text = "must be false with tokens: the network sees them alone"
            yield Contradiction((f"inputs.{name}", "tokens.field"), text)
    if settings.forecast.interval is not None:
        yield Contradiction(("forecast.interval", "tokens.field"), "has no effect with tokens: set it to null")
    if settings.forecast.season is not None:
        yield Contradiction(("forecast.season", "tokens.field"), "has no effect with tokens: set it to null")
    if model.kind != "network":
        yield Contradiction(("model.kind", "tokens.field"), "must be network with tokens")
    if model.head != "point":
        yield Contradiction(("model.head", "tokens.field"), "must be point with tokens, which have probabilities")
    if sequences.record and (sequences.end is not None or sequences.gap is not None):
        text = "must be false with sequences.end or sequences.gap: either ends sequences, or each event is one"
        yield Contradiction(("sequences.record", "sequences.end", "sequences.gap"), text)
    taken = {events.stream: "events.stream", events.time: "events.time", sequences.end: "sequences.end"}
    if tokens.field in taken:
        key = taken[tokens.field]
        yield Contradiction(("tokens.field", key), f"must be another field than {key}")


def vocabulary(settings: Settings) -> Iterator[Contradiction]:
    """Tokens that the settings name and that never come, or where they say nothing."""
    if not settings.learns_tokens:
        return
    tokens, key, of = settings.tokens, "tokens.vocabulary", "tokens.of"
    listed = None if isinstance(tokens.vocabulary, int) else tokens.vocabulary
    if listed is not None and tokens.of == "bytes":
        yield Contradiction((key, of), "must be no list with bytes, which are all known: leave it out")
    elif listed is not None and not all(map(tokens.can_come, listed)):
        yield Contradiction((key, of), f"must list what can come: {_ONE_TOKEN}")
    if tokens.marker is None:
        return
    key = "tokens.marker"
    if tokens.are_sets:
        yield Contradiction((key, of), "must be null with sets, of which no token stands behind another")
    elif tokens.marker in (END, OTHER) or not tokens.can_come(tokens.marker):
        yield Contradiction((key, of), f"must be one token: {_ONE_TOKEN}")
    elif listed is not None and tokens.of != "bytes" and tokens.marker not in listed:
        yield Contradiction((key, "tokens.vocabulary"), "must be among the tokens that are listed")
    if not settings.sequences.used:
        text = "must come with sequences.record, sequences.end or sequences.gap, which tell where an answer ends"
        yield Contradiction((key, "sequences.record", "sequences.end", "sequences.gap"), text)
