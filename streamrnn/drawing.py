"""Values drawn from what is told of a stream's next step; the same on every machine."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import isnan, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from streamrnn.loops.mixture import MixtureLoop
from streamrnn.portable import cosine_of_turn, exp, log
from streamrnn.rows.heads import DISTRIBUTIONS
from streamrnn.rows.intervals import laplace_quantiles

if TYPE_CHECKING:
    from streamrnn.loops.chain import Chain
    from streamrnn.settings.schema import Settings

BITS = 52  # of a draw: with a half behind them they are a float without rounding


class Uniforms:
    """Numbers between 0 and 1, neither of them included: the integers of PCG64 (O'Neill 2014), by a seed."""

    def __init__(self, seed: int) -> None:
        self._bits: Any = np.random.PCG64(seed)

    def pair(self) -> tuple[float, float]:
        """Two of them."""
        return self._one(), self._one()

    def _one(self) -> float:
        return ((int(self._bits.random_raw()) >> (64 - BITS)) + 0.5) / 2.0**BITS


@dataclass(frozen=True, slots=True)
class Points:
    """A distribution by some of its quantiles. Between and beyond them it is stretched like Laplace's: straight lines
    of quantile against Laplace's quantile, beyond the outermost one as from the middle to that one.

    Attributes
    ----------
    laplace : Laplace's quantiles at the same shares, rising, 0 in the middle
    values : the distribution's own, rising
    """

    laplace: tuple[float, ...]
    values: tuple[float, ...]

    def value(self, share: float, _: float = 0.0) -> float:
        """The value below which this share falls, in (0, 1): of a uniform number a draw."""
        at = -log(2.0 * min(share, 1.0 - share))
        at = at if share > 0.5 else -at
        right = bisect_right(self.laplace, at)
        if right in (0, len(self.laplace)):
            end = 0 if right == 0 else -1
            middle = self.values[self.laplace.index(0.0)]
            return middle + (self.values[end] - middle) * (at / self.laplace[end]) if self.laplace[end] else middle
        below, above = self.laplace[right - 1], self.laplace[right]
        part = (at - below) / (above - below)
        return self.values[right - 1] + part * (self.values[right] - self.values[right - 1])


@dataclass(frozen=True, slots=True)
class Law:
    """Student's distribution; a Gaussian where ``degrees`` is NaN."""

    location: float
    scale: float
    degrees: float

    def value(self, first: float, second: float) -> float:
        """What two uniform numbers give: by Box and Muller (1958), and by Bailey's (1994) polar form of it."""
        if isnan(self.degrees):
            size = sqrt(-2.0 * log(first))
        else:
            size = sqrt(self.degrees * (exp(-2.0 / self.degrees * log(first)) - 1.0))
        return self.location + self.scale * size * cosine_of_turn(second)


@dataclass(frozen=True, slots=True)
class NextNumber:
    """What is told of a target's next value.

    Attributes
    ----------
    target : its name
    forecast : NaN while there is nothing to go by
    intervals : level, low and high of each
    around : how values lie around the forecast; None while that is not known
    """

    target: str
    forecast: float
    intervals: tuple[tuple[float, float, float], ...]
    around: Points | Law | None

    def draw(self, uniforms: tuple[float, float], temperature: float) -> float:
        """A value that may come: its distance from the forecast is scaled by ``temperature``."""
        if temperature == 0.0 or self.around is None:
            return self.forecast
        return self.forecast + temperature * (self.around.value(*uniforms) - self.forecast)


class Numbers:
    """Reads from a chain what it tells of a stream's next values: of each target by what says most, that is the head's
    quantiles or distribution, and the intervals where it has none.

    Parameters
    ----------
    settings, chain : of one shard, not in a label mode
    """

    def __init__(self, settings: Settings, chain: Chain) -> None:
        self._targets, self._levels = settings.target_names, settings.forecast.levels
        assert isinstance(chain.mixture, MixtureLoop)
        self._mixture, self._intervals = chain.mixture, chain.intervals
        self._quantiles, self._distribution = chain.quantiles, chain.distribution
        self._lower = chain.intervals.lower.tolist()
        half = len(self._levels)
        shares = self._intervals.shares
        self._of_intervals = tuple(laplace_quantiles([*shares[:half], 0.5, *shares[half:]]).tolist())
        self._of_quantiles = tuple(laplace_quantiles(settings.model.quantiles).tolist())

    @staticmethod
    def spread(settings: Settings) -> bool:
        """Whether such a shard tells how far values may lie from a forecast."""
        return bool(settings.forecast.levels) or settings.model.head in ("quantiles", *DISTRIBUTIONS)

    def told(self, slot: int) -> list[NextNumber]:
        """Of each target, as it stands after the stream's newest event."""
        forecasts = self._mixture.pending(slot).tolist()
        bounds = self._intervals.pending(slot).tolist() if self._levels else [[] for _ in forecasts]
        quantiles = None if self._quantiles is None else self._quantiles.pending(slot).tolist()
        laws = None if self._distribution is None else self._distribution.pending(slot).tolist()
        found = []
        for k, (target, forecast) in enumerate(zip(self._targets, forecasts, strict=True)):
            own = bounds[k] if not any(map(isnan, bounds[k])) else []
            around: Points | Law | None = self._points(own, forecast) if own else None
            if quantiles is not None and not any(map(isnan, quantiles[k])):
                around = Points(self._of_quantiles, tuple(quantiles[k]))
            elif laws is not None and not isnan(laws[k][1]):
                around = Law(*laws[k])
            found.append(NextNumber(target, forecast, self._shown(own), around))
        return found

    def _points(self, bounds: list[float], forecast: float) -> Points:
        """The forecast is the middle, as far as the bounds beside it leave it there."""
        half = len(bounds) // 2
        middle = min(max(forecast, bounds[half - 1]), bounds[half])
        return Points(self._of_intervals, (*bounds[:half], middle, *bounds[half:]))

    def _shown(self, bounds: list[float]) -> tuple[tuple[float, float, float], ...]:
        if not bounds:
            return ()
        pairs = zip(self._levels, self._lower, strict=True)
        return tuple((level, bounds[at], bounds[len(bounds) - 1 - at]) for level, at in pairs)


def nothing_told(told: list[NextNumber]) -> str | None:
    """The first target of which there is no forecast; None: all have one."""
    return next((each.target for each in told if isnan(each.forecast)), None)
