"""Records of two logs, as they are at hand, in one order."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from streamrnn.events.columns import Partition, Records
from streamrnn.transport.base import LogError
from streamrnn.transport.journal import Place

EVENTS, LABELS = range(2)

Order = npt.NDArray[np.int64]  # of the records at hand: events by their number, labels by theirs behind all events
T = TypeVar("T")


class Hands:
    """Records of a pair's two logs that were read and not handed out.

    Parameters
    ----------
    events, labels : the partitions
    """

    def __init__(self, events: Partition, labels: Partition) -> None:
        self._pair = events, labels
        self.clear()

    def __bool__(self) -> bool:
        return any(map(len, self._held))

    def clear(self) -> None:
        """Forget all."""
        self._held = [_empty(partition) for partition in self._pair]

    def held(self, turn: int) -> Records:
        """Those of one log."""
        return self._held[turn]

    def take(self, turn: int, records: Records, expected: int) -> None:
        """Add what was read; without what comes before ``expected``, of a poll that a seek came between."""
        held = self._held[turn]
        _, fresh = records.split(held.next_offset if len(held) else expected)
        if len(fresh):
            self._held[turn] = Records(
                held.partition, held.offsets + fresh.offsets, held.keys + fresh.keys, held.values + fresh.values,
                held.timestamps + fresh.timestamps, fresh.next_offset,
            )  # fmt: skip

    def give(self, order: Order, place: Place) -> tuple[Records, list[int], Place]:
        """Hand out records in this order, the first of each log first.

        Parameters
        ----------
        order : which, at least one
        place : next offsets of both logs before

        Returns
        -------
        tuple of Records, list of int and Place
            The records as one log, by how much the next offsets advance by turns (see `journal.Entry`), and the next
            offsets after.
        """
        n = len(self._held[EVENTS])
        of_labels = order >= n
        taken = int(np.count_nonzero(~of_labels))
        events, labels = self._cut(EVENTS, taken), self._cut(LABELS, len(order) - taken)
        rows = np.where(of_labels, order - n + taken, order)
        own = np.array(events.offsets + labels.offsets, np.int64)[rows]
        after = [
            np.maximum.accumulate(np.where(mine, own + 1, first))
            for mine, first in ((~of_labels, place.events), (of_labels, place.labels))
        ]
        behind = after[EVENTS] + after[LABELS]
        # A position is the sum of both next offsets before the record, of which that of its own log is its offset.
        positions = own + np.where(of_labels, after[EVENTS], after[LABELS])
        chosen = rows.tolist()
        records = Records(
            events.partition,
            np.where(of_labels, ~own, own).tolist(),
            _picked(events.keys + labels.keys, chosen),
            _picked(events.values + labels.values, chosen),
            _picked(events.timestamps + labels.timestamps, chosen),
            int(behind[-1]),
            positions.tolist(),
            labels.partition,
        )
        ends = np.flatnonzero(np.append(of_labels[1:] != of_labels[:-1], True))
        runs = np.diff(behind[ends], prepend=place.position).tolist()
        reached = Place(int(after[EVENTS][-1]), int(after[LABELS][-1]))
        return records, [0, *runs] if of_labels[0] else runs, reached

    def _cut(self, turn: int, count: int) -> Records:
        """Take the first ones away."""
        held = self._held[turn]
        if not count:
            return _empty(held.partition)
        first, self._held[turn] = held.split(held.offsets[count - 1] + 1)
        return first


def by_time(
    hands: Hands, times: Callable[[Records], list[float]], more_events: bool, more_labels: bool
) -> Order:
    """The records at hand by time, of the same time events first.

    Parameters
    ----------
    hands : of a pair
    times : of records, in seconds; NaN where one has none, which goes with the one before it; where there is none
        before it, an event goes at once, a label with the first that has one, or else behind all events
    more_events, more_labels : whether others of that log will come soon, so that what would go after the last one at
        hand has to wait
    """
    counts = [len(hands.held(turn)) for turn in (EVENTS, LABELS)]
    n = sum(counts)
    if all(counts):
        events, labels = (_rising(times(hands.held(turn))) for turn in (EVENTS, LABELS))
        known = labels[~np.isnan(labels)]
        first_label = known[0] if len(known) else np.inf
        keys = [np.where(np.isnan(events), -np.inf, events), np.where(np.isnan(labels), first_label, labels)]
        order = np.argsort(np.concatenate(keys), kind="stable")
    else:
        order = np.arange(n)
    last = [int(np.flatnonzero(order == at - 1)[0]) if count else -1
            for at, count in zip((counts[EVENTS], n), counts, strict=True)]  # fmt: skip
    for more, at in zip((more_events, more_labels), last, strict=True):
        n = min(n, at + 1) if more else n
    return order[:n]


def by_journal(hands: Hands, runs: deque[tuple[int, int]]) -> Order:
    """As many of the records at hand as are next by the journal; the runs that this completes are taken off.

    Parameters
    ----------
    hands : of a pair
    runs : whose turn it is, and up to which offset

    Raises
    ------
    LogError
        A log no longer has what it had.
    """
    offsets = [hands.held(turn).offsets for turn in (EVENTS, LABELS)]
    shift = (0, len(offsets[EVENTS]))
    at = [0, 0]
    pieces = [np.empty(0, np.int64)]
    while runs:
        turn, upto = runs[0]
        end = bisect_left(offsets[turn], upto, at[turn])
        pieces.append(np.arange(at[turn], end) + shift[turn])
        at[turn] = end
        # A run ends with a record. Where the next one is there and this one is not, it has gone.
        if end and offsets[turn][end - 1] == upto - 1:
            runs.popleft()
            continue
        if end < len(offsets[turn]):
            partition = hands.held(turn).partition
            raise LogError(f"{partition} no longer has its record at {upto - 1}, which was read before", partition)
        break
    return np.concatenate(pieces)


def _rising(times: list[float]) -> npt.NDArray[np.float64]:
    """The largest time so far, NaN while there is none."""
    found: npt.NDArray[np.float64] = np.fmax.accumulate(np.array(times, np.float64))
    return found


def _empty(partition: Partition) -> Records:
    return Records(partition, [], [], [], [], 0)


def _picked(column: list[T], rows: list[int]) -> list[T]:
    return [column[row] for row in rows]
