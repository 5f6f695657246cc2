"""How far apart a stream's events are, and whether that makes steps of equal length."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from streamrnn.events.columns import Floats

_USUAL = (
    1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 14_400, 21_600, 28_800, 43_200,
    86_400, 604_800,
)  # fmt: skip
_LIKE = 0.005  # part by which a median may differ from a usual spacing and be taken for it
_OFF = 0.1  # of a step, by which an event may be off
_EVEN, _AGREE = 0.9, 0.95
_FEWEST = 20


@dataclass(frozen=True, slots=True)
class Spacing:
    """What the times of events say.

    Attributes
    ----------
    interval : seconds of one step; None where events do not come evenly
    median : seconds between two events of a stream; NaN without times
    why : the evidence, in words
    """

    interval: float | None
    median: float
    why: str


def find_spacing(streams: Iterable[Floats]) -> Spacing:
    """The interval that most events keep to, missing ones aside.

    Parameters
    ----------
    streams : of each stream, seconds since 1970 of its events in log order
    """
    series = [times[np.isfinite(times)] for times in streams]
    gaps = np.concatenate([np.diff(times) for times in series] or [np.empty(0)])
    gaps = gaps[gaps > 0]
    if len(gaps) < _FEWEST:
        return Spacing(None, float("nan"), f"only {len(gaps)} spacings between events are known")
    median = float(np.median(gaps))
    step = next((float(usual) for usual in _USUAL if abs(median / usual - 1) <= _LIKE), float(f"{median:.6g}"))
    steps = np.rint(gaps / step)
    even = float(np.mean((np.abs(gaps / step - steps) <= _OFF) & (steps >= 1)))
    why = f"median spacing {span(median)}, {even:.0%} of {len(gaps)} spacings are whole multiples of {span(step)}"
    if even < _EVEN:
        return Spacing(None, median, f"{why}: every event is a step")
    agree = np.concatenate([_agrees(times, step) for times in series])
    if float(np.mean(agree)) < _AGREE:
        crossing = f"but {1 - float(np.mean(agree)):.0%} of the events cross into another step, as their times waver"
        return Spacing(None, median, f"{why}, {crossing}: every event is a step")
    lost = float(np.mean(steps > 1))
    return Spacing(step, median, f"{why}, {lost:.1%} with a gap before them" if lost else why)


def span(seconds: float) -> str:
    """A length of time in words: ``10 min``."""
    for unit, name in ((86_400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.4g} {name}"
    return f"{seconds:.4g} s"


def _agrees(times: Floats, step: float) -> Floats:
    """Whether each event's step lies as far from the last as its time does, as the daemon counts steps."""
    counted = np.diff(np.floor(times / step))
    agrees: Floats = (counted == np.rint(np.diff(times) / step)).astype(np.float64)
    return agrees
