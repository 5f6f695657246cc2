"""Where everything of a stream lies in its row of the three slabs, and what a row costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from streamrnn.engine.cells import state_size

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

# Fields of one feature in the float64 slab.
LAST, MEAN, VARIANCE, SQUARED_CHANGE, ABSOLUTE_CHANGE = range(5)
FEATURE_FIELDS = 5

# Fields of one target in the float64 slab: the forecast that awaits its outcome, then the mixture's account.
PENDING, FORECAST, BASELINE, NETWORK, RMS, UNIT, SHARE = range(7)
REGRET, SQUARES, BOUND = 7, 9, 11  # two each: of the last value, of the network
TARGET_FIELDS = 13

# Fields of a stream in the int64 slab; then, for each feature, how many values and how many changes were seen.
EVENTS, HEAD, AGE, SEASON_HEAD = range(4)
STREAM_FIELDS = 4

INPUTS_PER_FEATURE = 3  # standing, change, missing
CALENDAR_INPUTS = 4
SEASON_INPUTS_PER_TARGET = 2


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes and offsets of a shard's arrays, all derived from the settings.

    Attributes
    ----------
    features, targets, hidden : how many of each
    cell, layers, layer_norm : the recurrent network, see ``network.stack``
    target_features : for each target, the index of its feature
    k2 : steps of one learning window; rings hold k2 + 1 steps
    season : seasonal lag in events, 0 for none
    calendar : whether the hour and the weekday are inputs
    itemsize : bytes of a number in the network's precision
    """

    features: int
    targets: int
    target_features: tuple[int, ...]
    hidden: int
    cell: str
    layers: int
    layer_norm: bool
    k2: int
    season: int
    calendar: bool
    itemsize: int

    @classmethod
    def from_settings(cls, settings: Settings) -> Layout:
        """The layout that these settings ask for."""
        features = settings.events.features
        targets = settings.events.target_names
        return cls(
            features=len(features),
            targets=len(targets),
            target_features=tuple(features.index(target) for target in targets),
            hidden=settings.model.hidden_size,
            cell=settings.model.cell,
            layers=settings.model.layers,
            layer_norm=settings.model.layer_norm,
            k2=settings.model.k2,
            season=settings.model.season or 0,
            calendar=settings.model.calendar,
            itemsize=np.dtype(settings.model.precision).itemsize,
        )

    @property
    def inputs(self) -> int:
        """Inputs of the network at one step."""
        calendar = CALENDAR_INPUTS if self.calendar else 0
        season = SEASON_INPUTS_PER_TARGET * self.targets if self.season else 0
        return INPUTS_PER_FEATURE * self.features + calendar + season

    @property
    def state(self) -> int:
        """Numbers of the recurrent state at one step, of all layers."""
        return state_size(self.cell, self.hidden, self.layers)

    @property
    def ring_steps(self) -> int:
        """Steps that a ring holds: a window and the state before it."""
        return self.k2 + 1

    @property
    def input_ring(self) -> int:
        """Where the ring of inputs starts in a row of the network slab (the recurrent states stand first)."""
        return self.ring_steps * self.state

    @property
    def target_ring(self) -> int:
        """Where the ring of learning targets starts in a row of the network slab."""
        return self.input_ring + self.ring_steps * self.inputs

    @property
    def network_row(self) -> int:
        """Numbers in a row of the network slab."""
        return self.target_ring + self.ring_steps * self.targets

    @property
    def target_fields(self) -> int:
        """Where the targets' fields start in a row of the float64 slab."""
        return FEATURE_FIELDS * self.features

    @property
    def season_ring(self) -> int:
        """Where the seasonal ring (season + 1 steps of all targets) starts in a row of the float64 slab."""
        return self.target_fields + TARGET_FIELDS * self.targets

    @property
    def account_row(self) -> int:
        """Numbers in a row of the float64 slab."""
        return self.season_ring + ((self.season + 1) * self.targets if self.season else 0)

    @property
    def count_row(self) -> int:
        """Numbers in a row of the int64 slab."""
        return STREAM_FIELDS + 2 * self.features

    def bytes_per_stream(self) -> int:
        """Bytes of one stream's rows in the three slabs (the key index comes on top)."""
        return self.network_row * self.itemsize + 8 * (self.account_row + self.count_row)
