"""Settings that are fine one by one and cannot hold together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two or more settings at odds.

    Attributes
    ----------
    keys : the settings, the one to blame first
    text : what must hold between them; names no value, for a value may be a secret
    """

    keys: tuple[str, ...]
    text: str


def contradictions(settings: Settings) -> list[Contradiction]:
    """All contradictions among these settings."""
    return [*_learning(settings), *_fields(settings), *_time(settings), *_transport(settings)]


def _learning(settings: Settings) -> Iterator[Contradiction]:
    if settings.model.k1 > settings.model.k2:
        yield Contradiction(
            ("model.k1", "model.k2"),
            "must not be larger than model.k2, or events between two windows are never learned",
        )


def _fields(settings: Settings) -> Iterator[Contradiction]:
    events = settings.events
    if len(set(events.features)) < len(events.features):
        yield Contradiction(("events.features",), "must not name a feature twice")
    if events.targets is not None:
        if len(set(events.targets)) < len(events.targets):
            yield Contradiction(("events.targets",), "must not name a target twice")
        if not set(events.targets) <= set(events.features):
            yield Contradiction(("events.targets", "events.features"), "must all be among events.features")
    if not set(events.withheld) <= set(events.target_names):
        yield Contradiction(("events.withheld", "events.targets"), "must all be among the targets")
    if events.stream is not None and events.stream in events.features:
        yield Contradiction(("events.features", "events.stream"), "must not contain the field of events.stream")
    if events.time is not None and events.time in events.features:
        yield Contradiction(("events.features", "events.time"), "must not contain the field of events.time")
    if events.stream is not None and events.stream == events.time:
        yield Contradiction(("events.time", "events.stream"), "must be another field than events.stream")


def _time(settings: Settings) -> Iterator[Contradiction]:
    events = settings.events
    if events.late_by > 0 and events.late == "process":
        yield Contradiction(("events.late_by", "events.late"), "has no effect without events.late: drop; set that or 0")


def _transport(settings: Settings) -> Iterator[Contradiction]:
    transport = settings.transport
    if transport.kind == "standard" and settings.events.stream is None:
        yield Contradiction(
            ("events.stream", "transport.kind"), "must name a field, for lines of standard input have no key"
        )
    topics = {"input": transport.input, "predictions": transport.predictions, "dead_letters": transport.dead_letters}
    seen: dict[str, str] = {}
    for name, topic in topics.items():
        if topic in seen:
            first = f"transport.{seen[topic]}"
            yield Contradiction((f"transport.{name}", first), f"must be another topic than {first}")
        seen.setdefault(topic, name)
