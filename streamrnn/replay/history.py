"""The newest points of each stream, and the moments at which a forecast was furthest off."""

from dataclasses import dataclass, field

import numpy as np

from streamrnn.events.columns import Floats, Ints

_RING = 128  # points kept of a stream
_CHUNK = 64  # most points that one stream may add at once; ring minus chunk stays readable behind it
BEFORE, AFTER = 24, 12  # points around a moment that are shown
SKIPPED = 100  # first events of each stream, at which the network has hardly begun


@dataclass(slots=True)
class Moment:
    """One forecast that was far off.

    Attributes
    ----------
    number : of the event in its stream, from 0
    severity : absolute error in standard deviations of the stream's outcomes until now
    outcomes, forecasts : the neighbourhood; the moment itself is at index `at`
    """

    place: int
    time: float
    number: int
    outcome: float
    forecast: float
    severity: float = 0.0
    outcomes: list[float] = field(default_factory=list)
    forecasts: list[float] = field(default_factory=list)
    at: int = 0
    complete: bool = False

    @property
    def error(self) -> float:
        """How far off, in the target's unit."""
        return abs(self.outcome - self.forecast)


class History:
    """A ring of points for each of the first ``streams`` streams, and the worst moments of one target.

    Of moments of a stream that lie close together only the worst is kept: they show the same thing.

    Parameters
    ----------
    streams : beyond these a moment is noted without its neighbourhood, which keeps memory bounded
    moments : how many of the worst to keep
    each : how many of them one stream may have
    """

    def __init__(self, streams: int = 2000, moments: int = 60, each: int = 12) -> None:
        self._limit = streams
        self._keep = moments
        self._each = each
        self._ring: Floats = np.full((16, _RING, 2), np.nan)
        self._counts: Ints = np.zeros(16, np.int64)
        self._scales: Floats = np.full(16, np.nan)
        self._least: Floats = np.zeros(16)  # error above which a stream that has all its moments gets another
        self._floor = 0.0  # severity above which any stream gets one
        self._moments: list[Moment] = []

    def add(self, places: Ints, times: Floats, outcomes: Floats, forecasts: Floats, scales: Floats) -> None:
        """Take n points of any streams in log order.

        Parameters
        ----------
        places : int64[n], row of each point's stream
        times, outcomes, forecasts : float64[n]
        scales : float64[n], what an error is measured by; NaN or 0 where the stream is too young to tell
        """
        self._grow(int(places.max(initial=-1)) + 1)
        if len(places) and np.bincount(places).max() > _CHUNK:
            pieces = [slice(start, start + _CHUNK) for start in range(0, len(places), _CHUNK)]
        else:
            pieces = [slice(None)]
        for piece in pieces:
            self._add(places[piece], times[piece], outcomes[piece], forecasts[piece], scales[piece])

    def moments(self) -> list[Moment]:
        """The worst first. Those of the last few events have a shorter neighbourhood."""
        for moment in self._moments:
            if not moment.complete:
                self._surround(moment)
        self._measure()
        return list(self._moments)

    def _add(self, places: Ints, times: Floats, outcomes: Floats, forecasts: Floats, scales: Floats) -> None:
        numbers = self._counts[places] + _ranks(places)
        kept = places < self._limit
        self._ring[places[kept], numbers[kept] % _RING, 0] = outcomes[kept]
        self._ring[places[kept], numbers[kept] % _RING, 1] = forecasts[kept]
        np.maximum.at(self._counts, places, numbers + 1)
        known = scales > 0.0
        self._scales[places[known]] = scales[known]
        usable = known & (numbers >= SKIPPED)
        least = np.maximum(self._least[places], self._floor * scales)
        found = np.flatnonzero(usable & (np.abs(outcomes - forecasts) > least))
        for row in found.tolist():
            self._moments.append(
                Moment(
                    int(places[row]), float(times[row]), int(numbers[row]),
                    float(outcomes[row]), float(forecasts[row]),
                )
            )  # fmt: skip
        if len(found):
            self._prune()
        for moment in self._moments:
            if not moment.complete and self._counts[moment.place] > moment.number + AFTER:
                self._surround(moment)
                moment.complete = True

    def _measure(self) -> None:
        """Measure all moments by what their streams are like now, and put the worst first."""
        for moment in self._moments:
            moment.severity = moment.error / float(self._scales[moment.place])
        self._moments.sort(key=lambda moment: -moment.severity)

    def _prune(self) -> None:
        """Leave the worst, apart from each other and not too many of one stream."""
        self._measure()
        kept: list[Moment] = []
        taken: dict[int, list[int]] = {}
        self._least[:] = 0.0
        for moment in self._moments:
            numbers = taken.setdefault(moment.place, [])
            near = any(abs(moment.number - number) <= BEFORE + AFTER for number in numbers)
            if near or len(numbers) == self._each:
                continue
            numbers.append(moment.number)
            kept.append(moment)
            if len(numbers) == self._each:
                self._least[moment.place] = moment.error
            if len(kept) == self._keep:
                break
        self._moments = kept
        self._floor = kept[-1].severity if len(kept) == self._keep else 0.0

    def _surround(self, moment: Moment) -> None:
        """Copy the points around a moment out of the ring."""
        if moment.place >= self._limit:
            return
        newest = int(self._counts[moment.place])
        first = max(moment.number - BEFORE, newest - _RING, 0)
        numbers = np.arange(first, min(moment.number + AFTER + 1, newest))
        points = self._ring[moment.place, numbers % _RING]
        moment.outcomes, moment.forecasts = points[:, 0].tolist(), points[:, 1].tolist()
        moment.at = moment.number - first

    def _grow(self, places: int) -> None:
        while places > len(self._counts):
            self._counts = np.concatenate([self._counts, np.zeros_like(self._counts)])
            self._scales = np.concatenate([self._scales, np.full_like(self._scales, np.nan)])
            self._least = np.concatenate([self._least, np.zeros_like(self._least)])
        while min(places, self._limit) > len(self._ring):
            self._ring = np.concatenate([self._ring, np.full_like(self._ring, np.nan)])


def _ranks(places: Ints) -> Ints:
    """int64[n]: how many earlier rows have the same place."""
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(places) else np.zeros(0, np.int64)
    lengths = np.diff(np.r_[starts, len(places)])
    ranks = np.empty(len(places), np.int64)
    ranks[order] = np.arange(len(places)) - np.repeat(starts, lengths)
    return ranks
