"""A made-up fleet of meters: what each would report at each tick, with all the trouble that real meters make."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from streamrnn.events.columns import Floats, Ints

START = 1_704_067_200.0  # 2024-01-01T00:00:00Z, a Monday, in seconds since 1970
TICK = 600.0  # seconds of event time between two reports of a meter
DAY = 86_400.0

_KINDS = ("meter", "pump", "shop", "server")
_DEATH, _REGIME, _STUCK, _SILENT = 1 / 6000, 1 / 1500, 1 / 4000, 1 / 2000  # chances per meter and tick
_SPIKE, _MISSING, _GARBLED = 1 / 500, 1 / 300, 1 / 20_000
_DRIFT_MEMORY = 0.9  # part of the slow drift that stays from tick to tick


class Trouble(IntEnum):
    """What is wrong with a report. A silent meter reports nothing, so it has no entry here."""

    NONE = 0
    STUCK = 1  # repeats its last value
    SPIKE = 2  # one value far off
    MISSING = 3  # the value is null
    GARBLED = 4  # the value is no number: a dead letter


@dataclass(slots=True)
class Tick:
    """The reports of one tick in time order, as columns of n rows.

    Attributes
    ----------
    streams : n stream ids
    times : float64[n], seconds since 1970
    values : float64[n]
    troubles : int8[n], codes of `Trouble`
    """

    streams: list[str]
    times: Floats
    values: Floats
    troubles: npt.NDArray[np.int8]


class Fleet:
    """Meters with a daily season each, trend, noise, changes of regime, faults, silence, deaths and successors.

    Parameters
    ----------
    seed : any two fleets of the same seed and size report the same
    size : meters; a few of them are silent at any time
    """

    def __init__(self, seed: int, size: int) -> None:
        if size < 1:
            raise ValueError(f"a fleet needs at least one meter, not {size}: raise the number of streams")
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._size = size
        self._tick = 0
        self._delay = np.sort(self._random.uniform(0.0, TICK, size))  # when in the tick each reports
        self._generation: Ints = np.zeros(size, np.int64)
        self._base, self._amplitude, self._harmonic, self._trend, self._noise = np.empty((5, size))
        self._phase, self._harmonic_phase = np.empty((2, size))
        self._drift, self._last = np.zeros((2, size))
        self._stuck: Ints = np.zeros(size, np.int64)  # ticks left
        self._silent: Ints = np.zeros(size, np.int64)
        self._names = [""] * size
        self._bear(np.arange(size))
        late = self._random.random(size) < 0.1  # some join only after the first hours
        late[0] = False
        self._silent[late] = self._random.integers(20, 200, int(late.sum()))

    def tick(self) -> Tick:
        """What the meters report next."""
        chance = self._random.random((7, self._size))
        self._live_and_die(chance[0])
        self._change_regime(np.flatnonzero(chance[1] < _REGIME))
        self._stuck = np.where(chance[2] < _STUCK, self._lengths(10, 60), np.maximum(self._stuck - 1, 0))
        times = START + self._tick * TICK + self._delay
        values = self._read(times)
        troubles = np.zeros(self._size, np.int8)
        spikes = chance[4] < _SPIKE
        sign = np.where(chance[4] < _SPIKE / 2, -1.0, 1.0)
        values = np.where(spikes, values + sign * (1.0 + chance[5]) * self._amplitude, values)
        troubles[spikes] = Trouble.SPIKE
        stuck = (self._stuck > 0) & np.isfinite(self._last)
        values = np.where(stuck, self._last, values)
        troubles[stuck] = Trouble.STUCK
        self._last = np.where(spikes & ~stuck, self._last, values)
        troubles[chance[5] < _MISSING] = Trouble.MISSING
        troubles[chance[6] < _GARBLED] = Trouble.GARBLED
        self._tick += 1
        speaking = np.flatnonzero(self._silent == 0)
        names = self._names
        return Tick([names[i] for i in speaking.tolist()], times[speaking], values[speaking], troubles[speaking])

    def _read(self, times: Floats) -> Floats:
        """float64[size]: the values as a sound meter would read them."""
        angle = 2.0 * np.pi * times / DAY
        season = np.sin(angle + self._phase) + self._harmonic * np.sin(2.0 * angle + self._harmonic_phase)
        shock, noise = self._random.standard_normal((2, self._size))
        self._drift = _DRIFT_MEMORY * self._drift + 0.3 * self._noise * shock
        days = (times - START) / DAY
        values: Floats = self._base + self._trend * days + self._amplitude * season + self._drift + self._noise * noise
        return values

    def _live_and_die(self, chance: Floats) -> None:
        """Count down silences; let some meters drop out for a while, and others die and leave a successor."""
        self._silent = np.maximum(self._silent - 1, 0)
        speaking = self._silent == 0
        dead = np.flatnonzero(speaking & (chance < _DEATH))
        self._generation[dead] += 1
        self._bear(dead)
        self._silent[dead] = self._random.integers(50, 300, len(dead))
        pausing = np.flatnonzero(speaking & (chance > 1.0 - _SILENT))
        self._silent[pausing] = self._random.integers(5, 50, len(pausing))

    def _bear(self, slots: Ints) -> None:
        """Draw a new meter for each of ``slots``."""
        count = len(slots)
        draw = self._random
        self._amplitude[slots] = draw.uniform(4.0, 12.0, count)
        self._base[slots] = draw.uniform(20.0, 60.0, count)
        self._harmonic[slots] = draw.uniform(0.0, 0.6, count)
        self._trend[slots] = draw.normal(0.0, 0.2, count)
        self._noise[slots] = draw.uniform(0.3, 1.5, count)
        self._phase[slots] = draw.normal(0.0, 0.8, count)
        self._harmonic_phase[slots] = draw.uniform(0.0, 2.0 * np.pi, count)
        self._drift[slots] = 0.0
        self._last[slots] = np.nan
        self._stuck[slots] = 0
        for slot in slots.tolist():
            generation = int(self._generation[slot])
            successor = f"-{generation + 1}" if generation else ""
            self._names[slot] = f"{_KINDS[slot % len(_KINDS)]}-{slot:03d}{successor}"

    def _change_regime(self, slots: Ints) -> None:
        """Give some meters another level, swing and noise, from now on."""
        count = len(slots)
        self._base[slots] += self._random.choice([-1.0, 1.0], count) * self._random.uniform(5.0, 15.0, count)
        self._amplitude[slots] = np.clip(self._amplitude[slots] * self._random.uniform(0.6, 1.6, count), 2.0, 16.0)
        self._noise[slots] = np.clip(self._noise[slots] * self._random.uniform(0.6, 1.6, count), 0.2, 2.5)

    def _lengths(self, low: int, high: int) -> Ints:
        return self._random.integers(low, high, self._size)
