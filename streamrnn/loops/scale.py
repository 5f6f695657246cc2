"""The first loop: each stream's grid, its features' running scales, and the networks' inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import Array, rows
from streamrnn.loops.batch import Batch
from streamrnn.rows.scale import ScaleRows

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


class ScaleLoop:
    """Fills in what all later loops count in: steps, last values, units, inputs; without a ridge also what the network
    corrects, which is the last value then."""

    def __init__(self, settings: Settings) -> None:
        self._sizes = ScaleRows.from_settings(settings)
        streams = settings.streams.max_live
        self._fields = rows(streams, self._sizes.fields)
        self._counts = rows(streams, self._sizes.counts, np.int64)
        self.slabs: dict[str, Array] = {"scale": self._fields, "counts": self._counts}
        self.shared: dict[str, Array] = {}
        self._interval = settings.forecast.interval or 0.0
        self._roots = np.sqrt(np.array(settings.forecast.horizons, np.float64))
        withheld = settings.events.withheld
        self._shown = np.array([feature not in withheld for feature in settings.events.features], np.float64)
        self._chosen = np.array(self._sizes.chosen)
        self._target_features = np.array(self._sizes.target_features, np.int64)

    def process(self, batch: Batch) -> None:
        """Take in the batch's values."""
        from streamrnn.kernels import scale

        n, targets = len(batch), self._sizes.targets
        batch.outcomes = np.ascontiguousarray(batch.values[:, self._target_features])
        batch.advance = np.empty(n, np.int64)
        batch.steps = np.empty(n, np.int64)
        batch.events = np.empty(n, np.int64)
        batch.last, batch.rms, batch.unit = (np.empty((n, targets)) for _ in range(3))
        batch.inputs = np.empty((n, self._sizes.inputs))
        scale.process(
            batch.slots, batch.fresh, batch.times, batch.values, self._interval, self._sizes.season,
            self._chosen, self._target_features, self._shown, self._fields, self._counts, batch.advance,
            batch.steps, batch.events, batch.last, batch.rms, batch.unit, batch.inputs,
        )  # fmt: skip
        if self._sizes.booleans:
            at = self._sizes.boolean_inputs
            batch.inputs[:, at : at + self._sizes.booleans] = batch.traits.booleans
        if not self._sizes.ridge:
            batch.base = np.repeat(batch.last[:, None], len(self._roots), axis=1)
            batch.spread = batch.rms[:, None] * self._roots[:, None]
