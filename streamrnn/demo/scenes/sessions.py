"""Visits to a shop: a run of page views, whose last tells how it ended."""

from collections.abc import Iterator

import msgspec
import numpy as np

from streamrnn.demo.fleet import START
from streamrnn.events.columns import Floats, Ints

VIEW_SECONDS = 40.0  # of event time between two views, about
_SHORTEST, _LONGEST = 4, 14  # views of a visit
_PAUSE = 3_600.0  # seconds between two visits, about


class _Event(msgspec.Struct):
    stream: str
    time: float
    seconds: float
    price: float
    end: bool
    outcome: str | None


class Visitors:
    """Visitors that look at things; each view moves them closer to buying or away from it.

    Parameters
    ----------
    seed : the same seed and size give the same views
    size : visitors
    """

    def __init__(self, seed: int, size: int) -> None:
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._next = self._random.uniform(0.0, _PAUSE, size)
        self._left: Ints = np.zeros(size, np.int64)
        self._interest, self._taste = np.zeros(size), np.zeros(size)
        self._begin(np.arange(size))

    def round(self) -> tuple[Floats, Floats, Floats, Ints, Floats]:
        """One view of each visitor: seconds since the start, seconds spent, price, views left, interest so far."""
        size = len(self._next)
        price = np.exp(self._random.normal(3.5, 0.6, size))
        # Who sees what he is after stays on the page; that adds up over the visit.
        liking = self._taste - 0.5 * np.log(price / 33.0) + 0.5 * self._random.standard_normal(size)
        seconds = np.exp(3.0 + 0.5 * liking + 0.3 * self._random.standard_normal(size))
        self._interest = 0.8 * self._interest + liking
        self._left -= 1
        times, left, interest = self._next.copy(), self._left.copy(), self._interest.copy()
        self._next = self._next + seconds + self._random.exponential(VIEW_SECONDS, size)
        done = np.flatnonzero(left == 0)
        self._next[done] += self._random.exponential(_PAUSE, len(done))
        self._begin(done)
        return times, seconds, price, left, interest

    def _begin(self, visitors: Ints) -> None:
        count = len(visitors)
        self._left[visitors] = self._random.integers(_SHORTEST, _LONGEST, count)
        self._interest[visitors] = 0.0
        self._taste[visitors] = self._random.normal(-0.1, 0.6, count)


def events(seed: int, streams: int) -> Iterator[list[bytes]]:
    """Views without end, each stream's in time order: for each view of all visitors one list of JSON lines.

    Parameters
    ----------
    seed : the same seed and number of streams give the same bytes
    streams : visitors

    Yields
    ------
    list of bytes
        ``{"stream": text, "time": seconds since 1970, "seconds": number, "price": number, "end": true at the last view
        of a visit, "outcome": "bought", "left", or null before the end}`` and a newline.
    """
    visitors = Visitors(seed, streams)
    names = [f"visitor-{number:03d}" for number in range(streams)]
    encode = msgspec.json.Encoder().encode
    while True:
        times, seconds, price, left, interest = visitors.round()
        ends = (left == 0).tolist()
        outcomes = ["bought" if each > 0.0 else "left" for each in interest.tolist()]
        columns = ((START + times).round(3).tolist(), seconds.round(1).tolist(), price.round(2).tolist(), ends)
        rows = sorted(zip(*columns, names, outcomes, strict=True))
        yield [
            encode(_Event(name, time, spent, cost, end, outcome if end else None)) + b"\n"
            for time, spent, cost, end, name, outcome in rows
        ]
