"""The loop that carries hidden states, learns by truncated back-propagation, and corrects the base forecast."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import Array
from streamrnn.loops.batch import Batch
from streamrnn.loops.learner import Learner, with_codes
from streamrnn.rows import network as at
from streamrnn.rows.heads import told
from streamrnn.rows.network import NetworkRows

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

FIRST = "network"  # its name among the experts


class NetworkLoop(Learner):
    """Learns what the base forecast of the next step leaves to say.

    Parameters
    ----------
    settings : the daemon's settings
    weights : the initial weights, flat
    expert : its name among the experts; read-outs and intervals read the states of the first network
    """

    def __init__(self, settings: Settings, weights: Array, expert: str = FIRST) -> None:
        layout, model = NetworkRows.from_settings(settings), settings.model
        widths = layout.width, at.TARGET_FIELDS * layout.targets, at.STREAM_FIELDS
        super().__init__(settings, weights, widths, model.k1, model.learning_rate, expert.replace(" ", "_"))
        self._expert = settings.expert_names.index(expert)
        self._first = expert == FIRST
        self._levels = np.array(layout.quantiles)
        self._told = told(layout.head, len(layout.quantiles))

    def process(self, batch: Batch) -> None:
        """Learn from the batch's outcomes, and forecast."""
        n = len(batch)
        hidden = np.empty((n, self.layout.hidden), self.weights.dtype)
        beside = np.empty((n, self.layout.targets, self._told))
        base = np.ascontiguousarray(batch.base[:, 0])
        corrected = np.empty((n, self.layout.targets))
        seen = with_codes(batch.inputs, batch, self.layout)
        if self._torch:
            from streamrnn.engine import reference

            reference.process(self, batch, base, seen, corrected, beside, hidden)
        else:
            self._compiled()(
                batch.slots, batch.fresh, batch.live, batch.advance, batch.outcomes, base, batch.rms, seen,
                self._levels, corrected, beside, hidden, self.sizes, self.rates, self.states, self.pending, self.counts,
                self.weights, self.first_moment, self.second_moment, self.gradient, self.touched, self.totals,
                self.sums,
            )  # fmt: skip
        if self._first:
            batch.hidden, batch.told = hidden, beside
        batch.experts[:, 0, :, self._expert] = corrected

    def _compiled(self) -> Callable[..., None]:
        """The loop of its cell and head."""
        if self.layout.traced:
            from streamrnn.kernels import diagonal_network

            return diagonal_network.PROCESS[self.layout.head]
        from streamrnn.kernels import network

        return network.PROCESS[self.layout.head][self._cell]

    def forget(self) -> None:
        """Set the hidden states of all streams to zero, for measuring what carrying them is worth."""
        self.states[:, : self.layout.input_ring] = 0
