"""The loop that gives each forecast its intervals, and sees how many outcomes they hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from streamrnn.loops.base import ALL, NONE, Array, Columns, rows, without_absent
from streamrnn.loops.batch import Batch
from streamrnn.rows.intervals import MEAN, SUMS, THRESHOLDS, IntervalRows, laplace_quantiles

FIRST_MEAN = 0.7  # size of an error of the last value, in running root mean squares, times the root of the horizon


class IntervalLoop:
    """Intervals whose stated coverage is the measured one, for each stream, target, horizon and level.

    The coverage is that over a stream's time, not that of one interval given what is known then. A stream's row costs,
    with T targets, horizons h and L levels, 8 T (1 + 2 L sum(h)) + 4 T H (2 + 2 L) + 4 x (hidden units) bytes: 168 for
    the next step alone with 32 units, 568 with the 24th step as well.

    Parameters
    ----------
    streams : rows of the slabs
    horizons : steps ahead, ascending, the first is 1
    targets : T
    hidden : units of the network's hidden state, which tells how wide the next step's intervals should be; 0: none
    levels : stated coverage of each interval, each in (0, 1)
    name : what the names of the arrays begin with

    Attributes
    ----------
    sums : float64[H, T, L, 4], over all settled intervals: how many, how many held their outcome, the sums of their
        widths and of their interval scores; see ``streamrnn.rows.intervals``
    slabs, shared : see ``streamrnn.loops.base.Loop``
    """

    def __init__(
        self,
        streams: int,
        horizons: Sequence[int],
        targets: int,
        hidden: int,
        levels: Sequence[float],
        name: str = "interval",
    ) -> None:
        layout = self._layout = IntervalRows(targets, tuple(horizons), tuple(levels), hidden)
        self._horizons = np.array(layout.horizons, np.int64)
        self._rings, self._shares = layout.rings, layout.shares
        self._lower, self._costs = layout.lower, layout.costs
        self._pending = rows(streams, layout.pending_width)
        self._tracks = rows(streams, layout.tracks_width, np.float32)
        self._held = rows(streams, hidden, np.float32)
        self._pooled = np.zeros((len(horizons), targets, layout.track))
        self._pooled[:, :, MEAN] = FIRST_MEAN * np.sqrt(self._horizons)[:, None]
        self._pooled[:, :, THRESHOLDS:] = laplace_quantiles(self._shares)
        self._head = np.zeros((targets, hidden))
        self.sums = np.zeros((len(horizons), targets, len(levels), SUMS))
        self.slabs: dict[str, Array] = {
            f"{name}_pending": self._pending,
            f"{name}_tracks": self._tracks,
            f"{name}_hidden": self._held,
        }
        self.shared: dict[str, Array] = {
            f"{name}_pooled": self._pooled,
            f"{name}_head": self._head,
            f"{name}_sums": self.sums,
        }
        self.learned: dict[str, Columns] = {
            f"{name}_pending": NONE, f"{name}_tracks": ALL, f"{name}_hidden": NONE
        }  # fmt: skip

    @classmethod
    def from_settings(cls, settings: Any) -> IntervalLoop:
        """The loop that these settings ask for."""
        return cls(
            streams=settings.streams.max_live,
            horizons=settings.forecast.horizons,
            targets=len(settings.events.target_names),
            hidden=settings.model.hidden_size,
            levels=settings.forecast.levels,
        )

    @property
    def shares(self) -> Array:
        """float64[2 L], ascending: the share of outcomes that should lie below each bound of `pending`."""
        return self._shares

    @property
    def lower(self) -> Array:
        """int64[L]: the place of each level's lower bound in `pending`; the upper one is as far from the other end."""
        return self._lower

    def pending(self, slot: int) -> Array:
        """float64[T, 2 L], the bounds, ascending, of a stream's next step as they were published; NaN: none."""
        targets, bounds, at = self._layout.targets, self._layout.bounds, int(self._rings[0])
        return without_absent(self._pending[slot, at : at + targets * bounds]).reshape(targets, bounds)

    def process(self, batch: Batch) -> None:
        """Advance the state by the batch, and fill in low, high, settled_low and settled_high."""
        bounds = self.around(batch, batch.forecasts, batch.settled)
        batch.low, batch.high, batch.settled_low, batch.settled_high = bounds

    def around(self, batch: Batch, forecasts: Array, settled: Array) -> tuple[Array, Array, Array, Array]:
        """Advance the state by a batch with these forecasts: low, high, settled_low and settled_high [n, H, T, L].

        Parameters
        ----------
        forecasts, settled : float64[n, H, T], of the steps ahead of each record, and those that it settles
        """
        from streamrnn.kernels import intervals

        shape = *forecasts.shape, len(self._layout.levels)
        bounds = np.empty(shape), np.empty(shape), np.empty(shape), np.empty(shape)
        n, each, levels = len(batch), shape[1] * shape[2], shape[3]
        low, high, settled_low, settled_high = (column.reshape(n, each, levels) for column in bounds)
        hidden = batch.hidden if self._layout.hidden else np.empty((n, 0), np.float32)
        intervals.process(
            batch.slots, batch.fresh, batch.advance, batch.steps, batch.outcomes, settled.reshape(n, each),
            forecasts.reshape(n, each), batch.rms, hidden, low, high, settled_low, settled_high, self._horizons,
            self._rings, self._shares, self._lower, self._costs, self._pending, self._tracks, self._held,
            self._pooled.reshape(each, -1), self._head, self.sums.reshape(each, levels, SUMS),
        )  # fmt: skip
        return bounds
