"""What every loop with a recurrent network keeps: its weights and optimiser, and a row for each stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from streamrnn.loops.base import NONE, Array, Columns, rows
from streamrnn.loops.batch import Batch
from streamrnn.rows import drift
from streamrnn.rows import network as at
from streamrnn.rows.categories import touched_width
from streamrnn.rows.cells import NAMES
from streamrnn.rows.network import NetworkRows
from streamrnn.settings.engine import choose_engine

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

CACHE_LINE = 64  # bytes


class Learner:
    """One recurrent network for all streams of the shard, a state for each.

    Both engines work on these arrays and on nothing else, so a snapshot serves either.

    Parameters
    ----------
    settings : the daemon's settings
    weights : the initial weights, flat
    widths : numbers in a stream's row of states (in the network's precision), of what is pending (float64), of counts
    k1 : events of a stream between two learning passes
    learning_rate : the optimiser's step size
    name : what the names of the arrays begin with

    Attributes
    ----------
    layout : sizes and offsets
    states, pending, counts : the streams' rows
    weights, first_moment, second_moment, gradient : flat, in the network's precision
    touched : rows of the table of embeddings that the open optimiser step learned from, see ``rows.categories``
    totals, sums : counts and sums over the shard's life, see ``rows.network``
    sizes, rates : what the kernels are told, see ``rows.network``
    """

    def __init__(
        self,
        settings: Settings,
        weights: Array,
        widths: tuple[int, int, int],
        k1: int,
        learning_rate: float,
        name: str = "network",
    ) -> None:
        layout = self.layout = NetworkRows.from_settings(settings)
        model, streams = settings.model, settings.streams.max_live
        precision = np.dtype(model.precision)
        self.states = rows(streams, widths[0], precision)
        self.pending = rows(streams, widths[1])
        self.counts = rows(streams, widths[2], np.int64)
        self.weights, self.first_moment, self.second_moment, self.gradient = (
            _aligned_zeros(len(weights), precision) for _ in range(4)
        )
        self.weights[:] = weights
        codes, width, table_at = layout.moved_apart(len(weights))
        self.touched = np.zeros(touched_width(codes), np.int64)
        self.totals = np.zeros(at.TOTALS, np.int64)
        self.totals[at.RECORDS_PER_STEP] = 1
        self.sums = np.zeros(at.SUMS)
        self.sums[[at.BETA1_POWER, at.BETA2_POWER]] = 1.0
        self.slabs: dict[str, Array] = {
            name: self.states,
            f"{name}_pending": self.pending,
            f"{name}_counts": self.counts,
        }
        self.learned: dict[str, Columns] = dict.fromkeys(self.slabs, NONE)
        self.shared: dict[str, Array] = {
            f"{name}_weights": self.weights,
            f"{name}_first_moment": self.first_moment,
            f"{name}_second_moment": self.second_moment,
            f"{name}_gradient": self.gradient,
            f"{name}_totals": self.totals,
            f"{name}_sums": self.sums,
        }
        if codes:
            self.shared[f"{name}_touched"] = self.touched
        self.sizes = np.array(
            [
                layout.targets, layout.inputs, layout.hidden, k1, layout.k2, model.records_per_step,
                drift.SHARD_ACTIONS.index(settings.drift.shard), settings.drift.boost_records,
                layout.seen, layout.table.categories, width, codes, table_at,
            ],
            np.int64,
        )  # fmt: skip
        self.rates = np.array(
            [
                learning_rate,
                model.clip_norm,
                model.huber_delta if model.loss == "huber" else 0.0,
                settings.drift.threshold,
                settings.drift.boost,
            ]
        )
        self._torch = choose_engine(model).name == "torch"
        self._cell = NAMES.index(model.cell)

    @property
    def learning_rate(self) -> float:
        """The optimiser's next step size."""
        boosted = self.totals[at.BOOSTED] > 0
        return float(self.rates[at.LEARNING_RATE] * (self.rates[at.BOOST] if boosted else 1.0))


def with_codes(inputs: Array, batch: Batch, layout: NetworkRows) -> Array:
    """float64[n, seen]: the inputs of a batch's records with the codes of their categories behind them."""
    return np.concatenate([inputs, batch.traits.codes], axis=1) if layout.table.categories else inputs


def _aligned_zeros(size: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Zeros that begin with a cache line: vector loads that straddle two lines cost the kernels a fifth."""
    room = np.zeros(size * dtype.itemsize + CACHE_LINE, np.uint8)
    start = -room.ctypes.data % CACHE_LINE
    return room[start : start + size * dtype.itemsize].view(dtype)
