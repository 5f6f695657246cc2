"""The reference engine: the network by torch and autograd, one record at a time.

Slow, and the definition of what the compiled engine computes. It shares the bookkeeping that has no gradient (scaling,
mixture, scores) with the kernels; everything that learns is written again here, in plain torch.
"""

from __future__ import annotations

import numpy as np
import torch

from streamrnn.engine import sizes
from streamrnn.engine.base import Batch
from streamrnn.engine.state import State
from streamrnn.kernels import loop, optimiser, scores
from streamrnn.kernels.scaling import calendar_inputs, update_feature
from streamrnn.network.forecaster import Forecaster
from streamrnn.streams.layout import AGE, EVENTS, HEAD


class TorchEngine:
    """Predict, score and learn by torch; the state's arrays are the same as the compiled engine's."""

    def process(self, state: State, batch: Batch) -> None:
        """Advance the state by the batch, record by record."""
        network = Forecaster(state.layout, 0, torch.float64 if state.weights.itemsize == 8 else torch.float32)
        network.load_flat(state.weights)
        for i in range(len(batch.slots)):
            _Record(state, batch, i, network).run()


class _Record:
    """One record's way through the state."""

    def __init__(self, state: State, batch: Batch, i: int, network: Forecaster) -> None:
        self.state, self.batch, self.i, self.network = state, batch, i, network
        layout = self.layout = state.layout
        slot = batch.slots[i]
        row = state.network_slab[slot]
        self.states = row[: layout.input_ring].reshape(layout.ring_steps, layout.state)
        self.inputs = row[layout.input_ring : layout.target_ring].reshape(layout.ring_steps, layout.inputs)
        self.goals = row[layout.target_ring :].reshape(layout.ring_steps, layout.targets)
        self.account = state.accounts[slot]
        self.tally = state.tallies[slot]

    def run(self) -> None:
        """Settle, learn, step the optimiser, scale, step the state, forecast."""
        state, batch, i, layout = self.state, self.batch, self.i, self.layout
        if batch.fresh[i]:
            row = state.network_slab[batch.slots[i]]
            loop.start_stream(row, self.account, self.tally, layout.features, layout.targets)
        head, age = int(self.tally[HEAD]), int(self.tally[AGE])
        block = scores.block_of(state.totals[sizes.RECORDS], state.sizes[sizes.SCORE_BLOCK], state.window)
        loop.settle(
            self.account, state.target_features, layout.features, batch.values[i], self.goals[head], layout.targets,
            state.scores, state.window, block, batch.out[i],
        )  # fmt: skip
        self._learn(head, age)
        self._count(int(batch.live[i]))
        self._step(head, age)

    def _learn(self, head: int, age: int) -> None:
        """Add this record's gradient: truncated back-propagation through the last k2 steps."""
        state, network = self.state, self.network
        k1, ring = int(state.sizes[sizes.K1]), self.layout.ring_steps
        length = min(age, self.layout.k2)
        places = [(head - length + 1 + s) % ring for s in range(length)]
        newest = places[-k1:]
        known = any((self.goals[place] != loop.MISSING).any() for place in newest)
        if length == 0 or self.tally[EVENTS] % k1 or not known:
            return
        network.zero_grad()
        reached = torch.from_numpy(self.states[(head - length) % ring].copy())
        loss = torch.zeros((), dtype=reached.dtype)
        for place in places:
            reached = network.stack(torch.from_numpy(self.inputs[place].copy()), reached)
            if place in newest:
                loss = loss + self._loss(network.head(reached), torch.from_numpy(self.goals[place].copy()))
        state.sums[sizes.LOSS] += float(loss.detach())
        (loss / (self.layout.targets * k1)).backward()  # type: ignore[no-untyped-call]
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in network.ordered()]
        state.gradient += torch.cat([g.reshape(-1) for g in gradients]).numpy()
        state.totals[sizes.CONTRIBUTED] += 1
        state.totals[sizes.PASSES] += 1

    def _loss(self, output: torch.Tensor, goal: torch.Tensor) -> torch.Tensor:
        """Huber's loss (the absolute error where delta is 0), summed over the targets that are known."""
        delta = float(self.state.rates[sizes.HUBER_DELTA])
        known = goal != loop.MISSING
        error = (output - goal)[known]
        if delta == 0.0:
            return error.abs().sum()
        return torch.nn.functional.huber_loss(error, torch.zeros_like(error), reduction="sum", delta=delta)

    def _count(self, live: int) -> None:
        """Count the record; every min(live streams, largest) records make one optimiser step."""
        totals = self.state.totals
        totals[sizes.RECORDS] += 1
        totals[sizes.SINCE_STEP] += 1
        if totals[sizes.SINCE_STEP] < totals[sizes.RECORDS_PER_STEP]:
            return
        if totals[sizes.CONTRIBUTED] > 0:
            self._optimise(int(totals[sizes.CONTRIBUTED]))
        totals[sizes.SINCE_STEP] = 0
        totals[sizes.CONTRIBUTED] = 0
        totals[sizes.RECORDS_PER_STEP] = max(1, min(live, int(self.state.sizes[sizes.LARGEST_STEP])))

    def _optimise(self, contributed: int) -> None:
        """Adam on the mean gradient, clipped by norm; a gradient that is not finite is dropped and counted."""
        state = self.state
        totals, sums, rates = state.totals, state.sums, state.rates
        mean = state.gradient.astype(np.float64) / contributed
        state.gradient[:] = 0
        norm = float(np.sqrt((mean * mean).sum()))
        if not np.isfinite(norm):
            totals[sizes.SKIPPED] += 1
            return
        if norm > rates[sizes.CLIP_NORM]:
            totals[sizes.CLIPPED] += 1
            mean *= rates[sizes.CLIP_NORM] / norm
        sums[sizes.NORM] = norm
        totals[sizes.STEPS] += 1
        sums[sizes.BETA1_POWER] *= optimiser.BETA1
        sums[sizes.BETA2_POWER] *= optimiser.BETA2
        state.first_moment[:] = optimiser.BETA1 * state.first_moment + (1 - optimiser.BETA1) * mean
        state.second_moment[:] = optimiser.BETA2 * state.second_moment + (1 - optimiser.BETA2) * mean * mean
        first = state.first_moment / (1 - sums[sizes.BETA1_POWER])
        second = state.second_moment / (1 - sums[sizes.BETA2_POWER])
        state.weights -= (rates[sizes.LEARNING_RATE] * first / (np.sqrt(second) + optimiser.EPSILON)).astype(
            state.weights.dtype
        )
        self.network.load_flat(state.weights)

    def _step(self, head: int, age: int) -> None:
        """Take in the record's values, advance the stream's state and leave the next forecasts pending."""
        state, batch, i, layout = self.state, self.batch, self.i, self.layout
        wide = np.zeros(layout.inputs)
        for f in range(layout.features):
            value = batch.values[i, f]
            update_feature(self.account, self.tally, f, layout.features, value, state.shown[f], wide)
        self.tally[EVENTS] += 1
        place = 3 * layout.features
        if layout.calendar:
            calendar_inputs(batch.times[i], wide, place)
            place += 4
        if layout.season:
            loop.season_inputs(
                self.account, self.tally, layout.season_ring, layout.season, layout.targets, state.target_features,
                layout.features, wide, place,
            )  # fmt: skip
        after = (head + 1) % layout.ring_steps
        self.inputs[after] = wide
        with torch.no_grad():
            x = torch.from_numpy(self.inputs[after].copy())
            reached = self.network.stack(x, torch.from_numpy(self.states[head].copy()))
            self.states[after] = reached.numpy()
        self.tally[HEAD] = after
        self.tally[AGE] = min(age + 1, layout.k2)
        loop.forecast(
            self.account, self.tally, state.target_features, layout.features, layout.targets,
            self.network.stack.read(reached).numpy(), self.network.v.detach().numpy(), self.network.d.detach().numpy(),
            batch.out[i],
        )  # fmt: skip
        batch.counts[i] = self.tally[EVENTS], state.totals[sizes.RECORDS]
