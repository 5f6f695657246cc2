"""How the records of two logs interleaved, as run lengths in a log of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import msgspec

from streamrnn.events.columns import Partition
from streamrnn.transport.base import LogError

VERSION = 1
MOST_RUNS = 10_000  # of one entry, which a broker must take
NEAR = 200  # places in the journal over which reading on is as quick as another look


@dataclass(frozen=True, slots=True)
class Place:
    """Next offsets of both logs of a pair."""

    events: int
    labels: int

    @property
    def position(self) -> int:
        """As one number, which grows with each record of either."""
        return self.events + self.labels

    def after(self, turn: int, count: int) -> Place:
        """Where a run of ``count`` offsets ends, of events where ``turn`` is even, of labels where it is odd."""
        return Place(self.events, self.labels + count) if turn % 2 else Place(self.events + count, self.labels)


class Entry(msgspec.Struct, frozen=True):
    """A stretch of one order of both logs, version 1. Fields are only ever added, at the end.

    Attributes
    ----------
    v : version
    lineage : of the shard that took the records so
    events, labels : next offsets where the stretch begins
    runs : by how much the next offset of events advances, then that of labels, and so on by turns
    """

    v: int
    lineage: str
    events: int
    labels: int
    runs: list[int]

    @property
    def place(self) -> Place:
        """Where it begins."""
        return Place(self.events, self.labels)

    @property
    def end(self) -> Place:
        """Where it ends."""
        return Place(self.events + sum(self.runs[::2]), self.labels + sum(self.runs[1::2]))


class JournalSource(Protocol):
    """Where entries are kept: one log for each pair, whose places are numbers that grow."""

    def journal_span(self, partition: Partition) -> tuple[int, int]:
        """The place of the oldest entry, about, and the one behind the newest that counts."""

    def read_journal(self, partition: Partition, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Entries at or after ``start`` and before ``end``, each with its place."""


def encode(lineage: str, place: Place, runs: list[int]) -> list[bytes]:
    """The entries of a stretch, more than one where it is long; ``runs`` as of `Entry`."""
    encoded = []
    for first in range(0, len(runs), MOST_RUNS):  # an even number, so that each begins with events
        entry = Entry(VERSION, lineage, place.events, place.labels, runs[first : first + MOST_RUNS])
        encoded.append(msgspec.json.encode(entry))
        place = entry.end
    return encoded


class Journal:
    """Looks into the journal of one pair.

    A lineage has but one owner at a time, so its entries stand together, and in order.

    Parameters
    ----------
    source : of the entries
    partition : the pair, named by its events
    lineage : whose entries count
    """

    def __init__(self, source: JournalSource, partition: Partition, lineage: str) -> None:
        self._source = source
        self._partition = partition
        self._lineage = lineage
        self._span = source.journal_span(partition)

    def oldest(self, start: Place) -> Place | None:
        """Where the first entry begins that needs nothing before ``start`` of either log; None where there is none."""
        found = self._after(lambda entry: entry.events >= start.events and entry.labels >= start.labels)
        return next((entry.place for entry in found), None)

    def follow(self, position: int) -> Iterator[Entry]:
        """The entries that tell the order from a position on, the first being the one in which it lies."""
        return self._after(lambda entry: entry.end.position > position)

    def _after(self, wanted: Callable[[Entry], bool]) -> Iterator[Entry]:
        """All entries from the first one that is wanted; what is not stands before what is."""
        start, end = self._span
        behind = end
        while behind - start > NEAR:  # what is wanted begins after `start`, and at or before `behind`
            middle = (start + behind) // 2
            at, entry = next(self._read(middle, behind), (behind, None))
            if entry is None or (entry.lineage == self._lineage and wanted(entry)):
                behind = middle
            else:
                start = at
        entries = (entry for _, entry in self._read(start, end) if entry.lineage == self._lineage)
        return (entry for entry in entries if wanted(entry))

    def _read(self, start: int, end: int) -> Iterator[tuple[int, Entry]]:
        for at, value in self._source.read_journal(self._partition, start, end):
            try:
                yield at, msgspec.json.decode(value, type=Entry)
            except msgspec.MsgspecError as error:
                raise LogError(
                    f"the journal of {self._partition} holds something else at {at} ({error}): let labels.journal name "
                    "a topic that nothing else writes to",
                    self._partition,
                ) from error
