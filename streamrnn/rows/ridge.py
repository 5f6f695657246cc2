"""The ridge loop's rows: what is remembered of each target's last steps, and the sums that the ridge learns from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from streamrnn.rows.mixture import groups

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

# int64 row of a stream: heads of its rings (slow and fast means share one), and the steps that it has had.
VALUES_HEAD, MEANS_HEAD, PHASE_HEAD, LONG_HEAD, STEPS = range(5)
HEADS = 5

# float64 scales of a target; then, for each horizon, the mean square of changes over it, and how many there were.
LAST, VALUES, PENDING, ERROR = range(4)
SCALE_FIELDS = 4

# Sizes that the kernel is told: where a target's rings start in its part of the row (values, slow and fast means, means
# of the phase in the season and in the long season, end), the seasons, and widths.
VALUES_AT, SLOW_AT, FAST_AT, PHASE_AT, LONG_AT, RINGS_END, SEASON, LONG_SEASON = range(8)
FEATURES, PACKED, SCALES = range(8, 11)

PLAIN_FEATURES, SEASON_FEATURES, LONG_FEATURES = 2, 6, 9
LANES = 4  # groups that are solved side by side
PRIOR = 3.0  # for each horizon and step ahead: outcomes that overlap count h times


@dataclass(frozen=True, slots=True)
class RidgeRows:
    """Sizes of the ridge loop's arrays.

    A target's part of a row, at horizons 1 to 48 and seasons of 24 and 168 steps: 7.3 kB, of which 3.8 kB are rings and
    2.6 kB sums; at horizons 1 and 24 with these seasons 4.2 kB, without a season 0.8 kB.

    Attributes
    ----------
    targets : how many
    horizons : steps ahead, ascending, the first is 1
    season : steps of a season, 0 for none
    long_season : steps of a longer season, 0 for none
    """

    targets: int
    horizons: tuple[int, ...]
    season: int = 0
    long_season: int = 0

    @classmethod
    def from_settings(cls, settings: Settings) -> RidgeRows:
        """The sizes that these settings ask for."""
        return cls(
            targets=len(settings.events.target_names),
            horizons=settings.forecast.horizons,
            season=settings.forecast.season or 0,
            long_season=settings.forecast.long_season or 0,
        )

    @property
    def edges(self) -> tuple[int, ...]:
        """Where each group of horizons that learn together starts in their list, and the end."""
        return (*(places[0] for places in groups(self.horizons)), len(self.horizons))

    @property
    def priors(self) -> tuple[float, ...]:
        """Prior strength of each group: 3 times its horizons times their mean; 1 for lanes without a group."""
        own = [PRIOR * sum(self.horizons[first:last]) for first, last in pairwise(self.edges)]
        return (*own, *[1.0] * (-len(own) % LANES))

    @property
    def lags(self) -> tuple[int, ...]:
        """For each horizon, the whole seasons that reach back from its step to the origin or before; 0 without one."""
        return tuple(-(-h // self.season) * self.season if self.season else 0 for h in self.horizons)

    @property
    def long_lags(self) -> tuple[int, ...]:
        """The same for the long season."""
        return tuple(-(-h // self.long_season) * self.long_season if self.long_season else 0 for h in self.horizons)

    @property
    def rings(self) -> tuple[int, ...]:
        """Where each ring of a target starts, and the end. Each is as long as its oldest entry is still looked up."""
        longest = self.horizons[-1]
        values = max(longest, self.long_lags[-1], (self.lags[-1] + longest) if self.season else 0)
        starts = [0]
        for length in (values, longest, longest, self.lags[-1], self.long_lags[-1]):
            starts.append(starts[-1] + length)
        return tuple(starts)

    @property
    def features(self) -> int:
        """Features of the ridge: those of a season are left out where there is none."""
        return LONG_FEATURES if self.long_season else SEASON_FEATURES if self.season else PLAIN_FEATURES

    @property
    def packed(self) -> int:
        """Sums of one group: products of two features, and of a feature and the outcome."""
        return self.features * (self.features + 1) // 2 + self.features

    @property
    def sums(self) -> int:
        """Sums of one target, groups filled up to whole lanes."""
        return len(self.priors) * self.packed

    @property
    def scales(self) -> int:
        """Scales of one target."""
        return SCALE_FIELDS + 2 * len(self.horizons)
