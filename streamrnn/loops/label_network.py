"""The loop of the network that learns from labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import Array, rows
from streamrnn.loops.batch import Batch
from streamrnn.loops.network import aligned_zeros
from streamrnn.rows import drift
from streamrnn.rows import network as at
from streamrnn.rows.cells import NAMES
from streamrnn.rows.labels import LabelRows
from streamrnn.rows.network import NetworkRows
from streamrnn.settings.engine import choose_engine

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

# Of model.learning_rate, where labels are classes: the slope of their log loss is noisier than Huber's. On Elec2
# accuracies of .930 and .816 (labels 48 rows late) against .924 and .801 at the whole rate; a quarter: .926 and .821.
CLASS_RATE = 0.5


class LabelNetworkLoop:
    """One recurrent network for all streams of the shard: a state for each, and the states and inputs of the events
    that may await their label, with the window before.

    With float32, a stream costs 4 x (state + inputs) bytes for each event of ``labels.within`` + 1 + k2, and 8
    (24 where labels are numbers) for each of ``labels.within`` + 1. Both engines work on the arrays of this class and
    on nothing else, so a snapshot serves either.

    Parameters
    ----------
    settings : the daemon's settings
    weights : the initial weights, flat

    Attributes
    ----------
    rows : sizes and offsets; ``layout`` those of the network alone
    weights, first_moment, second_moment, gradient : flat, in the network's precision
    totals, sums : counts and sums over the shard's life, see ``rows.network``
    """

    def __init__(self, settings: Settings, weights: Array) -> None:
        sizes = self.rows = LabelRows.from_settings(settings)
        self.layout = NetworkRows.from_settings(settings)
        model, streams = settings.model, settings.streams.max_live
        precision = np.dtype(model.precision)
        self.states = rows(streams, sizes.states_width, precision)
        self.pending = rows(streams, 0 if sizes.classes else 2 * sizes.waiting)
        self.counts = rows(streams, sizes.counts_width, np.int64)
        self.weights, self.first_moment, self.second_moment, self.gradient = (
            aligned_zeros(len(weights), precision) for _ in range(4)
        )
        self.weights[:] = weights
        self.totals = np.zeros(at.TOTALS, np.int64)
        self.totals[at.RECORDS_PER_STEP] = 1
        self.sums = np.zeros(at.SUMS)
        self.sums[[at.BETA1_POWER, at.BETA2_POWER]] = 1.0
        self.slabs: dict[str, Array] = {
            "network": self.states,
            "network_pending": self.pending,
            "network_counts": self.counts,
        }
        self.shared: dict[str, Array] = {
            "network_weights": self.weights,
            "network_first_moment": self.first_moment,
            "network_second_moment": self.second_moment,
            "network_gradient": self.gradient,
            "network_totals": self.totals,
            "network_sums": self.sums,
        }
        layout = self.layout
        self.sizes = np.array(
            [
                layout.targets, layout.inputs, layout.hidden, 1, layout.k2, model.records_per_step,
                drift.SHARD_ACTIONS.index(settings.drift.shard), settings.drift.boost_records,
            ],
            np.int64,
        )  # fmt: skip
        self.rates = np.array(
            [
                model.learning_rate * (CLASS_RATE if sizes.classes else 1.0),
                model.clip_norm,
                model.huber_delta if model.loss == "huber" else 0.0,
                settings.drift.threshold,
                settings.drift.boost,
            ]
        )
        self._torch = choose_engine(model).name == "torch"
        self._cell = NAMES.index(model.cell)

    def process(self, batch: Batch) -> None:
        """Answer the batch's events, and learn from its labels."""
        labels = batch.labels
        seen = np.concatenate([batch.inputs, labels.inputs], axis=1)
        labels.network = np.empty((len(batch), self.layout.targets))
        if self._torch:
            from streamrnn.engine import label_reference

            label_reference.process(self, batch, seen)
            return
        from streamrnn.kernels import label_network

        label_network.PROCESS[self._cell](
            batch.slots, batch.fresh, batch.live, labels.kinds, labels.restarts, labels.numbers, labels.settles,
            labels.values, labels.classes, labels.last, labels.rms, seen, labels.network, self.rows.waiting,
            self.rows.classes, self.sizes, self.rates, self.states, self.pending, self.counts, self.weights,
            self.first_moment, self.second_moment, self.gradient, self.totals, self.sums,
        )  # fmt: skip

    @property
    def learning_rate(self) -> float:
        """The optimiser's step size for the next label."""
        boosted = self.totals[at.BOOSTED] > 0
        return float(self.rates[at.LEARNING_RATE] * (self.rates[at.BOOST] if boosted else 1.0))

    def forget(self) -> None:
        """Set the hidden states of all streams to zero, for measuring what carrying them is worth."""
        self.states[:, : self.rows.window_steps * self.rows.state] = 0
