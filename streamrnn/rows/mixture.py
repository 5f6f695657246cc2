"""The mixture loop's rows: forecasts that await their outcome, and the account of each expert's worth."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

EXPERT_FIELDS = 3  # of one expert in an account: regret, squares, bound

# float64 scores of one horizon and target
COUNT, ABSOLUTE, SQUARED, BASELINE_ABSOLUTE, BASELINE_SQUARED = range(5)
SCORES = 5
SCORE_BLOCKS = 20  # of the sliding window

# float64 sums of one group, target and expert, taken when the group's longest horizon settles
EXPERT_ERROR, EXPERT_WEIGHT, EXPERT_COUNT = range(3)
EXPERT_SUMS = 3

_LAST_OF_GROUP = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)


def groups(horizons: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Places in ``horizons`` of those that learn together: 1, 2, 3, 4, 5-6, 7-8, 9-12, 13-16, 17-24, ..., doubling."""
    edges = list(_LAST_OF_GROUP)
    while edges[-1] < horizons[-1]:
        edges.append(2 * edges[-2])
    found: dict[int, list[int]] = {}
    for place, horizon in enumerate(horizons):
        found.setdefault(bisect_left(edges, horizon), []).append(place)
    return tuple(tuple(places) for _, places in sorted(found.items()))


@dataclass(frozen=True, slots=True)
class MixtureRows:
    """Sizes and offsets of the mixture loop's arrays.

    A row holds the unit of each group and target; the account of each group and target; the ring of last values; a
    ring of published forecasts for each horizon, as long as that; and a ring of the experts' forecasts for each group's
    longest horizon. What stands in a ring of length h at step modulo h was put there h steps ago.

    Attributes
    ----------
    targets : how many
    horizons : steps ahead, ascending, the first is 1
    experts : their names; the first is the last value
    block : events in each of the sliding window's blocks
    """

    targets: int
    horizons: tuple[int, ...]
    experts: tuple[str, ...]
    block: int

    @classmethod
    def from_settings(cls, settings: Settings) -> MixtureRows:
        """The sizes that these settings ask for."""
        return cls(
            targets=len(settings.events.target_names),
            horizons=settings.forecast.horizons,
            experts=settings.expert_names,
            block=max(1, settings.scoring.window // SCORE_BLOCKS),
        )

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Places of the horizons in each group."""
        return groups(self.horizons)

    @property
    def group_of(self) -> list[int]:
        """The group of each horizon."""
        return [number for number, places in enumerate(self.groups) for _ in places]

    @property
    def longest(self) -> list[int]:
        """The place of each group's longest horizon."""
        return [places[-1] for places in self.groups]

    @property
    def accounts(self) -> int:
        """Where the accounts start in a row; each group has one for each target."""
        return self.targets * len(self.groups)

    @property
    def last_ring(self) -> int:
        """Where the ring of last values starts: as many steps as the longest horizon."""
        return self.accounts + EXPERT_FIELDS * len(self.experts) * self.targets * len(self.groups)

    @property
    def published(self) -> list[int]:
        """Where each horizon's ring of published forecasts starts."""
        at = self.last_ring + self.horizons[-1] * self.targets
        return [at + self.targets * sum(self.horizons[:place]) for place in range(len(self.horizons))]

    @property
    def opinions(self) -> list[int]:
        """Where each group's ring of the experts' forecasts starts; the last value is not in it."""
        at = self.published[-1] + self.horizons[-1] * self.targets
        lengths = [self.horizons[place] for place in self.longest]
        step = self.targets * (len(self.experts) - 1)
        return [at + step * sum(lengths[:number]) for number in range(len(lengths))]

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return self.opinions[-1] + self.horizons[self.longest[-1]] * self.targets * (len(self.experts) - 1)
