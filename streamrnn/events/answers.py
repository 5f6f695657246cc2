"""Output records as a reader finds them, who knows not whether they are ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import msgspec

from streamrnn.events.dead_letter import Envelope, base64_of
from streamrnn.events.encode import Source
from streamrnn.events.label_answers import Label, Of, SettledLabel
from streamrnn.events.token_answers import Tokens

VERSION = 1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OutputRecord:
    """A record of an output topic as it was read.

    Attributes
    ----------
    place : where it stands, in words
    key, value, headers : as the log has them; a file of lines has neither keys nor headers (None)
    """

    place: str
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes] | None


class UnreadableError(Exception):
    """The record is not one of ours; the message says why."""


class Interval(msgspec.Struct, gc=False):
    """Bounds at a level; None while there are none."""

    level: float
    low: float | None
    high: float | None


class Anomaly(msgspec.Struct, gc=False):
    """How unlike its past the stream is, and whether that is an alert."""

    target: str
    score: float | None
    alert: bool


class Forecast(msgspec.Struct, gc=False):
    """What is expected of one target ``horizon`` steps ahead, and the last value beside it; None while there is nothing
    to go by."""

    target: str
    horizon: int
    forecast: float | None
    baseline: float | None
    intervals: list[Interval] = []


class Settled(msgspec.Struct, gc=False):
    """What this event brought for a forecast made before."""

    target: str
    outcome: float | None
    error: float | None
    baseline_error: float | None
    horizon: int
    forecast: float | None = None
    baseline: float | None = None


class Ended(msgspec.Struct, gc=False):
    """What a label said of a sequence that silence ended, with its last event at ``offset``."""

    offset: int
    settled: list[Settled]
    settled_label: SettledLabel | None


class LateAnswer(msgspec.Struct, gc=False):
    """The answer to an earlier event, at ``offset``, and what its label said of that where it had come."""

    offset: int
    forecasts: list[Forecast]
    settled: list[Settled]
    label: Label | None
    settled_label: SettledLabel | None
    events_ahead: int
    id: str | None = None


class Answer(msgspec.Struct, gc=False):
    """A prediction, version 1, as far as a line shows it; ``time`` is None where the event had none, ``final`` outside
    of label modes."""

    v: int
    source: Source
    stream: str
    time: float | None
    forecasts: list[Forecast]
    settled: list[Settled]
    anomaly: Anomaly | None = None
    label: Label | None = None
    settled_label: SettledLabel | None = None
    of: Of | None = None
    final: bool | None = None
    ended: Ended | None = None
    answers: list[LateAnswer] = []
    tokens: Tokens | None = None


_answers = msgspec.json.Decoder(Answer)
_letters = msgspec.json.Decoder(Envelope)


def answer(record: OutputRecord) -> Answer:
    """The prediction that a record holds.

    Raises
    ------
    UnreadableError
        Where it holds none.
    """
    return _ours(_answers, record)


def letter(record: OutputRecord) -> Envelope:
    """The dead letter that a record holds: in a file all of it, in Kafka the original with the rest in headers.

    Raises
    ------
    UnreadableError
        Where it holds none.
    """
    if record.headers is None:
        found = _ours(_letters, record)
        try:
            found.kept  # noqa: B018  # for its error
        except ValueError:
            raise UnreadableError("its value is not base64") from None
        return found
    headers = record.headers
    try:
        source = Source(headers["topic"].decode(), int(headers["partition"]), int(headers["offset"]))
        reason, message, sha256 = (headers[name].decode() for name in ("reason", "message", "sha256"))
        length = int(headers["length"])
    except KeyError as missing:
        raise UnreadableError(f"it has no header {missing.args[0]}") from None
    except ValueError as error:
        raise UnreadableError(f"a header is damaged: {error}") from None
    return Envelope(VERSION, reason, message, source, base64_of(record.key), base64_of(record.value), length, sha256)


def _ours(decoder: msgspec.json.Decoder[T], record: OutputRecord) -> T:
    if record.value is None:
        raise UnreadableError("it has no value")
    try:
        found = decoder.decode(record.value)
    except (ValueError, RecursionError) as error:  # msgspec's own are ValueErrors
        raise UnreadableError(str(error)) from None
    version = getattr(found, "v", None)
    if version != VERSION:
        raise UnreadableError(f"it has version {version}, not {VERSION}")
    return found
