"""The loop by which the network corrects the forecasts beyond the next step."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import NONE, Array, Columns, rows
from streamrnn.loops.batch import Batch
from streamrnn.rows import readouts as at
from streamrnn.rows.readouts import ReadoutRows

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


class ReadoutLoop:
    """A linear read-out of the hidden state for each horizon above 1, learned from the state of its origin.

    A stream costs 4 bytes x hidden units x the longest horizon, and 16 bytes x targets x the sum of the horizons: for
    the 24th step 3.5 kB.

    Parameters
    ----------
    settings : the daemon's settings, with a horizon above 1
    expert : the network's place among the experts of batch.experts
    """

    def __init__(self, settings: Settings, expert: int) -> None:
        layout = ReadoutRows.from_settings(settings)
        model, streams = settings.model, settings.streams.max_live
        self._expert = expert
        self._horizons, self._rings = np.array(layout.horizons, np.int64), np.array(layout.rings, np.int64)
        # Square roots alone: a power of the library's may differ by a bit between machines.
        self._rates = np.array([model.learning_rate / (sqrt(h) * sqrt(sqrt(h))) for h in layout.horizons])
        self._clip_norm, self._largest_step = model.clip_norm, model.records_per_step
        self._delta = model.huber_delta if model.loss == "huber" else 0.0
        self._states = rows(streams, layout.states, np.dtype(model.precision))
        self._pending = rows(streams, layout.pending)
        shape = len(layout.horizons), layout.targets, layout.hidden + 1
        self._weights, self._first, self._second, self._gradient = (np.zeros(shape) for _ in range(4))
        self._totals = np.zeros(at.TOTALS, np.int64)
        self._totals[at.RECORDS_PER_STEP] = 1
        self._sums = np.ones(at.SUMS)
        self.slabs: dict[str, Array] = {"readout_states": self._states, "readout_pending": self._pending}
        self.learned: dict[str, Columns] = dict.fromkeys(self.slabs, NONE)
        self.shared: dict[str, Array] = {
            "readout_weights": self._weights,
            "readout_first_moment": self._first,
            "readout_second_moment": self._second,
            "readout_gradient": self._gradient,
            "readout_totals": self._totals,
            "readout_sums": self._sums,
        }

    def process(self, batch: Batch) -> None:
        """Learn from the batch's outcomes, and correct the base forecasts of the horizons above 1."""
        from streamrnn.kernels import readouts

        base, units = (np.ascontiguousarray(column[:, 1:]) for column in (batch.base, batch.spread))
        corrected = np.empty_like(base)
        readouts.process(
            batch.slots, batch.fresh, batch.live, batch.advance, batch.steps, batch.outcomes, base, units, batch.hidden,
            corrected, self._horizons, self._rings, self._rates, self._clip_norm, self._delta, self._largest_step,
            self._states, self._pending, self._weights, self._first, self._second, self._gradient, self._totals,
            self._sums,
        )  # fmt: skip
        batch.experts[:, 1:, :, self._expert] = corrected
