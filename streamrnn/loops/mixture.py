"""The loop that weighs the experts, publishes their mixture, and scores it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import ALL, Array, Columns, rows, without_absent
from streamrnn.loops.batch import Batch
from streamrnn.rows import drift
from streamrnn.rows.mixture import EXPERT_COUNT, EXPERT_ERROR, EXPERT_SUMS, SCORE_BLOCKS, SCORES, MixtureRows

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


class MixtureLoop:
    """Each stream's convex mixture of the experts' forecasts, with weights for each target and group of horizons.

    Attributes
    ----------
    scores : float64[horizons, targets, 5], prequential sums over all records
    window : float64[horizons, targets, 20, 5], the same over the newest records, in blocks
    expert_sums : float64[groups, targets, experts, 3], absolute errors, weights and counts at each group's longest
        horizon
    """

    def __init__(self, settings: Settings) -> None:
        sizes = self._sizes = MixtureRows.from_settings(settings)
        streams = settings.streams.max_live
        self._slab = rows(streams, sizes.width)
        self._drift_action = drift.STREAM_ACTIONS.index(settings.drift.stream)
        self._drift_threshold = settings.drift.threshold
        watched = self._drift_action != drift.NONE
        self._watchers = rows(streams, drift.FIELDS * sizes.targets if watched else 0)
        shape = len(sizes.horizons), sizes.targets
        self.scores = np.zeros((*shape, SCORES))
        self.window = np.zeros((*shape, SCORE_BLOCKS, SCORES))
        self.expert_sums = np.zeros((len(sizes.groups), sizes.targets, len(sizes.experts), EXPERT_SUMS))
        self.slabs: dict[str, Array] = {"mixture": self._slab} | ({"drift": self._watchers} if watched else {})
        self.shared: dict[str, Array] = {
            "scores": self.scores,
            "window": self.window,
            "expert_sums": self.expert_sums,
        }
        self.learned: dict[str, Columns] = {"mixture": slice(sizes.accounts, sizes.last_ring)}
        self.learned |= {"drift": ALL} if watched else {}
        self._horizons, self._group_of, self._longest, self._published, self._opinions = (
            np.array(values, np.int64)
            for values in (sizes.horizons, sizes.group_of, sizes.longest, sizes.published, sizes.opinions)
        )

    @property
    def longest(self) -> list[int]:
        """The place of each group's longest horizon."""
        return self._sizes.longest

    def process(self, batch: Batch) -> None:
        """Settle what is pending, and publish."""
        from streamrnn.kernels import mixture

        sizes = self._sizes
        shape = len(batch), len(sizes.horizons), sizes.targets
        batch.forecasts, batch.settled, batch.settled_baselines = (np.empty(shape) for _ in range(3))
        batch.drift = np.empty(len(batch), np.bool_)
        mixture.process(
            batch.slots, batch.fresh, batch.records, batch.advance, batch.steps, batch.outcomes, batch.last, batch.unit,
            batch.spread, batch.experts, self._slab, self.scores, self.window, self.expert_sums, sizes.block,
            self._horizons, self._group_of, self._longest, sizes.accounts, sizes.last_ring, self._published,
            self._opinions, self._watchers, self._drift_action, self._drift_threshold, batch.forecasts, batch.settled,
            batch.settled_baselines, batch.drift,
        )  # fmt: skip

    def pending(self, slot: int) -> Array:
        """float64[T], what was published of a stream's next step; NaN where nothing was."""
        at = self._sizes.published[0]
        return without_absent(self._slab[slot, at : at + self._sizes.targets])

    def expert_errors(self, targets: tuple[str, ...]) -> dict[tuple[str, int], dict[str, float]]:
        """Mean absolute error of each expert over all that it settled, by target and each group's longest horizon."""
        sums = self.expert_sums
        means = sums[..., EXPERT_ERROR] / np.where(sums[..., EXPERT_COUNT] > 0, sums[..., EXPERT_COUNT], np.nan)
        return {
            (target, self._sizes.horizons[place]): dict(zip(self._sizes.experts, means[group, k].tolist(), strict=True))
            for group, place in enumerate(self._sizes.longest)
            for k, target in enumerate(targets)
        }
