"""The steps of a stream's future: what is given is taken as it stands, and the rest is drawn."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from streamrnn.drawing import NextNumber, Uniforms
from streamrnn.events.columns import Events, Floats
from streamrnn.generation import Continuation
from streamrnn.given import GivenError

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings
    from streamrnn.shard import Shard


class UnknownStreamError(Exception):
    """The shard does not have the stream."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of which something was drawn.

    Attributes
    ----------
    number : from 1
    time : in seconds; None where the stream's pace is not known
    told : of each target what was said of the step before it came
    values : of each target what came
    """

    number: int
    time: float | None
    told: list[NextNumber]
    values: list[float]


@dataclass(frozen=True, slots=True)
class Manner:
    """How values are drawn, and how fast time goes.

    Attributes
    ----------
    uniforms : what draws are made of: two for each target at each step, whatever becomes of them
    temperature : what distances from the forecast are multiplied by; 0 takes the forecast itself
    every : seconds of a step; None: see `Continuation`
    """

    uniforms: Uniforms
    temperature: float = 1.0
    every: float | None = None


class Follower:
    """Goes on with a stream.

    Given events come first, one a step. Those that have a value of every target are facts, as long as nothing was drawn
    before them: the shard takes and learns them as it does any event. Where a target lacks its value, that is drawn;
    from there on nothing is learned. Features that are no targets keep their last value where an event lacks them.

    Parameters
    ----------
    settings, shard : what the stream goes on in; the shard is of no use to a daemon any more
    stream : its id; one that the shard does not have begins with the first fact
    blank : an event without what is drawn
    manner : how it goes on
    """

    def __init__(self, settings: Settings, shard: Shard, stream: str, blank: Events, manner: Manner) -> None:
        events = settings.events
        self._shard, self._stream, self._blank, self._manner = shard, stream, blank, manner
        self._targets = [events.features.index(target) for target in events.target_names]
        self._needs_time = settings.inputs.calendar
        self._has_time = events.time is not None

    def follow(self, given: Iterable[Events], steps: int) -> Iterator[Step]:
        """So many steps of which something is drawn.

        Raises
        ------
        GivenError
            A given event cannot be taken; or the stream cannot go on, and the message says how it could.
        UnknownStreamError
            The shard does not have the stream, and no fact begins it.
        """
        rest = deque(given)
        while rest and self._is_complete(rest[0]):
            self._take_fact(rest.popleft())
        found = self._continuation()
        if self._needs_time and found.every is None:
            raise GivenError(
                "the time of day is an input, and nothing tells the seconds of a step (forecast.interval is null, and "
                "inputs.elapsed false): say them by --every"
            )
        number = 0
        while number < steps:
            event = rest.popleft() if rest else self._blank
            complete = self._is_complete(event)
            step = self._step(found, event, number + 1)
            if not complete:
                number += 1
                yield step

    def _is_complete(self, event: Events) -> bool:
        return not np.isnan(event.features[0, self._targets]).any()

    def _continuation(self) -> Continuation:
        found = self._shard.continuation(self._stream, self._manner.every)
        if found is None:
            raise UnknownStreamError(self._stream)
        return found

    def _take_fact(self, event: Events) -> None:
        if np.isnan(event.times[0]):
            known = self._shard.look(self._stream) is not None
            if not known and self._has_time:
                raise GivenError("line 1 of --given needs a time, as the stream begins with it")
            event.times[:] = self._continuation().next_time if known else 0.0
        event.timestamps[:] = event.times  # as if the log agreed: it may be ahead of the shard's clock
        predictions, _ = self._shard.process(event)
        for refusal in predictions.refused:
            raise GivenError(f"a given event would be refused: {refusal.message}")

    def _step(self, found: Continuation, event: Events, number: int) -> Step:
        told, known = found.told, event.features[0]
        values: Floats = np.where(np.isnan(known), found.last, known)
        for each, place in zip(told, self._targets, strict=True):
            uniforms = self._manner.uniforms.pair()
            if np.isnan(known[place]):
                if np.isnan(each.forecast):
                    raise GivenError(f"nothing is forecast of {each.target}, as the stream had no value of it yet")
                values[place] = each.draw(uniforms, self._manner.temperature)
        timed = not np.isnan(event.times[0])
        time = float(event.times[0]) if timed else found.next_time
        values = found.take(values, time, event.traits)
        shown = time if timed or found.every is not None else None
        return Step(number, shown, told, values[self._targets].tolist())
