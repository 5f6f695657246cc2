"""From stream ids to slots: arrival, expiry, eviction and end of streams, all as functions of the log."""

from __future__ import annotations

from array import array
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from streamrnn.events.columns import Events
from streamrnn.rows.labels import LABEL
from streamrnn.streams.gone import Gone

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

Array = npt.NDArray[Any]
Gate = Callable[[int], tuple[str, str] | None]


@dataclass(slots=True)
class Assigned:
    """What became of a batch's events.

    Attributes
    ----------
    rows : int64[m], the accepted records' places in the batch
    slots, live : int64[m]; fresh : bool[m]; the slot of a label whose stream is not live is -1
    ended : int64, places of the tombstones
    refused : place, reason and message of each event that is not accepted
    gone : streams that ended
    """

    rows: npt.NDArray[np.int64]
    slots: npt.NDArray[np.int64]
    fresh: npt.NDArray[np.bool_]
    live: npt.NDArray[np.int64]
    ended: npt.NDArray[np.int64]
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    late: int = 0
    expired: Counter[str] = field(default_factory=Counter)
    gone: Gone = field(default_factory=Gone.none)


class StreamIndex:
    """Live streams in the order they were last seen, with a slot each.

    The clock is the largest accepted event time. At each record the streams seen longest ago expire while their last
    event lies more than ``expire_after`` seconds before the clock; a new stream beyond ``max_live`` takes the slot of
    the one seen longest ago.
    """

    def __init__(self, settings: Settings) -> None:
        self._max_live = settings.streams.max_live
        self._expire_after = settings.streams.expire_after
        self._drop_late = settings.events.late == "drop"
        self._late_by = settings.events.late_by
        self._max_ahead = settings.events.max_ahead
        self._slots: OrderedDict[str, int] = OrderedDict()
        self._last_time = array("d")
        # By slot, so that a copy for a snapshot is quick: who has it, and at which turn it was last seen.
        self._names: list[str] = []
        self._seen = array("q")
        self._turn = 0
        self._free: list[int] = []
        self._clock: float | None = None

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def rows(self) -> int:
        """Slots that were ever used: the slabs' rows worth saving."""
        return len(self._last_time)

    def slot(self, stream: str) -> int | None:
        """The stream's slot; None where it is not live."""
        return self._slots.get(stream)

    def slots(self, search: str, most: int) -> npt.NDArray[np.int64]:
        """Slots of the live streams whose id holds this text, in any case: the last seen first, and no more than so
        many; of all where the text is empty."""
        if not search:
            return np.fromiter(self._slots.values(), np.int64, len(self._slots))
        wanted = search.casefold()
        found = (slot for stream, slot in reversed(self._slots.items()) if wanted in stream.casefold())
        return np.fromiter(islice(found, most), np.int64)

    def name(self, slot: int) -> str:
        """The id of the stream that has a slot."""
        return self._names[slot]

    def times(self, slots: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Of each slot the time at which its stream was last seen."""
        return np.frombuffer(self._last_time, np.float64)[slots]

    def assign(self, events: Events, gate: Gate | None = None) -> Assigned:
        """Give each event its slot, in log order.

        Records that are labels have the slot of their stream and change nothing: they are no sign of life.

        Parameters
        ----------
        events : decoded
        gate : asked for each record, by its place, before it is accepted; says why not, with reason and message
        """
        n = len(events)
        labels = [False] * n if events.labels is None else (events.labels.kinds == LABEL).tolist()
        rows, slots, live, ended = array("q"), array("q"), array("q"), array("q")
        fresh = bytearray()
        refused: list[tuple[int, str, str]] = []
        over: list[tuple[int, int, int, int]] = []
        late = 0
        expired: Counter[str] = Counter()
        index, last_time, names, seen = self._slots, self._last_time, self._names, self._seen
        turn = self._turn
        expire_after, max_ahead = self._expire_after, self._max_ahead
        clock = self._clock
        times: list[float] = events.times.tolist()
        ends: list[bool] = events.ends.tolist()
        for i, stream, time, end, label in zip(range(n), events.streams, times, ends, labels, strict=True):
            if label:
                why = None if gate is None else gate(i)
                if why is not None:
                    refused.append((i, *why))
                    continue
                fresh.append(0)
                rows.append(i)
                slots.append(index.get(stream, -1))
                live.append(len(index))
                continue
            if end:
                gone = index.pop(stream, None)
                if gone is not None:
                    self._free.append(gone)
                    over.append((len(rows), gone, len(index), len(ended)))
                    expired["tombstone"] += 1
                ended.append(i)
                continue
            if max_ahead is not None and clock is not None and time > clock + max_ahead:
                agrees = abs(float(events.timestamps[i]) - time) <= max_ahead  # False where the log has no time
                if not agrees:
                    ahead = time - clock
                    message = f"{ahead:.0f} s ahead of the shard's clock; events.max_ahead allows {max_ahead:g} s"
                    refused.append((i, "ahead", message))
                    continue
            slot = index.get(stream)
            if slot is not None and time < last_time[slot]:
                behind = last_time[slot] - time
                if self._drop_late and behind > self._late_by:
                    message = f"{behind:g} s older than its stream's last; events.late_by allows {self._late_by:g} s"
                    refused.append((i, "late", message))
                    continue
            why = None if gate is None else gate(i)
            if why is not None:
                refused.append((i, *why))
                continue
            late += slot is not None and time < last_time[slot]
            if clock is None or time > clock:
                clock = time
            if expire_after is not None:
                while index:
                    first = next(iter(index))
                    if last_time[index[first]] >= clock - expire_after:
                        break
                    self._free.append(index.pop(first))
                    over.append((len(rows), self._free[-1], len(index), -1))
                    expired["time"] += 1
                slot = index.get(stream)
            if slot is None:
                if len(index) >= self._max_live:
                    self._free.append(index.popitem(last=False)[1])
                    over.append((len(rows), self._free[-1], len(index), -1))
                    expired["capacity"] += 1
                if self._free:
                    slot = self._free.pop()
                    last_time[slot] = time
                    names[slot] = stream
                else:
                    slot = len(last_time)
                    last_time.append(time)
                    names.append(stream)
                    seen.append(0)
                index[stream] = slot
                fresh.append(1)
            else:
                index.move_to_end(stream)
                if time > last_time[slot]:
                    last_time[slot] = time
                fresh.append(0)
            turn += 1
            seen[slot] = turn
            rows.append(i)
            slots.append(slot)
            live.append(len(index))
        self._clock, self._turn = clock, turn
        return Assigned(
            rows=np.array(rows, np.int64),
            slots=np.array(slots, np.int64),
            fresh=np.frombuffer(fresh, np.bool_),  # of a bytearray, so that it can be written, as the kernels expect
            live=np.array(live, np.int64),
            ended=np.array(ended, np.int64),
            refused=refused,
            late=late,
            expired=expired,
            gone=Gone.of(over),
        )

    def freeze(self) -> Callable[[], dict[str, Array]]:
        """A quick copy, and a function that any thread may call to make of it what ``saved`` returns."""
        names, seen, times = self._names[:], self._seen[:], self._last_time[:]
        free, clock = self._free[:], self._clock

        def arrays() -> dict[str, Array]:
            order = np.argsort(np.array(seen, np.int64))
            slots = order[~np.isin(order, free)]
            encoded = [names[slot].encode() for slot in slots.tolist()]
            return {
                "index_ids": np.frombuffer(b"".join(encoded), np.uint8),
                "index_lengths": np.array([len(e) for e in encoded], np.int64),
                "index_slots": slots,
                "index_times": np.array(times, np.float64),
                "index_free": np.array(free, np.int64),
                "index_clock": np.array([] if clock is None else [clock], np.float64),
            }

        return arrays

    def saved(self) -> dict[str, Array]:
        """The index as arrays: ids in the order last seen (UTF-8, joined, with lengths), slots, times, free slots."""
        return self.freeze()()

    def load(self, arrays: dict[str, Array]) -> None:
        """Take over a saved index."""
        self._slots = OrderedDict(zip(_ids(arrays), arrays["index_slots"].tolist(), strict=True))
        self._last_time = array("d", arrays["index_times"].tolist())
        self._names = [""] * len(self._last_time)
        self._seen = array("q", bytes(8 * len(self._last_time)))
        for turn, (stream, slot) in enumerate(self._slots.items(), start=1):
            self._names[slot], self._seen[slot] = stream, turn
        self._turn = len(self._slots)
        self._free = arrays["index_free"].tolist()
        clock = arrays["index_clock"].tolist()
        self._clock = clock[0] if clock else None


def saved_slot(arrays: dict[str, Array], stream: str) -> int | None:
    """A stream's slot in a snapshot's arrays, without the settings they were made with."""
    return dict(zip(_ids(arrays), arrays["index_slots"].tolist(), strict=True)).get(stream)


def cut_to(max_live: int, arrays: dict[str, Array], slabs: Collection[str]) -> tuple[dict[str, Array], int]:
    """A snapshot's arrays with no more rows than these, and how many streams, seen longest ago, had to go for it.

    Where there are no more rows than that already, they are what they were, bit for bit.

    Parameters
    ----------
    max_live : streams that there is room for
    arrays : of the snapshot
    slabs : names of those with a row for each slot
    """
    if len(arrays["index_times"]) <= max_live:
        return arrays, 0
    slots = arrays["index_slots"][-max_live:]
    evicted = len(arrays["index_slots"]) - len(slots)
    lengths = arrays["index_lengths"][evicted:]
    index = {
        "index_ids": arrays["index_ids"][int(arrays["index_lengths"][:evicted].sum()) :],
        "index_lengths": lengths,
        "index_slots": np.arange(len(slots)),
        "index_times": arrays["index_times"][slots],
        "index_free": np.zeros(0, np.int64),
    }
    return arrays | index | {name: arrays[name][slots] for name in slabs if name in arrays}, evicted


def _ids(arrays: dict[str, Array]) -> list[str]:
    blob = arrays["index_ids"].tobytes()
    edges = np.concatenate([[0], np.cumsum(arrays["index_lengths"])]).tolist()
    return [blob[a:b].decode() for a, b in pairwise(edges)]
