"""The reference engine of tokens: the token network's loop by torch and autograd, one step at a time.

Slow, and the definition of what the compiled loop computes: a step's input is a vector with a one for each of its
tokens; softmax, cross entropy (of sets the binary one of each token, summed), gradients and the optimiser are torch's
own or written again here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from streamrnn.engine.reference import add_gradient, count, touch_codes
from streamrnn.loops.batch import Batch
from streamrnn.network.forecaster import Forecaster
from streamrnn.rows import network as at
from streamrnn.rows.tokens import AGE, HEAD, NONE, RING, SINCE

if TYPE_CHECKING:
    from streamrnn.loops.token_network import TokenNetworkLoop

Array = npt.NDArray[np.float64]


def process(loop: TokenNetworkLoop, batch: Batch, said: Array) -> None:
    """Advance the loop by a batch of steps, one after the other; its arrays are those of the compiled engine.

    Parameters
    ----------
    said : float64[n, codes], filled in: what is held likely to come next; zeros where nothing came
    """
    network = Forecaster(loop.layout, 0, torch.float64 if loop.weights.itemsize == 8 else torch.float32)
    network.load_flat(loop.weights)
    for i in range(len(batch)):
        said[i] = 0.0
        _Step(loop, batch, i, network).run(said[i])


class _Step:
    """One step's way through the loop."""

    def __init__(self, loop: TokenNetworkLoop, batch: Batch, i: int, network: Forecaster) -> None:
        self.loop, self.batch, self.network = loop, batch, network
        self.live, self.ring = int(batch.live[i]), loop.rows.ring_steps
        row, self.counts = loop.states[batch.slots[i]], loop.counts[batch.slots[i]]
        if batch.fresh[i]:
            row[:] = 0
            self.counts[:] = 0
        self.states = row.reshape(self.ring, -1)
        self.codes = self.counts[RING:].reshape(self.ring, -1)
        steps = batch.steps_of_tokens
        self.comes, self.restarts = bool(steps.steps[i]), bool(steps.restarts[i])
        self.tokens = steps.tokens[steps.edges[i] : steps.edges[i + 1]]
        self.known = int(steps.known[i])
        self.ends_set = self.restarts and loop.rows.sets

    def run(self, said: Array) -> None:
        """Learn from what came, step, and tell what comes next."""
        if not self.comes:
            return
        newest, age = int(self.counts[HEAD]), int(self.counts[AGE])
        after = (newest + 1) % self.ring
        self.codes[after] = NONE
        self.codes[after, : len(self.tokens)] = self.tokens
        self.counts[SINCE] += age > 0 and not self.ends_set
        self._learn(newest, age)
        count(self.loop, self.network, self.live)
        if self.restarts:
            self.states[newest] = 0
            age = 0
            self.counts[SINCE] = 0
        with torch.no_grad():
            reached = self.network.stack(self._input(after), torch.from_numpy(self.states[newest].copy()))
            outputs = self.network.head(reached).double()[: self.known]
        self.states[after] = reached.numpy()
        self.counts[HEAD] = after
        self.counts[AGE] = min(age + 1, self.ring - 1)
        said[: self.known] = (outputs.sigmoid() if self.loop.rows.sets else outputs.softmax(0)).numpy()

    def _learn(self, newest: int, age: int) -> None:
        """Add the gradient of the outcomes that are new: back through the window that ends at the newest of them."""
        loop, network, k1 = self.loop, self.network, int(self.loop.sizes[at.K1])
        outcomes = min(int(self.counts[SINCE]), k1)
        if outcomes == 0 or not (outcomes == k1 or self.restarts):
            return
        last, length = newest - self.ends_set, min(age - self.ends_set, self.ring - 1)
        reached = torch.from_numpy(self.states[(last - length) % self.ring].copy())
        loss = torch.zeros((), dtype=torch.float64)
        for place in range(last - length + 1, last + 1):
            reached = network.stack(self._input(place % self.ring), reached)
            if last - place < outcomes:
                loss = loss + self._loss(network.head(reached).double(), self.codes[(place + 1) % self.ring])
            touch_codes(loop, [code for code in self.codes[place % self.ring].tolist() if code != NONE])
        self.counts[SINCE] = 0
        add_gradient(loop, network, loss, k1, float(loss.detach()) / outcomes, self.live)

    def _input(self, place: int) -> torch.Tensor:
        """A one for each token of a step."""
        x = torch.zeros(self.loop.layout.inputs, dtype=self.network.v.dtype)
        x[[code for code in self.codes[place].tolist() if code != NONE]] = 1
        return x

    def _loss(self, outputs: torch.Tensor, came: npt.NDArray[np.int64]) -> torch.Tensor:
        """Of a step's outputs [codes] by the tokens that came after it."""
        codes = came[came != NONE].tolist()
        if not self.loop.rows.sets:
            return cross_entropy(outputs[: self.known], torch.tensor(codes[0]))
        there = torch.zeros(self.known, dtype=outputs.dtype)
        there[codes] = 1
        return binary_cross_entropy_with_logits(outputs[: self.known], there, reduction="sum")
