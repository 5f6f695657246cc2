"""Output records as lines for a person to read. Whatever they hold, a line is one line of printable characters."""

from __future__ import annotations

import base64
import binascii
import json
import math
from datetime import UTC, datetime

import msgspec

from streamrnn.transport.reader import Record

VERSION = 1
VALUE_CHARACTERS = 80  # of a dead letter's value
KEY_CHARACTERS = 40  # of a stream's name, so that a long one leaves the numbers in sight
TITLES = ("time", "stream", "source", "forecast", "last value", "outcome", "error", "last value's error")
WIDTHS = (24, 14, 14, 12, 12, 12, 12, 18)
UNKNOWN = "-"

_LEFT = 3  # columns that stand at the left of their width


class Unreadable(Exception):
    """The record is not one of ours; the message says why."""


class Source(msgspec.Struct, gc=False):
    """Where the answered event stands."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{printable(self.topic)}-{self.partition} {self.offset}"


class Forecast(msgspec.Struct, gc=False):
    """What is expected of one target; None where there is nothing to go by."""

    target: str
    forecast: float | None
    baseline: float | None


class Settled(msgspec.Struct, gc=False):
    """What this event brought for a forecast made before."""

    target: str
    outcome: float
    error: float
    baseline_error: float | None


class Answer(msgspec.Struct, gc=False):
    """As much of an output record, version 1, as a line shows."""

    v: int
    source: Source
    stream: str
    time: float | None
    forecasts: list[Forecast]
    settled: list[Settled]


class Letter(msgspec.Struct, gc=False):
    """A dead letter, version 1, as a directory log has it: key and value are base64."""

    v: int
    reason: str
    message: str
    source: Source
    key: str | None
    value: str | None
    length: int
    sha256: str


_answers = msgspec.json.Decoder(Answer)
_letters = msgspec.json.Decoder(Letter)
_encode = msgspec.json.Encoder().encode


def answer(record: Record) -> Answer:
    """The prediction that a record holds."""
    found: Answer = _decoded(_answers, record.value)
    return found


def letter(record: Record) -> Letter:
    """The dead letter that a record holds; in Kafka its value is the original and its headers tell the rest."""
    headers = record.headers
    if not headers:
        found: Letter = _decoded(_letters, record.value)
        return found
    try:
        source = Source(headers["topic"].decode(), int(headers["partition"]), int(headers["offset"]))
        texts = {name: headers[name].decode() for name in ("reason", "message", "sha256")}
        length = int(headers["length"])
    except (KeyError, ValueError) as error:
        why = f"no header {error}" if isinstance(error, KeyError) else str(error)
        raise Unreadable(why) from None
    return Letter(VERSION, source=source, key=_base64(record.key), value=_base64(record.value), length=length, **texts)


def answer_cells(found: Answer) -> list[tuple[str, ...]]:
    """The cells of a prediction's line by `TITLES`: one row for each target, the others only with their numbers."""
    settled = {each.target: each for each in found.settled}
    first = (_time(found.time), _cut(printable(found.stream), KEY_CHARACTERS), str(found.source))
    several = len(found.forecasts) > 1
    rows = []
    for each in found.forecasts:
        done = settled.get(each.target)
        errors = (UNKNOWN,) * 3 if done is None else (_number(done.outcome), _signed(done.error), _signed(done.baseline_error))
        numbers = (_number(each.forecast), _number(each.baseline), *errors)
        head = first if not rows else ()
        rows.append((*head, *((printable(each.target),) if several else ()), *numbers))
    return rows
