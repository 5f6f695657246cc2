"""The linear experts of a shard: next step only, learned from all its streams."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from streamrnn.loops.base import NONE, Array, Columns, rows
from streamrnn.loops.batch import Batch
from streamrnn.rows.linear import BLOCK, COLUMNS, LAGS, ORIGIN_FIELDS


class LinearLoop:
    """Fills in the forecasts of one linear expert for each forgetting factor, at the first horizon.

    A stream's row costs 120 bytes for each target, whatever the number of experts.

    Parameters
    ----------
    streams : rows of the slabs
    targets : T
    forgetting : for each expert the share of its weight that a record keeps with each later one, in (0, 1]: .9999
        remembers about the last 10,000 records of the shard
    place : the first of these experts among those of batch.experts; the others follow it

    Attributes
    ----------
    slabs, shared : see `streamrnn.loops.base.Loop`
    """

    def __init__(self, streams: int, targets: int, forgetting: Sequence[float], place: int) -> None:
        experts = len(forgetting)
        self._forgetting = np.array(forgetting, np.float64)
        self._place = place
        self.slabs: dict[str, Array] = {
            "linear_changes": rows(streams, targets * LAGS, np.float32),
            "linear_origins": rows(streams, targets * ORIGIN_FIELDS),
        }
        self.learned: dict[str, Columns] = dict.fromkeys(self.slabs, NONE)
        self.shared: dict[str, Array] = {
            "linear_samples": np.zeros((targets, BLOCK, COLUMNS)),
            "linear_trust": np.zeros((experts, targets, BLOCK)),
            "linear_pending": np.zeros(targets, np.int64),
            "linear_moments": np.zeros((experts, targets, LAGS, COLUMNS)),
            "linear_weights": np.zeros((experts, targets, LAGS)),
        }

    def process(self, batch: Batch) -> None:
        """Advance the state by the batch, and fill in the next step of their columns of batch.experts."""
        from streamrnn.kernels.autoregression import process

        shared = self.shared
        forecasts = np.empty((len(batch), len(self._forgetting), batch.outcomes.shape[1]))
        process(
            batch.slots, batch.fresh, batch.advance, batch.outcomes, batch.rms, self._forgetting, forecasts,
            self.slabs["linear_changes"], self.slabs["linear_origins"], shared["linear_samples"],
            shared["linear_trust"], shared["linear_pending"], shared["linear_moments"], shared["linear_weights"],
        )  # fmt: skip
        batch.experts[:, 0, :, self._place : self._place + len(self._forgetting)] = forecasts.swapaxes(1, 2)
