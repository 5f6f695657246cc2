"""The interval loop's rows: what tracks each horizon's thresholds, and the intervals that await their outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

# float32 track of one horizon and target (float64 in the pooled one): the running mean of the errors' sizes, how many
# intervals were settled, and the thresholds.
MEAN, SETTLED, THRESHOLDS = range(3)

# float64 sums of one horizon, target and level: intervals settled, those that held their outcome, their widths, and
# their interval scores.
COUNT, COVERED, WIDTH, WINKLER = range(4)
SUMS = 4


@dataclass(frozen=True, slots=True)
class IntervalRows:
    """Sizes and offsets of the interval loop's arrays.

    A stream's row of float64 ("interval_pending") holds, for each target, the scale of the newest interval of the next
    step before the head had its say; then, for each horizon, a ring as long as the horizon with the bounds of each
    target: what stands at step modulo h was given h steps ago. A row of float32 ("interval_tracks") holds the track of
    each horizon and target, another ("interval_hidden") the hidden state that the newest interval was given from.

    Attributes
    ----------
    targets : how many
    horizons : steps ahead, ascending, the first is 1
    levels : stated coverage of each interval, each in (0, 1), in any order
    hidden : units of the network's hidden state, 0 without a network
    """

    targets: int
    horizons: tuple[int, ...]
    levels: tuple[float, ...]
    hidden: int

    @property
    def bounds(self) -> int:
        """Bounds of one forecast: a lower and an upper one for each level."""
        return 2 * len(self.levels)

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """float64[bounds], ascending: the share of outcomes that should lie below each bound."""
        lower = [(1.0 - level) / 2.0 for level in sorted(self.levels, reverse=True)]
        return np.array([*lower, *(1.0 - share for share in reversed(lower))])

    @property
    def lower(self) -> npt.NDArray[np.int64]:
        """int64[levels]: the place of each level's lower bound; the upper one stands as far from the other end."""
        order = sorted(range(len(self.levels)), key=lambda place: -self.levels[place])
        return np.array([order.index(place) for place in range(len(self.levels))], np.int64)

    @property
    def costs(self) -> npt.NDArray[np.float64]:
        """float64[levels]: what the interval score charges for each unit that an outcome lies outside."""
        return np.array([2.0 / (1.0 - level) for level in self.levels])

    @property
    def track(self) -> int:
        """Numbers in the track of one horizon and target."""
        return THRESHOLDS + self.bounds

    @property
    def tracks_width(self) -> int:
        """Numbers in a row of tracks."""
        return len(self.horizons) * self.targets * self.track

    @property
    def rings(self) -> npt.NDArray[np.int64]:
        """int64[horizons]: where each horizon's ring starts in a row of pending intervals."""
        step = self.targets * self.bounds
        return np.array([self.targets + step * sum(self.horizons[:q]) for q in range(len(self.horizons))], np.int64)

    @property
    def pending_width(self) -> int:
        """Numbers in a row of pending intervals."""
        return self.targets * (1 + self.bounds * sum(self.horizons))


def laplace_quantiles(shares: Sequence[float] | npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Quantiles of the Laplace distribution with mean absolute deviation 1, which is where thresholds start.

    sign(p - 1/2) log(1 / (2 min(p, 1 - p))). The logarithm is decimal's, which is rounded correctly and so the same on
    every machine.
    """
    found = []
    for share in shares:
        size = -float((2 * Decimal(float(min(share, 1.0 - share)))).ln())
        found.append(size if share > 0.5 else -size)
    return np.array(found)
