"""A stream's future as its shard has learned it: what is drawn is taken for the next event, and teaches nothing."""

from __future__ import annotations

from collections.abc import Iterable
from math import floor
from typing import TYPE_CHECKING, Any

import numpy as np

from streamrnn.drawing import NextNumber, Numbers
from streamrnn.loops.base import Array, Loop
from streamrnn.loops.batch import Batch

if TYPE_CHECKING:
    from streamrnn.events.traits import Traits
    from streamrnn.loops.chain import Chain
    from streamrnn.settings.schema import Settings


class Held:
    """All that is learned, as it stood: of the shard as a whole, and in one stream's rows.

    Parameters
    ----------
    shared : arrays of the shard
    loops : the chain's
    slot : the stream's row in every slab
    """

    def __init__(self, shared: Iterable[Array], loops: Iterable[Loop], slot: int) -> None:
        places: list[tuple[Array, Any]] = [(array, ...) for array in shared]
        places += [(slab[slot], loop.learned[name]) for loop in loops for name, slab in loop.slabs.items()]
        self._held = [(array, where, array[where].copy()) for array, where in places]

    def put_back(self) -> None:
        """Let all of it be as it was."""
        for array, where, values in self._held:
            array[where] = values


class Continuation:
    """Goes on with one stream from where it stands, event by imagined event.

    Each event passes through the whole chain as a real one would, so that what is told of the step behind it is what
    the daemon would tell. Then all that it taught is put back, and only the stream's memory has moved. The shard is
    changed in that stream's memory alone: it is of no use to a daemon any more.

    Parameters
    ----------
    settings, chain : of the shard
    slot : the stream's row in every slab
    live : streams of the shard
    time : of the stream's newest event, in seconds
    every : seconds of a step; None: ``forecast.interval``, or else the usual time between the stream's events

    Attributes
    ----------
    time : as above
    told : of each target what is said of the next step
    """

    def __init__(
        self, settings: Settings, chain: Chain, slot: int, live: int, time: float, every: float | None = None
    ) -> None:
        self._chain, self._slot, self._live = chain, slot, live
        self._interval = settings.forecast.interval
        self._every = self._interval or every or chain.scale.usual_gap(slot)
        self._most = settings.events.max_magnitude
        self._held = Held(chain.shared().values(), chain.loops, slot)
        self._numbers = Numbers(settings, chain)
        self.time = time
        self.told: list[NextNumber] = self._numbers.told(slot)

    @property
    def every(self) -> float | None:
        """Seconds of a step; None where they are not known."""
        return self._every

    @property
    def next_time(self) -> float:
        """Time of the next step, in its own cell of ``forecast.interval``; that of the last where it is not known."""
        time = self.time + (self._every or 0.0)
        if self._interval is not None:
            cell = self._chain.scale.cell(self._slot) + 1
            if floor(time / self._interval) != cell:
                time = (cell + 0.5) * self._interval
        return time

    @property
    def last(self) -> Array:
        """float64[features], the stream's newest value of each; NaN where there was none."""
        return self._chain.scale.last(self._slot)

    def take(self, values: Array, time: float, traits: Traits | None = None) -> Array:
        """Go a step on with this event; gives its values as they were taken.

        Parameters
        ----------
        values : float64[features], NaN where missing; what is beyond ``events.max_magnitude`` is cut to it
        time : in seconds
        traits : its booleans and categories, of one record, where the settings name any
        """
        one = np.array([self._slot]), np.zeros(1, np.bool_), np.array([self._live])
        row = np.clip(values, -self._most, self._most).reshape(1, -1)
        batch = Batch(*one, np.array([time]), row, np.array([self._chain.records + 1]))
        batch.offsets = np.full(1, -1)
        if traits is not None:
            batch.traits = traits
        self._chain.process(batch)
        self.time = max(time, self.time)
        self.told = self._numbers.told(self._slot)
        self._held.put_back()
        taken: Array = row[0]
        return taken
