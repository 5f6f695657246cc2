"""The loop that carries hidden states, learns by truncated back-propagation, and corrects the base forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from streamrnn.loops.base import Array, rows
from streamrnn.loops.batch import Batch
from streamrnn.rows import drift
from streamrnn.rows import network as at
from streamrnn.rows.cells import NAMES
from streamrnn.rows.network import NetworkRows
from streamrnn.settings.engine import choose_engine

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

CACHE_LINE = 64  # bytes


class NetworkLoop:
    """One recurrent network for all streams of the shard, a hidden state for each.

    Both engines work on the arrays of this class and on nothing else, so a snapshot serves either.

    Parameters
    ----------
    settings : the daemon's settings
    weights : the initial weights, flat
    learning_rate : another than the settings', of a further network

    Attributes
    ----------
    layout : sizes and offsets
    weights, first_moment, second_moment, gradient : flat, in the network's precision
    totals, sums : counts and sums over the shard's life, see ``rows.network``
    """

    def __init__(self, settings: Settings, weights: Array, learning_rate: float | None = None) -> None:
        layout = self.layout = NetworkRows.from_settings(settings)
        model = settings.model
        streams = settings.streams.max_live
        precision = np.dtype(model.precision)
        self.states = rows(streams, layout.width, precision)
        self.pending = rows(streams, at.TARGET_FIELDS * layout.targets)
        self.counts = rows(streams, at.STREAM_FIELDS, np.int64)
        self.weights, self.first_moment, self.second_moment, self.gradient = (
            aligned_zeros(len(weights), precision) for _ in range(4)
        )
        self.weights[:] = weights
        self.totals = np.zeros(at.TOTALS, np.int64)
        self.totals[at.RECORDS_PER_STEP] = 1
        self.sums = np.zeros(at.SUMS)
        self.sums[[at.BETA1_POWER, at.BETA2_POWER]] = 1.0
        name = "network" if learning_rate is None else f"network_{learning_rate:g}"
        self.slabs: dict[str, Array] = {
            name: self.states,
            f"{name}_pending": self.pending,
            f"{name}_counts": self.counts,
        }
        self.shared: dict[str, Array] = {
            f"{name}_weights": self.weights,
            f"{name}_first_moment": self.first_moment,
            f"{name}_second_moment": self.second_moment,
            f"{name}_gradient": self.gradient,
            f"{name}_totals": self.totals,
            f"{name}_sums": self.sums,
        }
        self.sizes = np.array(
            [
                layout.targets, layout.inputs, layout.hidden, model.k1, model.k2, model.records_per_step,
                drift.SHARD_ACTIONS.index(settings.drift.shard), settings.drift.boost_records,
            ],
            np.int64,
        )  # fmt: skip
        self.rates = np.array(
            [
                learning_rate or model.learning_rate,
                model.clip_norm,
                model.huber_delta if model.loss == "huber" else 0.0,
                settings.drift.threshold,
                settings.drift.boost,
            ]
        )
        self._expert = settings.expert_names.index("network" if learning_rate is None else f"network {learning_rate:g}")
        self._torch = choose_engine(model).name == "torch"
        self._cell = NAMES.index(model.cell)

    def process(self, batch: Batch) -> None:
        """Learn from the batch's outcomes, and forecast."""
        n = len(batch)
        batch.hidden = np.empty((n, self.layout.hidden), self.weights.dtype)
        base = np.ascontiguousarray(batch.base[:, 0])
        corrected = np.empty((n, self.layout.targets))
        if self._torch:
            from streamrnn.engine import reference

            reference.process(self, batch, base, corrected)
        else:
            from streamrnn.kernels import network

            network.PROCESS[self._cell](
                batch.slots, batch.fresh, batch.live, batch.advance, batch.outcomes, base, batch.rms, batch.inputs,
                corrected, batch.hidden, self.sizes, self.rates, self.states, self.pending, self.counts,
                self.weights, self.first_moment, self.second_moment, self.gradient, self.totals, self.sums,
            )  # fmt: skip
        batch.experts[:, 0, :, self._expert] = corrected

    @property
    def learning_rate(self) -> float:
        """The optimiser's step size for the next record."""
        boosted = self.totals[at.BOOSTED] > 0
        return float(self.rates[at.LEARNING_RATE] * (self.rates[at.BOOST] if boosted else 1.0))

    def forget(self) -> None:
        """Set the hidden states of all streams to zero, for measuring what carrying them is worth."""
        self.states[:, : self.layout.input_ring] = 0


def aligned_zeros(size: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Zeros that begin with a cache line: vector loads that straddle two lines cost the kernels a fifth."""
    room = np.zeros(size * dtype.itemsize + CACHE_LINE, np.uint8)
    start = -room.ctypes.data % CACHE_LINE
    return room[start : start + size * dtype.itemsize].view(dtype)
