"""The loop of the network that predicts tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamrnn.loops.base import Array
from streamrnn.loops.batch import Batch
from streamrnn.loops.learner import Learner
from streamrnn.rows.tokens import NETWORK, TokenRows

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


class TokenNetworkLoop(Learner):
    """Learns which tokens follow; keeps the states and tokens of a window. With float32 a stream costs 4 x state bytes
    for each of k2 + 1 steps, and 8 for each of their tokens.

    Parameters
    ----------
    settings : the daemon's settings
    weights : the initial weights, flat
    name, place : what the names of its arrays begin with, and its place among the networks

    Attributes
    ----------
    rows : sizes of the rows; ``layout`` has those of the network alone
    """

    def __init__(self, settings: Settings, weights: Array, name: str = "network", place: int = 0) -> None:
        sizes = self.rows = TokenRows.from_settings(settings)
        widths = sizes.ring_steps * sizes.state, 0, sizes.counts_width
        model = settings.model
        super().__init__(settings, weights, widths, model.k1, model.learning_rate, name)
        self._place = NETWORK + place

    def process(self, batch: Batch) -> None:
        """Tell what comes next after each step, and learn from what came."""
        steps = batch.steps_of_tokens
        said = steps.said[:, self._place]
        if self._torch:
            from streamrnn.engine import token_reference

            token_reference.process(self, batch, said)
            return
        from streamrnn.kernels import token_network

        token_network.PROCESS[self._cell](
            batch.slots, batch.fresh, batch.live, steps.steps, steps.restarts, steps.tokens, steps.edges, steps.known,
            self.rows.members, self.rows.sets, said, self.sizes, self.rates, self.states, self.counts, self.weights,
            self.first_moment, self.second_moment, self.gradient, self.touched, self.totals, self.sums,
        )  # fmt: skip

    def forget(self) -> None:
        """Set the hidden states of all streams to zero, for measuring what carrying them is worth."""
        self.states[:] = 0
