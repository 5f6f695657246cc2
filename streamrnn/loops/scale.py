"""The first loop: each stream's grid, its features' running scales, and the networks' inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import Array, Columns, rows
from streamrnn.loops.batch import Batch
from streamrnn.rows import scale as at
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
        features, elapsed = self._sizes.features, self._sizes.elapsed_at
        scales = np.arange(features * at.FEATURE_FIELDS).reshape(features, -1)[:, at.MEAN :].reshape(-1)
        gaps = np.arange(elapsed + at.ELAPSED_MEAN, elapsed + at.ELAPSED_FIELDS if self._sizes.elapsed else 0)
        self.learned: dict[str, Columns] = {
            "scale": np.concatenate([scales, gaps]), "counts": slice(at.STREAM_FIELDS, None)
        }  # fmt: skip
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
            first = self._sizes.boolean_inputs
            batch.inputs[:, first : first + self._sizes.booleans] = batch.traits.booleans
        if not self._sizes.ridge:
            batch.base = np.repeat(batch.last[:, None], len(self._roots), axis=1)
            batch.spread = batch.rms[:, None] * self._roots[:, None]

    def last(self, slot: int) -> Array:
        """float64[features], a stream's newest value of each; NaN where there was none."""
        features = self._sizes.features
        values = self._fields[slot, : features * at.FEATURE_FIELDS].reshape(features, -1)[:, at.LAST]
        seen = self._counts[slot, at.STREAM_FIELDS : at.STREAM_FIELDS + features] > 0
        return np.where(seen, values, np.nan)

    def cell(self, slot: int) -> int:
        """Number of a stream's newest cell of ``forecast.interval``; 0 without one."""
        return int(self._counts[slot, at.CELL])

    def usual_gap(self, slot: int) -> float | None:
        """Geometric mean of the seconds between a stream's events; None where elapsed time is no input, or is not known
        yet."""
        row = self._fields[slot, self._sizes.elapsed_at :]
        if not self._sizes.elapsed or row[at.ELAPSED_COUNT] == 0.0:
            return None
        from streamrnn.portable import exp

        return exp(float(row[at.ELAPSED_MEAN]))
