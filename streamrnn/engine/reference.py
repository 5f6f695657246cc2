"""The reference engine: the network loop by torch and autograd, one record at a time.

Slow, and the definition of what the compiled loop computes: everything that learns is written again here, in plain
torch. Only the bookkeeping that has no gradient is the kernels' own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from streamrnn.kernels import drift, optimiser
from streamrnn.kernels import network as kernel
from streamrnn.loops.batch import Batch
from streamrnn.network.diagonal import LinearRecurrentUnit
from streamrnn.network.forecaster import Forecaster
from streamrnn.network.heads import make_head
from streamrnn.rows import categories
from streamrnn.rows import network as at
from streamrnn.rows.heads import DEGREES, DISTRIBUTIONS, SCALE

if TYPE_CHECKING:
    from streamrnn.loops.learner import Learner
    from streamrnn.loops.network import NetworkLoop

Array = npt.NDArray[np.float64]


def process(
    loop: NetworkLoop, batch: Batch, base: Array, seen: Array, corrected: Array, told: Array,
    hidden: npt.NDArray[Any],
) -> None:  # fmt: skip
    """Advance the network loop by the batch, record by record; its arrays are those of the compiled engine.

    Parameters
    ----------
    base : float64[n, targets], what the network corrects
    seen : float64[n, seen], what the network is shown, codes of categories last
    corrected : float64[n, targets], filled in
    told : float64[n, targets, ...], filled in with what the head tells beside the forecast; NaN where there is no scale
    hidden : [n, hidden units], filled in with the states after each record
    """
    said = Said(corrected, told, hidden)
    network = Forecaster(loop.layout, 0, torch.float64 if loop.weights.itemsize == 8 else torch.float32)
    network.load_flat(loop.weights)
    record = _Traced if loop.layout.traced else _Record
    for i in range(len(batch)):
        record(loop, batch, i, network).run(base[i], seen[i], said)


@dataclass(frozen=True, slots=True)
class Said:
    """The columns that a network fills in."""

    corrected: Array
    told: Array
    hidden: npt.NDArray[Any]


class _Record:
    """One record's way through the loop."""

    def __init__(self, loop: NetworkLoop, batch: Batch, i: int, network: Forecaster) -> None:
        self.loop, self.batch, self.i, self.network = loop, batch, i, network
        self.head = make_head(loop.layout, float(loop.rates[at.HUBER_DELTA]))
        layout = self.layout = loop.layout
        slot = batch.slots[i]
        row, self.pending, self.counts = loop.states[slot], loop.pending[slot], loop.counts[slot]
        self.states = row[: layout.ring_steps * layout.state].reshape(layout.ring_steps, layout.state)
        self.inputs = row[layout.input_ring : layout.goal_ring].reshape(layout.ring_steps, layout.seen)
        self.goals = row[layout.goal_ring :].reshape(layout.ring_steps, layout.targets)
        if batch.fresh[i]:
            row[:] = 0
            self.pending[:] = 0
            self.counts[:] = 0

    def run(self, base: Array, seen: Array, said: Said) -> None:
        """Learn, step the optimiser, step the state, forecast."""
        batch, i = self.batch, self.i
        head, age = int(self.counts[at.HEAD]), int(self.counts[at.AGE])
        kernel.set_goals(self.pending, batch.advance[i], batch.outcomes[i], self.goals[head])
        self._learn(head, age, int(batch.live[i]))
        count(self.loop, self.network, int(batch.live[i]))
        self._step(head, age, base, seen, said)

    def _learn(self, head: int, age: int, live: int) -> None:
        """Add this record's gradient: truncated back-propagation through the last k2 steps."""
        loop, network = self.loop, self.network
        k1, ring = int(loop.sizes[at.K1]), self.layout.ring_steps
        length = min(age, self.layout.k2)
        places = [(head - length + 1 + s) % ring for s in range(length)]
        newest = places[-k1:]
        known = sum(int((self.goals[place] != kernel.MISSING).sum()) for place in newest)
        if length == 0 or self.counts[at.EVENTS] % k1 or not known:
            return
        reached = torch.from_numpy(self.states[(head - length) % ring].copy())
        loss = torch.zeros((), dtype=reached.dtype)
        for place in places:
            reached = network.stack(network.inputs(torch.from_numpy(self.inputs[place].copy())), reached)
            if place in newest:
                loss = loss + self._loss(reached, torch.from_numpy(self.goals[place].copy()))
        touch(loop, self.inputs[places])
        share = self.layout.targets * k1 * self.head.softness
        add_gradient(loop, network, loss, share, float(loss.detach()) / known, live)

    def _loss(self, state: torch.Tensor, goal: torch.Tensor) -> torch.Tensor:
        """The head's loss, summed over the targets that are known."""
        known = goal != kernel.MISSING
        return self.head.loss(self._outputs(state)[known], goal[known]).sum()

    def _outputs(self, state: torch.Tensor) -> torch.Tensor:
        """The head's outputs [targets, width]."""
        return self.network.head(state).reshape(self.layout.targets, -1)

    def _step(self, head: int, age: int, base: Array, seen: Array, said: Said) -> None:
        """Advance the stream's state and leave the next forecasts pending."""
        batch, i, layout = self.batch, self.i, self.layout
        self.counts[at.EVENTS] += 1
        after = (head + 1) % layout.ring_steps
        self.inputs[after] = seen
        with torch.no_grad():
            x = self.network.inputs(torch.from_numpy(self.inputs[after].copy()))
            reached = self.network.stack(x, torch.from_numpy(self.states[head].copy()))
            self.states[after] = reached.numpy()
            said.hidden[i] = self.network.stack.read(reached).numpy()
            outputs = self._outputs(reached)
            forecast, told = self.head.forecast(outputs).double().numpy(), self.head.told(outputs).double().numpy()
        self.counts[at.HEAD] = after
        self.counts[at.AGE] = min(age + 1, layout.k2)
        distribution = layout.head in DISTRIBUTIONS
        for k in range(layout.targets):
            rms = batch.rms[i, k]
            said.corrected[i, k] = np.nan
            said.told[i, k] = np.nan
            if not kernel.leave(self.pending, k, base[k], rms):
                continue
            said.corrected[i, k] = base[k] + rms * forecast[k]
            if rms > 0.0:
                said.told[i, k] = base[k] + rms * told[k]
            if rms > 0.0 and distribution:
                said.told[i, k, SCALE:] = rms * told[k, SCALE], told[k, DEGREES]


class _Traced(_Record):
    """The same of a network that learns by traces: the newest step alone is kept of a stream."""

    def _learn(self, head: int, age: int, live: int) -> None:
        """Add this record's gradient: that of the newest step's loss, by all steps that there were."""
        loop, network, cell = self.loop, self.network, self.cell
        goal = torch.from_numpy(self.goals[0].copy())
        known = int((goal != kernel.MISSING).sum())
        if age == 0 or not known:
            return
        x = network.inputs(torch.from_numpy(self.inputs[0].copy()))
        with torch.no_grad():
            state = torch.from_numpy(self.states[0].copy())
            state[: self.layout.hidden] = cell.read(x, state)
        loss = self._loss(state.requires_grad_(), goal)
        share = self.layout.targets * self.head.softness
        touch(loop, self.inputs[:1])
        network.zero_grad()
        loop.sums[at.LOSS] += float(loss.detach())
        (loss / share).backward()  # type: ignore[no-untyped-call]
        assert state.grad is not None
        slope = state.grad[: self.layout.hidden]
        with torch.no_grad():
            into = cell.into_input(x, state, slope)
        if x.requires_grad:
            x.backward(into)  # type: ignore[no-untyped-call]
        with torch.no_grad():
            cell.add_traced(x, state, self.traces, slope)
        take_gradient(loop, network, float(loss.detach()) / known, live)

    def _step(self, head: int, age: int, base: Array, seen: Array, said: Said) -> None:
        with torch.no_grad():
            x = self.network.inputs(torch.from_numpy(seen.astype(self.inputs.dtype)))
            self.traces[:] = self.cell.traced(x, torch.from_numpy(self.states[0].copy()), self.traces)
        super()._step(head, age, base, seen, said)

    @property
    def cell(self) -> LinearRecurrentUnit:
        """The only layer."""
        (cell,) = self.network.stack.layers
        assert isinstance(cell, LinearRecurrentUnit)
        return cell

    @property
    def traces(self) -> torch.Tensor:
        """Of the stream [inputs + 3, 2 hidden], a view."""
        layout = self.layout
        row = self.loop.states[self.batch.slots[self.i]]
        return torch.from_numpy(row[layout.state : layout.input_ring].reshape(-1, 2 * layout.hidden))


def add_gradient(
    loop: Learner, network: Forecaster, loss: torch.Tensor, share: float, usual: float, live: int
) -> None:
    """Add the gradient of one learning pass, which is that of the loss over ``share``.

    Parameters
    ----------
    usual : the loss for the watch on drift
    live : streams of the shard
    """
    network.zero_grad()
    loop.sums[at.LOSS] += float(loss.detach())
    (loss / share).backward()  # type: ignore[no-untyped-call]
    take_gradient(loop, network, usual, live)


def take_gradient(loop: Learner, network: Forecaster, usual: float, live: int) -> None:
    """Add the gradient that the network's parameters hold."""
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in network.ordered()]
    loop.gradient += torch.cat([g.reshape(-1) for g in gradients]).numpy()
    loop.totals[at.CONTRIBUTED] += 1
    loop.totals[at.PASSES] += 1
    drift.watch_shard(
        usual, live, loop.sizes, loop.rates, loop.first_moment, loop.second_moment, loop.totals, loop.sums
    )


def touch(loop: Learner, seen: npt.NDArray[np.floating]) -> None:
    """Note the codes of these steps' inputs [steps, seen] as rows of the table that the next optimiser step moves."""
    touch_codes(loop, seen[:, seen.shape[1] - loop.layout.table.categories :].astype(np.int64).reshape(-1).tolist())


def touch_codes(loop: Learner, codes: Iterable[int]) -> None:
    """Note rows that the next optimiser step moves."""
    rows, _, _ = loop.layout.moved_apart(len(loop.weights))
    for code in codes:
        if not loop.touched[categories.FLAGS + code]:
            loop.touched[categories.FLAGS + code] = 1
            loop.touched[categories.FLAGS + rows + loop.touched[categories.COUNT]] = code
            loop.touched[categories.COUNT] += 1


def count(loop: Learner, network: Forecaster, live: int) -> None:
    """Count what could be learned from; every min(live streams, largest) of them make one optimiser step."""
    totals = loop.totals
    totals[at.SINCE_STEP] += 1
    if totals[at.SINCE_STEP] >= totals[at.RECORDS_PER_STEP]:
        if totals[at.CONTRIBUTED] > 0:
            _optimise(loop, network, int(totals[at.CONTRIBUTED]))
        totals[at.SINCE_STEP] = 0
        totals[at.CONTRIBUTED] = 0
        totals[at.RECORDS_PER_STEP] = max(1, min(live, int(loop.sizes[at.LARGEST_STEP])))
    drift.count_down(totals)


def huber(error: torch.Tensor, delta: float) -> torch.Tensor:
    """Huber's loss (the absolute error where delta is 0), summed."""
    if delta == 0.0:
        return error.abs().sum()
    return torch.nn.functional.huber_loss(error, torch.zeros_like(error), reduction="sum", delta=delta)


def _optimise(loop: Learner, network: Forecaster, contributed: int) -> None:
    """Adam on the mean gradient, clipped by norm; a gradient that is not finite is dropped and counted. Rows of the
    table of embeddings that no window of this step held stay as they are, with their moments (torch.optim.SparseAdam).
    """
    totals, sums, rates = loop.totals, loop.sums, loop.rates
    moves = _moving(loop)
    loop.touched[:] = 0
    mean = loop.gradient.astype(np.float64) / contributed
    loop.gradient[:] = 0
    norm = float(np.sqrt((mean * mean).sum()))
    if not np.isfinite(norm):
        totals[at.SKIPPED] += 1
        return
    if norm > rates[at.CLIP_NORM]:
        totals[at.CLIPPED] += 1
        mean *= rates[at.CLIP_NORM] / norm
    sums[at.NORM] = norm
    totals[at.STEPS] += 1
    sums[at.BETA1_POWER] *= optimiser.BETA1
    sums[at.BETA2_POWER] *= optimiser.BETA2
    first = optimiser.BETA1 * loop.first_moment + (1 - optimiser.BETA1) * mean
    second = optimiser.BETA2 * loop.second_moment + (1 - optimiser.BETA2) * mean * mean
    loop.first_moment[moves], loop.second_moment[moves] = first[moves], second[moves]
    first = loop.first_moment / (1 - sums[at.BETA1_POWER])
    second = loop.second_moment / (1 - sums[at.BETA2_POWER])
    rate = drift.learning_rate(rates, totals)
    step = (rate * first / (np.sqrt(second) + optimiser.EPSILON)).astype(loop.weights.dtype)
    loop.weights[moves] -= step[moves]
    network.load_flat(loop.weights)


def _moving(loop: Learner) -> npt.NDArray[np.bool_]:
    """Which weights an optimiser step moves."""
    rows, width, at = loop.layout.moved_apart(len(loop.weights))
    moves = np.ones(len(loop.weights), np.bool_)
    flags = loop.touched[categories.FLAGS : categories.FLAGS + rows] == 1
    moves[at : at + rows * width] = np.repeat(flags, width)
    return moves
