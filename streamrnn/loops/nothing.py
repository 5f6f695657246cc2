"""The loop of a daemon without a model: what all else costs."""

import numpy as np

from streamrnn.loops.base import Array, Columns
from streamrnn.loops.batch import Batch


class NoLoop:
    """Answers every record with no forecast.

    Parameters
    ----------
    target_features : for each target, the index of its feature
    horizons : how many
    weights : none; a shard has such an array whatever its model
    """

    def __init__(self, target_features: tuple[int, ...], horizons: int, weights: Array) -> None:
        self._target_features = list(target_features)
        self._horizons = horizons
        self.slabs: dict[str, Array] = {}
        self.shared: dict[str, Array] = {"network_weights": weights}
        self.learned: dict[str, Columns] = {}

    def process(self, batch: Batch) -> None:
        """Leave all forecasts absent."""
        n, targets = len(batch), len(self._target_features)
        batch.events = np.zeros(n, np.int64)
        batch.outcomes = batch.values[:, self._target_features]
        batch.last = np.full((n, targets), np.nan)
        batch.drift = np.zeros(n, np.bool_)
        batch.forecasts = batch.settled = batch.settled_baselines = np.full((n, self._horizons, targets), np.nan)
