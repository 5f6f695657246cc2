"""The part of a file or topic that is kept to be looked at, bounded however long that is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain, islice

import numpy as np

from streamrnn.events.columns import Floats
from streamrnn.presets.columns import Column, columns
from streamrnn.presets.record import Record
from streamrnn.presets.streams import StreamField, stream_field
from streamrnn.presets.tokens import TokenField, token_field
from streamrnn.replay import guess, times
from streamrnn.replay.options import SourceError

HEAD = 2000  # records from which streams and times are told
EACH = 200  # records of each stream that are looked at
STREAMS = 50  # streams of which so many are looked at
LONG = 20_000  # records of the longest-known streams that are looked at for a season
LONG_STREAMS = 4
SCANNED = 500_000  # records after which the search for more of those streams ends


@dataclass(frozen=True, slots=True)
class TimeField:
    """Where the time of an event stands.

    Attributes
    ----------
    name : of the field; None for the log's own time, or the record's number
    written : as ``events.time_format`` says it
    """

    name: str | None
    written: str


@dataclass(slots=True)
class Sample:
    """Some of the records, by stream.

    Attributes
    ----------
    stream, time : the fields that were found
    tokens : the field that is taken apart, where one was asked for and found
    table : whether values are text, as in a CSV
    records : the first records of the first streams, in log order
    long : a few streams at greater length, by name
    scanned : records that were read
    unnamed : those of them without a stream
    streams : streams that were seen in them
    whole : whether that was all
    """

    stream: StreamField
    time: TimeField
    table: bool
    tokens: TokenField | None = None
    records: list[Record] = field(default_factory=list)
    long: dict[str, list[Record]] = field(default_factory=dict)
    scanned: int = 0
    unnamed: int = 0
    streams: int = 0
    whole: bool = True

    def columns(self) -> dict[str, Column]:
        """The fields of the records, those of the long streams thinned out: a season shows more than its first days."""
        known = {id(record) for kept in self.long.values() for record in kept}
        stride = max(1, sum(map(len, self.long.values())) // HEAD)
        thin = [record for kept in self.long.values() for record in kept[::stride]]
        return columns(thin + [record for record in self.records if id(record) not in known], self.table)

    def by_stream(self) -> dict[str, list[Record]]:
        """The records of each stream, in log order."""
        parted: dict[str, list[Record]] = {}
        for record in self.records:
            parted.setdefault(name_of(record, self.stream) or "", []).append(record)
        return parted

    def seconds(self, records: list[Record]) -> Floats:
        """Event times of records; NaN where one has none."""
        return seconds(records, self.time)


def take(
    records: Iterable[Record], table: bool, stream: str | None = None, time: str | None = None,
    label: str | None = None, of: str | None = None,
) -> Sample:  # fmt: skip
    """Read what is needed, and no more.

    Parameters
    ----------
    records : in log order
    table : whether all values are text
    stream, time, label : fields that the user named
    of : the tokens that are wanted, as ``tokens.of`` says it, with the label for their field; None: no tokens

    Raises
    ------
    SourceError
        There is nothing to look at, or no such field.
    """
    every = iter(records)
    head = list(islice(every, HEAD))
    if not head:
        raise SourceError("there is no record to look at: it is empty, or its lines are no JSON objects")
    found = columns(head, table)
    for option, name in (("--stream", stream), ("--time", time), ("--label", label)):
        if name is not None and name not in found:
            known = ", ".join(found)
            raise SourceError(f"there is no field {name}{guess.nearest(name, found)}; {option} is one of {known}")
    when = _time_field(head, found, time, set(filter(None, (stream, label))))
    taken = set(filter(None, (stream, when.name)))
    text = None if of is None else token_field(head, taken, of, label)
    if stream is not None:
        who = StreamField(stream, False, "as you said")
    else:
        taken |= set(filter(None, (label, None if text is None else text.name)))
        who = stream_field(head, found, seconds(head, when), taken)
    sample = Sample(who, when, table, text)
    _fill(sample, chain(head, every))
    return sample


def seconds(records: list[Record], time: TimeField) -> Floats:
    """float64[n], seconds since 1970 of each record; NaN where it has none."""
    if time.name is None:
        return np.array([record.timestamp for record in records], np.float64)
    cells = ["" if (cell := record.fields.get(time.name)) is None else str(cell) for record in records]
    return times.read(cells, time.written)


def name_of(record: Record, stream: StreamField) -> str | None:
    """The stream's name, the same for all where nothing names them; None where this record lacks it."""
    if stream.keyed:
        return record.key
    if stream.name is None:
        return ""
    value = record.fields.get(stream.name)
    return None if value is None else str(value)


def _time_field(head: list[Record], found: dict[str, Column], named: str | None, taken: set[str]) -> TimeField:
    texts = {
        name: [str(value) for record in head if (value := record.fields.get(name)) is not None]
        for name in found
        if found[name].kind != "nested"
    }
    name = named or guess.time_column(list(texts), list(texts.values()), taken, "time")
    written = None if name is None else times.recognised(texts.get(name, []))
    if named is not None and written is None:
        example = next(iter(texts.get(named, [])), "nothing")
        raise SourceError(
            f"--time {named} holds {example}, which is no time: it must be ISO 8601, or seconds or milliseconds "
            "since 1970"
        )
    return TimeField(name, written) if name is not None and written is not None else TimeField(None, "seconds")


def _fill(sample: Sample, records: Iterable[Record]) -> None:
    counts: dict[str, int] = {}
    looked_at: set[str] = set()
    long = 0
    every = iter(records)
    for record in every:
        sample.scanned += 1
        if sample.tokens is not None:
            sample.tokens.see(record)
        name = name_of(record, sample.stream)
        if name is None:
            sample.unnamed += 1
            continue
        before = counts.get(name, 0)
        counts[name] = before + 1
        if not before and len(counts) <= STREAMS:
            looked_at.add(name)
        if before < EACH and name in looked_at:
            sample.records.append(record)
        if name in sample.long or len(sample.long) < LONG_STREAMS:
            kept = sample.long.setdefault(name, [])
            if len(kept) < LONG // min(len(counts), LONG_STREAMS):
                kept.append(record)
                long += 1
        if long >= LONG or sample.scanned >= SCANNED:
            sample.whole = next(every, None) is None
            break
    sample.streams = len(counts)
