"""Machines with a daily season whose faults are marked, to see whether an anomaly score finds them."""

from collections.abc import Iterator
from enum import IntEnum

import msgspec
import numpy as np

from streamrnn.demo.fleet import DAY, START, TICK
from streamrnn.events.columns import Floats, Ints

_QUIET = 800  # ticks without a fault at the start, in which a score learns what is usual
_CHANCE = 1 / 800  # of a fault, per machine and tick
_SHORTEST, _LONGEST = 6, 30  # ticks


class Fault(IntEnum):
    """What is wrong with a machine."""

    none = 0
    surge = 1  # far above its season
    stuck = 2  # says the same again and again
    restless = 3  # noise of many times the usual
    idle = 4  # its season is gone


class _Event(msgspec.Struct):
    stream: str
    time: float
    value: float
    fault: str | None


class Machines:
    """Machines of different level, swing and noise, and the faults that befall them.

    Parameters
    ----------
    seed : the same seed and size give the same values
    size : machines
    """

    def __init__(self, seed: int, size: int) -> None:
        self._random = np.random.Generator(np.random.PCG64(seed))
        draw = self._random
        self._tick = 0
        self._level, self._swing = draw.uniform(40.0, 80.0, size), draw.uniform(8.0, 16.0, size)
        self._noise, self._phase = draw.uniform(0.5, 1.2, size), draw.normal(0.0, 0.5, size)
        self._delay = np.sort(draw.uniform(0.0, TICK, size))
        self._last = self._level.copy()
        self._kinds: Ints = np.zeros(size, np.int64)
        self._left: Ints = np.zeros(size, np.int64)  # ticks of the fault that are left

    def tick(self) -> tuple[Floats, Floats, Ints]:
        """Times in seconds since 1970, values, and codes of `Fault`; one of each machine, in time order."""
        size = len(self._level)
        chance, noise = self._random.random(size), self._random.standard_normal(size)
        self._left = np.maximum(self._left - 1, 0)
        begins = (self._left == 0) & (chance < _CHANCE) & (self._tick >= _QUIET)
        kinds, lengths = self._random.integers(1, len(Fault), size), self._random.integers(_SHORTEST, _LONGEST, size)
        self._kinds = np.where(begins, kinds, np.where(self._left == 0, Fault.none, self._kinds))
        self._left = np.where(begins, lengths, self._left)
        times = START + self._tick * TICK + self._delay
        season = self._swing * np.sin(2.0 * np.pi * times / DAY + self._phase)
        kind = self._kinds
        values = self._level + np.where(kind == Fault.idle, -self._swing, season)
        values = values + self._noise * noise * np.where(kind == Fault.restless, 12.0, 1.0)
        values = np.where(kind == Fault.surge, values + 2.5 * self._swing, values)
        values = np.where(kind == Fault.stuck, self._last, values)
        self._last = values
        self._tick += 1
        return times, values, kind


def events(seed: int, streams: int) -> Iterator[list[bytes]]:
    """Events without end, in time order: for each tick of 10 minutes one list of JSON lines.

    Parameters
    ----------
    seed : the same seed and number of streams give the same bytes
    streams : machines

    Yields
    ------
    list of bytes
        ``{"stream": text, "time": seconds since 1970, "value": number, "fault": text or null}`` and a newline;
        ``fault`` is the truth, which no model should be shown. The first 800 ticks have none.

    Examples
    --------
    >>> next(events(seed=1, streams=1))
    [b'{"stream":"machine-000","time":1704067386.899,"value":67.122,"fault":null}\\n']
    """
    machines = Machines(seed, streams)
    names = [f"machine-{number:03d}" for number in range(streams)]
    words = [None, *(fault.name for fault in Fault if fault)]
    encode = msgspec.json.Encoder().encode
    while True:
        times, values, kinds = machines.tick()
        rows = zip(
            names, times.round(3).tolist(), values.round(3).tolist(), [words[kind] for kind in kinds.tolist()],
            strict=True,
        )  # fmt: skip
        yield [encode(_Event(*row)) + b"\n" for row in rows]
