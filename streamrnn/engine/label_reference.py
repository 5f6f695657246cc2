"""The reference engine in label modes: the label network's loop by torch and autograd, one record at a time.

Slow, and the definition of what the compiled loop computes: softmax, cross entropy, Huber's loss, gradients and the
optimiser are torch's own or written again here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from streamrnn.engine.reference import add_gradient, count, huber, touch
from streamrnn.kernels.label_network import AGE, BASE, FIELDS, LENGTHS, RMS
from streamrnn.kernels.scaling import CLIP
from streamrnn.loops.batch import Batch
from streamrnn.network.forecaster import Forecaster
from streamrnn.rows import network as at
from streamrnn.rows.labels import EVENT

if TYPE_CHECKING:
    from streamrnn.loops.label_network import LabelNetworkLoop

Array = npt.NDArray[np.float64]


def process(loop: LabelNetworkLoop, batch: Batch, seen: Array, said: Array) -> None:
    """Advance the loop by the batch, record by record; its arrays are those of the compiled engine.

    Parameters
    ----------
    seen : float64[n, seen], what the network is shown
    said : float64[n, outputs], filled in: probabilities or a forecast, NaN for what is no event
    """
    network = Forecaster(loop.layout, 0, torch.float64 if loop.weights.itemsize == 8 else torch.float32)
    network.load_flat(loop.weights)
    said[:] = np.nan
    record = Record
    if loop.layout.lookahead:
        from streamrnn.engine.bidirectional_reference import BidirectionalRecord

        record = BidirectionalRecord
    for i in range(len(batch)):
        if batch.slots[i] >= 0:
            record(loop, batch, i, network).run(seen[i], said[i])


class Record:
    """One record's way through the loop."""

    def __init__(self, loop: LabelNetworkLoop, batch: Batch, i: int, network: Forecaster) -> None:
        self.loop, self.batch, self.i, self.network = loop, batch, i, network
        sizes, slot = loop.rows, batch.slots[i]
        row, self.pending, self.counts = loop.states[slot], loop.pending[slot], loop.counts[slot]
        edge = sizes.window_steps * sizes.state
        self.states = row[:edge].reshape(sizes.window_steps, sizes.state)
        self.inputs = row[edge:].reshape(sizes.window_steps, sizes.seen)
        if batch.fresh[i]:
            row[:] = 0
            self.pending[:] = 0
            self.counts[:] = 0

    def run(self, seen: Array, said: Array) -> None:
        """Step and answer, then learn."""
        settles = int(self.batch.labels.settles[self.i])
        self.take(seen, said)
        if settles > 0:
            self.learn(settles)
            count(self.loop, self.network, int(self.batch.live[self.i]))

    def take(self, seen: Array, said: Array) -> None:
        """Step and answer, at an event."""
        labels = self.batch.labels
        if labels.kinds[self.i] == EVENT:
            number = int(labels.numbers[self.i])
            reached = self.step(number, seen)
            with torch.no_grad():
                self.answer(number, self.network.head(reached), said)

    def step(self, number: int, seen: Array) -> torch.Tensor:
        """Advance the stream's state; returns it."""
        sizes, network = self.loop.rows, self.network
        before, after = (number - 1) % sizes.window_steps, number % sizes.window_steps
        if self.batch.labels.restarts[self.i]:
            self.states[before] = 0
            self.counts[AGE] = 0
        self.inputs[after] = seen
        with torch.no_grad():
            x = network.inputs(torch.from_numpy(self.inputs[after].copy()))
            reached: torch.Tensor = network.stack(x, torch.from_numpy(self.states[before].copy()))
        self.states[after] = reached.numpy()
        self.counts[AGE] = min(self.counts[AGE] + 1, sizes.k2)
        self.counts[LENGTHS + number % sizes.waiting] = self.counts[AGE]
        return reached

    def answer(self, number: int, outputs: torch.Tensor, said: Array) -> None:
        """Say what is held of the event's label."""
        labels, sizes, i = self.batch.labels, self.loop.rows, self.i
        outputs = outputs.double()
        known = int(labels.classes[i])
        if sizes.classes:
            if known:
                said[:] = 0
                said[:known] = torch.softmax(outputs[:known], 0).numpy()
            return
        account = self.pending[FIELDS * (number % sizes.waiting) :]
        account[BASE] = np.nan_to_num(labels.last[i])
        account[RMS] = 0.0 if np.isnan(labels.last[i]) else labels.rms[i]
        said[0] = labels.last[i] + labels.rms[i] * float(outputs[0])

    def window(self, number: int) -> tuple[list[torch.Tensor], list[int]]:
        """The states at the events of a window, run again up to this event, and where their inputs stand."""
        sizes, network = self.loop.rows, self.network
        length = int(self.counts[LENGTHS + number % sizes.waiting])
        reached = torch.from_numpy(self.states[(number - length) % sizes.window_steps].copy())
        places = [step % sizes.window_steps for step in range(number - length + 1, number + 1)]
        states = []
        for place in places:
            reached = network.stack(network.inputs(torch.from_numpy(self.inputs[place].copy())), reached)
            states.append(reached)
        return states, places

    def learn(self, number: int) -> None:
        """Add the gradient of one label: back through the window that ends at its event."""
        loop, network = self.loop, self.network
        states, places = self.window(number)
        loss = self.loss(network.head(states[-1]), number)
        if loss is not None:
            touch(loop, self.inputs[places])
            told = float(loss.detach())
            for reached in states[:-1] if loop.running else ():
                loss = loss + loop.running * (self.loss(network.head(reached), number) or 0.0)
            add_gradient(loop, network, loss, 1, told, int(self.batch.live[self.i]))

    def loss(self, outputs: torch.Tensor, number: int) -> torch.Tensor | None:
        """Cross entropy of a class among those known now; Huber's loss (the absolute error where delta is 0) of a
        number, in units of its base's error; None where there is nothing to learn."""
        labels, sizes = self.batch.labels, self.loop.rows
        label = float(labels.values[self.i])
        if sizes.classes:
            known = max(int(labels.classes[self.i]), int(label) + 1)
            return torch.nn.functional.cross_entropy(outputs[:known], torch.tensor(int(label)))
        account = self.pending[FIELDS * (number % sizes.waiting) :]
        if account[RMS] <= 0.0:
            return None
        goal = float(np.clip((label - account[BASE]) / account[RMS], -CLIP, CLIP))
        return huber(outputs[0] - goal, float(self.loop.rates[at.HUBER_DELTA]))
