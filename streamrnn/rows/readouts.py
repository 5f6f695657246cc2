"""The read-out loop's rows: the hidden states of the last steps, and the base forecasts that await their outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

# What is kept of one forecast until its outcome: the base, and the unit of what the read-out adds to it.
BASE, UNIT = range(2)
FIELDS = 2

# int64 totals of the shard
CONTRIBUTED, SINCE_STEP, RECORDS_PER_STEP, SKIPPED = range(4)
TOTALS = 4
# float64 sums of the shard
BETA1_POWER, BETA2_POWER = range(2)
SUMS = 2


@dataclass(frozen=True, slots=True)
class ReadoutRows:
    """Sizes and offsets of the read-out loop's arrays.

    A row of "readout_states" is a ring of hidden states, as long as the longest horizon. A row of "readout_pending" has
    a ring for each horizon, as long as that, with base and unit of each target: what stands at step modulo h was put
    there h steps ago.

    Attributes
    ----------
    targets, hidden : how many
    horizons : steps ahead beyond the next, ascending
    """

    targets: int
    hidden: int
    horizons: tuple[int, ...]

    @classmethod
    def from_settings(cls, settings: Settings) -> ReadoutRows:
        """The sizes that these settings ask for."""
        return cls(len(settings.events.target_names), settings.model.hidden_size, settings.forecast.horizons[1:])

    @property
    def states(self) -> int:
        """Numbers in a row of hidden states."""
        return self.horizons[-1] * self.hidden

    @property
    def rings(self) -> list[int]:
        """Where each horizon's ring starts in a row of pending forecasts."""
        step = FIELDS * self.targets
        return [step * sum(self.horizons[:place]) for place in range(len(self.horizons))]

    @property
    def pending(self) -> int:
        """Numbers in a row of pending forecasts."""
        return FIELDS * self.targets * sum(self.horizons)
