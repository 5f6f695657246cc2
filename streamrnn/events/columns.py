"""The columns that flow through the daemon: raw records in, events, predictions out."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from streamrnn.events.label_answers import LabelAnswers
    from streamrnn.events.labels import LabelColumns
    from streamrnn.events.token_answers import TokenAnswers
    from streamrnn.events.tokens import TokenColumns
    from streamrnn.events.traits import Traits

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """One ordered log: the unit of state, of commits and of recovery."""

    topic: str
    number: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.number}"


@dataclass(slots=True)
class Records:
    """Raw records of one partition in log order, as a transport hands them over.

    ``timestamps`` are the log's own, in seconds since 1970, NaN where it has none.
    ``next_offset`` is the position after the last of them (logs may have holes).

    Where a shard reads two logs these are the records of both, in the order in which it takes them. Those of the log
    ``beside`` bear their offset as its complement (``~offset``, a negative number), and ``positions`` counts along
    both; ``next_offset`` is then one of these.
    """

    partition: Partition
    offsets: list[int]
    keys: list[bytes | None]
    values: list[bytes | None]
    timestamps: list[float]
    next_offset: int
    positions: list[int] | None = None
    beside: Partition | None = None

    def __len__(self) -> int:
        return len(self.offsets)

    @property
    def first(self) -> int:
        """Position of the first of them; the next one's where there is none."""
        places = self.offsets if self.positions is None else self.positions
        return places[0] if places else self.next_offset

    def split(self, position: int) -> tuple[Records, Records]:
        """The records before ``position``, and those at or after it."""
        places = self.offsets if self.positions is None else self.positions
        at = bisect_left(places, position)

        def part(piece: slice, next_offset: int) -> Records:
            return Records(
                self.partition, self.offsets[piece], self.keys[piece], self.values[piece], self.timestamps[piece],
                next_offset, None if self.positions is None else self.positions[piece], self.beside,
            )  # fmt: skip

        return part(slice(None, at), min(position, self.next_offset)), part(slice(at, None), self.next_offset)


def origin(partition: Partition, beside: Partition | None, offset: int) -> tuple[Partition, int]:
    """The log in which a record stands, and its offset there: a negative one is of the log beside, see `Records`."""
    return (partition, offset) if offset >= 0 or beside is None else (beside, ~offset)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that was refused: why, where it stood, and its original bytes."""

    reason: str
    message: str
    partition: Partition
    offset: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Output:
    """What is to be published of one batch of one input partition, in log order.

    Attributes
    ----------
    partition : whose records these are answers to
    streams, offsets, records : of each prediction: its stream, the offset of its event, the model's record count
    predictions : encoded, n of them
    dead_letters : the records that were refused
    beside : the log of those whose offset is negative, see `Records`
    """

    partition: Partition
    streams: list[str]
    offsets: list[int]
    records: list[int]
    predictions: list[bytes]
    dead_letters: list[DeadLetter]
    beside: Partition | None = None

    @property
    def size(self) -> int:
        """Bytes, about."""
        return sum(map(len, self.predictions)) + sum(len(letter.value or b"") for letter in self.dead_letters)


@dataclass(slots=True)
class Events:
    """Decoded events of one partition in log order, as columns of n rows.

    Attributes
    ----------
    offsets : int64[n]
    streams : n stream ids
    times : float64[n], event time in seconds since 1970
    timestamps : float64[n], the log's own time, NaN where it has none
    features : float64[n, features], NaN where a value is missing
    ends : bool[n], True where a tombstone (null value) ends its stream; its other columns are void
    rejects : the records that did not become events
    labels : what they bring in label modes; some of them are labels then, and no events
    traits : booleans and categories; None where the settings name none
    beside : the log of those whose offset is negative, see `Records`
    tokens : what they consist of, where that is tokens
    """

    partition: Partition
    offsets: Ints
    streams: list[str]
    times: Floats
    timestamps: Floats
    features: Floats
    ends: npt.NDArray[np.bool_]
    rejects: list[DeadLetter] = field(default_factory=list)
    labels: LabelColumns | None = None
    traits: Traits | None = None
    beside: Partition | None = None
    tokens: TokenColumns | None = None

    def __len__(self) -> int:
        return len(self.offsets)

    def cut(self, first: int, last: int) -> Events:
        """The events from row ``first`` up to ``last``, without the rejects."""
        piece = slice(first, last)
        return Events(
            self.partition, self.offsets[piece], self.streams[piece], self.times[piece], self.timestamps[piece],
            self.features[piece], self.ends[piece], labels=None if self.labels is None else self.labels.take(piece),
            traits=None if self.traits is None else self.traits.take(piece),
            beside=self.beside, tokens=None if self.tokens is None else self.tokens.take(piece),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that decoded well and that the shard did not accept (late, or ahead of its clock)."""

    offset: int
    reason: str
    message: str


@dataclass(slots=True)
class Anomalies:
    """What was found in n records of T targets.

    Attributes
    ----------
    scores : float64[n, T], as of the newest closed block of 3 or 6 events; NaN where the record brought no outcome and
        while the stream is younger than 120 outcomes
    novelties : float64[n, T], distance of the stream's last stretch to the nearest remembered, in deviations; NaN where
        the score is
    tails : float64[n, T], estimated probability of a forecast error as large as this record's (one step ahead); NaN
        where there is no such error and for a stream's first 20
    alerts : bool[n, T], one for each excursion: the score reached the threshold and no alert is recent
    loudest : int64[n], the target with the largest score, -1 where none has one
    """

    scores: Floats
    novelties: Floats
    tails: Floats
    alerts: npt.NDArray[np.bool_]
    loudest: Ints


@dataclass(slots=True)
class Predictions:
    """What the shard answers: one row for each event it accepted, in log order.

    A tombstone has a row too, without forecasts and with a count of 0.

    Attributes
    ----------
    offsets : int64[n]
    streams : n stream ids
    times : float64[n], event time in seconds
    counts : int64[n], how many events the stream had, this one included
    records : int64[n], how many events the shard's model had, this one included
    horizons : steps ahead that are forecast, the first is 1
    forecasts : float64[n, horizons, targets], of the steps ahead of the event; NaN while there is nothing to go by
    baselines : float64[n, targets], the last value, for the same steps
    outcomes : float64[n, targets], the value that this event brought; NaN where missing
    settled : float64[n, horizons, targets], the forecast that this event settled, made that many steps before; NaN
        where none was pending
    settled_baselines : float64[n, horizons, targets], the last value that stood beside it
    lineage : identity of the shard's history
    drift : bool[n], the event raised its stream's alarm of drift; None where streams are not watched
    levels : coverage of each interval, L of them
    low, high : float64[n, horizons, targets, L], the interval around each forecast; NaN where there is none
    shares : of outcomes below each quantile of the next step, Q of them
    quantiles : float64[n, targets, Q], rising; NaN where there are none; None without a head that tells them
    distribution : name of the distribution of the next step; None without a head that tells it
    parameters : float64[n, targets, 3], its location, scale and degrees of freedom; NaN where there is none
    anomalies : how anomalous each event is; None where that is not judged
    refused : events that the shard did not accept; they have no row
    labels : answers of label modes
    tokens : answers where events are tokens
    beside : the log of those whose offset is negative, see `Records`
    """

    partition: Partition
    offsets: Ints
    streams: list[str]
    times: Floats
    counts: Ints
    records: Ints
    horizons: tuple[int, ...]
    forecasts: Floats
    baselines: Floats
    outcomes: Floats
    settled: Floats
    settled_baselines: Floats
    lineage: str
    drift: npt.NDArray[np.bool_] | None = None
    levels: tuple[float, ...] = ()
    low: Floats | None = None
    high: Floats | None = None
    shares: tuple[float, ...] = ()
    quantiles: Floats | None = None
    distribution: str | None = None
    parameters: Floats | None = None
    anomalies: Anomalies | None = None
    refused: list[Refusal] = field(default_factory=list)
    labels: LabelAnswers | None = None
    tokens: TokenAnswers | None = None
    beside: Partition | None = None

    def __len__(self) -> int:
        return len(self.offsets)
