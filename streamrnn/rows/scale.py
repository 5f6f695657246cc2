"""The scale loop's rows: each feature's running scale, the stream's counts, the time between events, and the season's
values; and the inputs that the loop makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

# Fields of one feature in the float64 slab; those of the time between events and the seasonal ring follow them.
LAST, MEAN, VARIANCE, SQUARED_CHANGE, ABSOLUTE_CHANGE = range(5)
FEATURE_FIELDS = 5

# Fields of the time between events.
LAST_TIME, ELAPSED_MEAN, ELAPSED_VARIANCE, ELAPSED_COUNT = range(4)
ELAPSED_FIELDS = 4

# Fields of a stream in the int64 slab; then, for each feature, how many values and how many changes were seen.
EVENTS, STEP, CELL = range(3)
STREAM_FIELDS = 3

# Which inputs there are, as the kernel is told.
LEVEL, CHANGE, MISSING, CALENDAR, ELAPSED = range(5)

CALENDAR_INPUTS = 4
SEASON_INPUTS_PER_TARGET = 2


@dataclass(frozen=True, slots=True)
class ScaleRows:
    """Sizes of the scale loop's arrays.

    The inputs stand in this order: those of each feature, calendar, season, time between events, booleans, and last,
    of each target, the seasonal ridge's last error.

    Attributes
    ----------
    features : how many numbers an event has
    target_features : for each target, the index of its feature
    season : steps of a season whose values are inputs, 0 for none
    level, change, missing, calendar, elapsed : whether these are inputs
    booleans : how many
    error : whether the seasonal ridge's last error of each target is an input
    ridge : whether there is a seasonal ridge
    """

    features: int
    target_features: tuple[int, ...]
    season: int
    level: bool
    change: bool
    missing: bool
    calendar: bool
    elapsed: bool
    booleans: int
    error: bool
    ridge: bool

    @classmethod
    def from_settings(cls, settings: Settings) -> ScaleRows:
        """The sizes that these settings ask for."""
        features, inputs = settings.events.features, settings.inputs
        targets = () if settings.learns_labels else settings.events.target_names
        return cls(
            features=len(features),
            target_features=tuple(features.index(target) for target in targets),
            season=settings.forecast.season or 0 if inputs.seasonal else 0,
            level=inputs.level,
            change=inputs.change,
            missing=inputs.missing,
            calendar=inputs.calendar,
            elapsed=inputs.elapsed,
            booleans=len(inputs.booleans),
            error=inputs.error and settings.experts.ridge,
            ridge=settings.experts.ridge,
        )

    @property
    def targets(self) -> int:
        """How many of the features are forecast."""
        return len(self.target_features)

    @property
    def chosen(self) -> tuple[bool, ...]:
        """Which inputs there are, in the order of ``LEVEL`` to ``ELAPSED``."""
        return self.level, self.change, self.missing, self.calendar, self.elapsed

    @property
    def boolean_inputs(self) -> int:
        """Where the inputs of booleans start."""
        features = (self.level + self.change + self.missing) * self.features
        calendar = CALENDAR_INPUTS if self.calendar else 0
        season = SEASON_INPUTS_PER_TARGET * self.targets if self.season else 0
        return features + calendar + season + self.elapsed

    @property
    def inputs(self) -> int:
        """Inputs of the network at one step, without categories."""
        return self.boolean_inputs + self.booleans + (self.targets if self.error else 0)

    @property
    def elapsed_at(self) -> int:
        """Where the fields of the time between events start in a row of the float64 slab."""
        return FEATURE_FIELDS * self.features

    @property
    def season_ring(self) -> int:
        """Where the seasonal ring (season + 1 steps of all targets) starts in a row of the float64 slab."""
        return self.elapsed_at + (ELAPSED_FIELDS if self.elapsed else 0)

    @property
    def fields(self) -> int:
        """Numbers in a row of the float64 slab."""
        return self.season_ring + ((self.season + 1) * self.targets if self.season else 0)

    @property
    def counts(self) -> int:
        """Numbers in a row of the int64 slab."""
        return STREAM_FIELDS + 2 * self.features
