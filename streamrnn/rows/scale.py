"""The scale loop's rows: each feature's running scale, the stream's counts, and the season's values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

# Fields of one feature in the float64 slab; the seasonal ring follows them.
LAST, MEAN, VARIANCE, SQUARED_CHANGE, ABSOLUTE_CHANGE = range(5)
FEATURE_FIELDS = 5

# Fields of a stream in the int64 slab; then, for each feature, how many values and how many changes were seen.
EVENTS, STEP, CELL = range(3)
STREAM_FIELDS = 3

INPUTS_PER_FEATURE = 3  # standing, change, missing
CALENDAR_INPUTS = 4
SEASON_INPUTS_PER_TARGET = 2


@dataclass(frozen=True, slots=True)
class ScaleRows:
    """Sizes of the scale loop's arrays.

    Attributes
    ----------
    features : how many numbers an event has
    target_features : for each target, the index of its feature
    season : steps of a season whose values are inputs, 0 for none
    calendar : whether hour and weekday are inputs
    ridge : whether the seasonal ridge's last error of each target is an input
    """

    features: int
    target_features: tuple[int, ...]
    season: int
    calendar: bool
    ridge: bool

    @classmethod
    def from_settings(cls, settings: Settings) -> ScaleRows:
        """The sizes that these settings ask for."""
        features = settings.events.features
        targets = () if settings.learns_labels else settings.events.target_names
        return cls(
            features=len(features),
            target_features=tuple(features.index(target) for target in targets),
            season=settings.forecast.season or 0,
            calendar=settings.model.calendar,
            ridge=settings.experts.ridge,
        )

    @property
    def targets(self) -> int:
        """How many of the features are forecast."""
        return len(self.target_features)

    @property
    def inputs(self) -> int:
        """Inputs of the network at one step."""
        calendar = CALENDAR_INPUTS if self.calendar else 0
        season = SEASON_INPUTS_PER_TARGET * self.targets if self.season else 0
        return INPUTS_PER_FEATURE * self.features + calendar + season + (self.targets if self.ridge else 0)

    @property
    def season_ring(self) -> int:
        """Where the seasonal ring (season + 1 steps of all targets) starts in a row of the float64 slab."""
        return FEATURE_FIELDS * self.features

    @property
    def fields(self) -> int:
        """Numbers in a row of the float64 slab."""
        return self.season_ring + ((self.season + 1) * self.targets if self.season else 0)

    @property
    def counts(self) -> int:
        """Numbers in a row of the int64 slab."""
        return STREAM_FIELDS + 2 * self.features
