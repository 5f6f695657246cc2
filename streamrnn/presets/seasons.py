"""After how many steps the values come back: a day, a week, or what the changes show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from streamrnn.events.columns import Floats
from streamrnn.presets.spacing import span

DAY, WEEK, HOUR = 86_400.0, 604_800.0, 3600.0
_FEWEST = 3.0  # seasons that must be there to see one
_LEAST = 0.3  # autocorrelation below which none is worth it
_CHANCE = 1.15  # of this over the root of the seasons seen comes from chance in 1 of 100 random walks
_ABOVE = 0.1  # by which it must stand above lags that are a quarter shorter and longer
_FREE_LEAST = 0.5
_LONGEST_FREE = 1000


@dataclass(frozen=True, slots=True)
class Season:
    """Steps after which values come back, None if unclear, and what was seen."""

    steps: int | None
    why: str


def find_seasons(series: Sequence[Floats], interval: float | None) -> tuple[Season, Season]:
    """The season, and a longer one beside it.

    With an interval the calendar's lags are tried: a day, a week, an hour. Each series is freed of its moving mean
    over one such length, so that a drift or a random walk shows no season, and correlated with itself that much
    later. Without, or if none is clear, the changes are correlated with themselves at every lag.

    Parameters
    ----------
    series : of each stream and feature, one value a step, NaN where missing
    interval : seconds of a step; None for one event

    Returns
    -------
    The season and the long season.
    """
    none = Season(None, "")
    if not series:
        return Season(None, "too many steps are missing to look for a season"), none
    seen: list[str] = []
    if interval is not None:
        day, said = _calendar(series, DAY, "a day", interval)
        seen += said
        if day is not None:
            week, also = _calendar([_without(each, day) for each in series], WEEK, "a week", interval)
            return Season(day, seen[-1]), Season(week, f"{also[-1]}, what a day repeats left out" if also else "")
        for length, name in ((WEEK, "a week"), (HOUR, "an hour")):
            steps, said = _calendar(series, length, name, interval)
            seen += said
            if steps is not None:
                return Season(steps, seen[-1]), none
    steps, said = _free(series)
    return Season(steps, said[-1] if steps else "; ".join([*seen, *said])), none


def _calendar(series: Sequence[Floats], length: float, name: str, interval: float) -> tuple[int | None, list[str]]:
    """Steps of this length if it is clear, and what was seen; nothing where it is no whole number of steps."""
    steps = round(length / interval)
    if steps < 4 or abs(length / interval - steps) > 1e-6:
        return None, []
    long = [each for each in series if len(each) >= _FEWEST * steps]
    if not long:
        most = max(map(len, series)) * interval
        return None, [f"{span(most)} of data are too short to tell {name}"]
    found = np.array([_correlations(each, steps) for each in long])
    at, beside = float(np.median(found[:, 0])), float(np.median(found[:, 1]))
    seasons = max(map(len, long)) / steps
    clear = at >= max(_LEAST, _CHANCE / np.sqrt(seasons - 1)) and at >= beside + _ABOVE
    text = f"autocorrelation {at:.2f} {name} ({steps} steps) later, {beside:.2f} beside it, over {seasons:.0f} of them"
    return (steps if clear else None), [text]


def _correlations(values: Floats, lag: int) -> tuple[float, float]:
    """At this lag, and the larger one of those a quarter shorter and longer."""
    left = values - moving_mean(values, lag)
    return _at(left, lag), max(_at(left, max(1, round(0.75 * lag))), _at(left, round(1.25 * lag)))


def moving_mean(values: Floats, length: int) -> Floats:
    """Mean of the known values within half a length to both sides; NaN within half a length of the ends."""
    known = np.isfinite(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    half = length // 2
    middle = np.arange(half, len(values) - half)
    means = np.full(len(values), np.nan)
    low, high = middle - half, middle - half + length
    inside = high < len(sums)
    count = counts[high[inside]] - counts[low[inside]]
    sums_inside = sums[high[inside]] - sums[low[inside]]
    means[middle[inside]] = np.where(count > 0, sums_inside / np.maximum(count, 1), np.nan)
    return means


def _at(values: Floats, lag: int) -> float:
    """Autocorrelation at a lag over the pairs that are known; 0 where there are too few, or nothing varies."""
    centred = values - (np.nanmean(values) if np.isfinite(values).any() else 0.0)
    products = centred[lag:] * centred[:-lag]
    known = np.isfinite(products)
    spread = float(np.nanmean(centred**2)) if np.isfinite(centred).any() else 0.0
    return float(products[known].mean()) / spread if known.sum() >= 10 and spread > 0 else 0.0


def _without(values: Floats, day: int) -> Floats:
    """The values without the mean of their place in the day."""
    left = values.copy()
    for place in range(day):
        part = left[place::day]
        if np.isfinite(part).any():
            part -= np.nanmean(part)
    return left


def _free(series: Sequence[Floats]) -> tuple[int | None, list[str]]:
    """The lag at which the changes are most like themselves, if that is clear, and what was seen."""
    longest = min(max(map(len, series)) // 4, _LONGEST_FREE)
    if longest < 4:
        return None, ["too few values to look for a season"]
    usable = [each for each in series if len(each) >= 4 * longest]
    found = np.median([_all_lags(np.diff(each), longest) for each in usable], axis=0)
    # What changes slowly is like itself a moment later: a season comes back after it has been away.
    away = np.minimum.accumulate(found) < 0.5 * found
    best = float(np.where(away, found, 0.0).max())
    if best < _FREE_LEAST:
        return None, [f"changes are at no lag up to {longest} steps much like earlier ones (at most {best:.2f})"]
    high = np.flatnonzero(away & (found >= 0.9 * best))
    peak = next(at for at in high if found[at] == found[max(0, at - 2) : at + 3].max())
    return int(peak) + 1, [f"autocorrelation of changes {found[peak]:.2f} {peak + 1} steps later"]


def _all_lags(changes: Floats, longest: int) -> Floats:
    """float64[longest], autocorrelation at lags from 1 on; missing changes count as none."""
    mean = np.nanmean(changes) if np.isfinite(changes).any() else 0.0
    known = np.where(np.isfinite(changes), changes - mean, 0.0)
    size = 1 << (2 * len(known) - 1).bit_length()
    products = np.fft.irfft(np.abs(np.fft.rfft(known, size)) ** 2, size)[: longest + 1]
    lags: Floats = products[1:] / products[0] if products[0] > 0 else np.zeros(longest)
    return lags
