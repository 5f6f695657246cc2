"""The loop of the network that learns from labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import Array
from streamrnn.loops.batch import Batch
from streamrnn.loops.learner import Learner, with_codes
from streamrnn.rows.labels import LabelRows

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

# Of model.learning_rate, where labels are classes: the slope of their log loss is noisier than Huber's. On Elec2
# accuracies of .930 and .816 (labels 48 rows late) against .924 and .801 at the whole rate; a quarter: .926 and .821.
CLASS_RATE = 0.5


class LabelNetworkLoop(Learner):
    """Learns from labels; keeps the states and inputs of the events that may await theirs, with the window before.

    With float32, a stream costs 4 x (state + inputs) bytes for each event of ``labels.within`` + 1 + k2, and 8
    (24 where labels are numbers) for each of ``labels.within`` + 1; where answers wait, ``model.lookahead`` takes the
    place of ``labels.within`` if it is larger, and there are 8 bytes more for each.

    Parameters
    ----------
    settings : the daemon's settings
    weights : the initial weights, flat
    name, place : what the names of its arrays begin with, and its place among the networks

    Attributes
    ----------
    rows : sizes and offsets of the rows; ``layout`` has those of the network alone
    running : weight in learning of the answers before a sequence's last
    """

    def __init__(self, settings: Settings, weights: Array, name: str = "network", place: int = 0) -> None:
        sizes = self.rows = LabelRows.from_settings(settings)
        widths = sizes.states_width, 0 if sizes.classes else 2 * sizes.waiting, sizes.counts_width
        rate = settings.model.learning_rate * (CLASS_RATE if sizes.classes else 1.0)
        super().__init__(settings, weights, widths, 1, rate, name)
        self._place = place
        self.running = settings.labels.running

    def process(self, batch: Batch) -> None:
        """Answer the batch's events, and learn from its labels."""
        labels = batch.labels
        seen = with_codes(np.concatenate([batch.inputs, labels.inputs], axis=1), batch, self.layout)
        said = np.empty((len(batch), self.layout.targets))
        if self._torch:
            from streamrnn.engine import label_reference

            label_reference.process(self, batch, seen, said)
        elif self.layout.lookahead:
            from streamrnn.kernels import bidirectional_network

            bidirectional_network.PROCESS[self._cell](
                batch.slots, batch.fresh, batch.live, labels.kinds, labels.restarts, labels.numbers, labels.settles,
                labels.ages, labels.values, labels.classes, labels.last, labels.rms, seen, said, self.rows.waiting,
                self.rows.classes, self.rows.scale_inputs, self.rows.lookahead, self.sizes, self.rates, self.states,
                self.pending, self.counts, self.weights, self.first_moment, self.second_moment, self.gradient,
                self.touched, self.totals, self.sums,
            )  # fmt: skip
        else:
            from streamrnn.kernels import label_network

            label_network.PROCESS[self._cell](
                batch.slots, batch.fresh, batch.live, labels.kinds, labels.restarts, labels.numbers, labels.settles,
                labels.values, labels.classes, labels.last, labels.rms, seen, said, self.rows.waiting,
                self.rows.classes, self.running, self.sizes, self.rates, self.states, self.pending, self.counts,
                self.weights, self.first_moment, self.second_moment, self.gradient, self.touched, self.totals,
                self.sums,
            )  # fmt: skip
        labels.networks[:, self._place] = said

    def forget(self) -> None:
        """Set the hidden states of all streams to zero, for measuring what carrying them is worth."""
        self.states[:, : self.rows.window_steps * self.rows.state] = 0
