"""The engine that does nothing: what the daemon costs without a model."""

import numpy as np

from streamrnn.engine.base import Batch
from streamrnn.engine.sizes import RECORDS
from streamrnn.engine.state import State


class NoEngine:
    """Answers every record with no forecast."""

    def process(self, state: State, batch: Batch) -> None:
        """Count the records and leave all forecasts absent."""
        batch.out[:] = np.nan
        batch.counts[:, 0] = 0
        batch.counts[:, 1] = state.totals[RECORDS] + 1 + np.arange(len(batch.slots))
        state.totals[RECORDS] += len(batch.slots)
