"""The reference engine in both directions: the label network's loop by torch and autograd, one record at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from streamrnn.engine.label_reference import Record
from streamrnn.engine.reference import add_gradient, touch
from streamrnn.kernels.label_network import LENGTHS
from streamrnn.loops.batch import Batch
from streamrnn.network.forecaster import Forecaster
from streamrnn.rows.labels import DUE, EVENT

if TYPE_CHECKING:
    from streamrnn.loops.label_network import LabelNetworkLoop

Array = npt.NDArray[np.float64]


class BidirectionalRecord(Record):
    """One record's way through the loop: events step the forward state; where an answer falls due the backward network
    runs over the events behind, and both states answer."""

    def __init__(self, loop: LabelNetworkLoop, batch: Batch, i: int, network: Forecaster) -> None:
        super().__init__(loop, batch, i, network)
        self.lookaheads = LENGTHS + loop.rows.waiting

    def take(self, seen: Array, said: Array) -> None:
        labels, sizes = self.batch.labels, self.loop.rows
        number = int(labels.numbers[self.i])
        if labels.kinds[self.i] == EVENT:
            self.step(number, seen)
        elif labels.kinds[self.i] == DUE:
            self.counts[self.lookaheads + number % sizes.waiting] = labels.ages[self.i]
            with torch.no_grad():
                reached = torch.from_numpy(self.states[number % sizes.window_steps].copy())
                outputs = self.network.head(reached, self._behind(number))
            self.answer(number, outputs, said)

    def learn(self, number: int) -> None:
        """Add the gradient of one label: back through the window that ends at its event, and through those behind."""
        network = self.network
        states, places = self.window(number)
        loss = self.loss(network.head(states[-1], self._behind(number)), number)
        if loss is not None:
            touch(self.loop, self.inputs[[*places, *self._places_behind(number)]])
            add_gradient(self.loop, network, loss, 1, float(loss.detach()), int(self.batch.live[self.i]))

    def _places_behind(self, number: int) -> list[int]:
        """Where the inputs stand of the events that the answer saw, from the last back to its own."""
        sizes = self.loop.rows
        ahead = int(self.counts[self.lookaheads + number % sizes.waiting])
        return [step % sizes.window_steps for step in range(number + ahead, number - 1, -1)]

    def _behind(self, number: int) -> torch.Tensor:
        """The backward network's state at the event."""
        network = self.network
        assert network.ahead is not None
        state = torch.zeros(network.ahead.state_size, dtype=network.v.dtype)
        for place in self._places_behind(number):
            seen = torch.from_numpy(self.inputs[place].copy())
            state = network.ahead(network.ahead_inputs(seen), state)
        return state
