"""The loop that carries hidden states, learns by truncated back-propagation, and corrects the base forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import Array
from streamrnn.loops.batch import Batch
from streamrnn.loops.learner import Learner, with_codes
from streamrnn.rows import network as at
from streamrnn.rows.network import NetworkRows

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


class NetworkLoop(Learner):
    """Learns what the base forecast of the next step leaves to say.

    Parameters
    ----------
    settings : the daemon's settings
    weights : the initial weights, flat
    learning_rate : another than the settings', of a further network
    """

    def __init__(self, settings: Settings, weights: Array, learning_rate: float | None = None) -> None:
        layout, model = NetworkRows.from_settings(settings), settings.model
        widths = layout.width, at.TARGET_FIELDS * layout.targets, at.STREAM_FIELDS
        name = "network" if learning_rate is None else f"network_{learning_rate:g}"
        super().__init__(settings, weights, widths, model.k1, learning_rate or model.learning_rate, name)
        self._expert = settings.expert_names.index("network" if learning_rate is None else f"network {learning_rate:g}")

    def process(self, batch: Batch) -> None:
        """Learn from the batch's outcomes, and forecast."""
        n = len(batch)
        batch.hidden = np.empty((n, self.layout.hidden), self.weights.dtype)
        base = np.ascontiguousarray(batch.base[:, 0])
        corrected = np.empty((n, self.layout.targets))
        seen = with_codes(batch.inputs, batch, self.layout)
        if self._torch:
            from streamrnn.engine import reference

            reference.process(self, batch, base, seen, corrected)
        else:
            from streamrnn.kernels import network

            network.PROCESS[self._cell](
                batch.slots, batch.fresh, batch.live, batch.advance, batch.outcomes, base, batch.rms, seen,
                corrected, batch.hidden, self.sizes, self.rates, self.states, self.pending, self.counts,
                self.weights, self.first_moment, self.second_moment, self.gradient, self.touched, self.totals,
                self.sums,
            )  # fmt: skip
        batch.experts[:, 0, :, self._expert] = corrected

    def forget(self) -> None:
        """Set the hidden states of all streams to zero, for measuring what carrying them is worth."""
        self.states[:, : self.layout.input_ring] = 0
