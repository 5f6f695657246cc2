"""Rows of the loops that judge what a network says beside its forecast: quantiles, or a distribution's parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from streamrnn.rows.mixture import EXPERT_FIELDS

EXPERTS = ("network", "tracked", "last value")
NETWORK, TRACKED, LAST_VALUE = range(3)

# float64 sums of one target, quantile and expert, and behind the experts those of what was published: outcomes, their
# pinball loss, those below the quantile (one that equals it counts half), the expert's weights (of what was published:
# the pinball loss of the last value).
COUNT, LOSS, BELOW, WEIGHT = range(4)
BASELINE_LOSS = WEIGHT
SUMS = 4

# float64 sums of one target's distribution: outcomes, their log likelihood, and that by the last value.
LIKELIHOOD, BASELINE_LIKELIHOOD = range(1, 3)
DISTRIBUTION_SUMS = 3


@dataclass(frozen=True, slots=True)
class QuantileRows:
    """Sizes and offsets of the quantile loop's rows.

    A row holds for each target the accounts of its quantiles, the experts' quantiles that await their outcome, and the
    unit that they are judged in.

    Attributes
    ----------
    targets : how many
    shares : of outcomes below each quantile, rising
    """

    targets: int
    shares: tuple[float, ...]

    @property
    def levels(self) -> tuple[float, ...]:
        """Coverage of the intervals whose bounds are the quantiles; of the median it is 0."""
        return tuple(sorted({self._level(share) for share in self.shares}))

    @property
    def places(self) -> list[int]:
        """For each quantile the place of its interval among ``levels``."""
        return [self.levels.index(self._level(share)) for share in self.shares]

    @property
    def sides(self) -> npt.NDArray[np.float64]:
        """float64[Q], how much of each quantile is its interval's upper bound: 0, 1, or half and half."""
        return np.array([0.5 if share == 0.5 else float(share > 0.5) for share in self.shares])

    @property
    def opinions(self) -> int:
        """Where the experts' quantiles start in a target's part of a row."""
        return EXPERT_FIELDS * len(EXPERTS) * len(self.shares)

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return self.targets * (self.opinions + len(EXPERTS) * len(self.shares) + 1)

    @staticmethod
    def _level(share: float) -> float:
        return round(abs(1.0 - 2.0 * share), 12)
