"""The loop that mixes the experts' quantiles of the next step, and judges them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import Array, Columns, rows
from streamrnn.loops.batch import Batch
from streamrnn.loops.intervals import IntervalLoop
from streamrnn.rows import quantiles as at
from streamrnn.rows.quantiles import QuantileRows

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


class QuantileLoop:
    """Quantiles of each target's next value: for each stream the mixture of three experts'.

    The network's own follow the hidden state and promise no coverage. The tracked ones are the bounds of intervals
    around the published forecast, which follow the side on which outcomes fall; those of the last value, of intervals
    around that without a network: the naive baseline. With Q quantiles a stream costs 8 x (12 Q + 1) bytes for each
    target, and two interval loops of the next step, with as many levels as there are distances from the median.

    Attributes
    ----------
    sums : float64[T, Q, 4, 4], of each expert and of what was published, see ``rows.quantiles``
    slabs, shared : see `streamrnn.loops.base.Loop`
    """

    def __init__(self, settings: Settings) -> None:
        streams, targets, shares = settings.streams.max_live, settings.events.target_names, settings.model.quantiles
        sizes = self._sizes = QuantileRows(len(targets), shares)
        self._shares = np.array(shares)
        self._slab = rows(streams, sizes.width)
        self._tracked = IntervalLoop(
            streams, (1,), len(targets), settings.model.hidden_size, sizes.levels, "quantile_tracked"
        )
        self._naive = IntervalLoop(streams, (1,), len(targets), 0, sizes.levels, "quantile_naive")
        self.sums = np.zeros((len(targets), len(shares), len(at.EXPERTS) + 1, at.SUMS))
        self.slabs: dict[str, Array] = {"quantile": self._slab} | self._tracked.slabs | self._naive.slabs
        self.shared: dict[str, Array] = {"quantile_sums": self.sums} | self._tracked.shared | self._naive.shared
        accounts = np.arange(sizes.width).reshape(sizes.targets, -1)[:, : sizes.opinions].reshape(-1)
        self.learned: dict[str, Columns] = {"quantile": accounts} | self._tracked.learned | self._naive.learned

    def pending(self, slot: int) -> Array:
        """float64[T, Q], what was published of a stream's next step; NaN where nothing was."""
        sizes, row = self._sizes, self._slab[slot].reshape(self._sizes.targets, -1)
        opinions = row[:, sizes.opinions : -1].reshape(1, sizes.targets, len(at.EXPERTS), len(self._shares)).copy()
        nothing = np.full((1, sizes.targets), np.nan)
        # A record that is no step and brings nothing: what is held is mixed once more, and no state changes.
        here = np.array([slot]), np.zeros(1, np.bool_), np.zeros(1, np.int64)
        found: Array = self._mix(*here, nothing, nothing, opinions)[0]
        return found

    def process(self, batch: Batch) -> None:
        """Judge the quantiles of the step that each record brings, and publish those of the next."""
        sizes = self._sizes
        opinions = np.empty((len(batch), sizes.targets, len(at.EXPERTS), len(self._shares)))
        opinions[:, :, at.NETWORK] = batch.told
        opinions[:, :, at.TRACKED] = self._around(self._tracked, batch, batch.forecasts[:, :1], batch.settled[:, :1])
        opinions[:, :, at.LAST_VALUE] = self._around(
            self._naive, batch, batch.last[:, None], batch.settled_baselines[:, :1]
        )
        batch.quantiles = self._mix(batch.slots, batch.fresh, batch.advance, batch.outcomes, batch.unit, opinions)

    def _mix(
        self, slots: Array, fresh: Array, advance: Array, outcomes: Array, unit: Array, opinions: Array
    ) -> Array:
        """The mixtures [n, T, Q] of the experts' quantiles [n, T, 3, Q]."""
        from streamrnn.kernels import quantiles

        found = np.empty((len(slots), self._sizes.targets, len(self._shares)))
        quantiles.process(
            slots, fresh, advance, outcomes, unit, opinions, self._shares, self._sizes.opinions, self._slab, self.sums,
            found,
        )  # fmt: skip
        return found

    def _around(self, loop: IntervalLoop, batch: Batch, forecasts: Array, settled: Array) -> Array:
        """The quantiles [n, T, Q] that are bounds of a loop's intervals around these forecasts [n, 1, T]."""
        low, high, _, _ = loop.around(batch, np.ascontiguousarray(forecasts), np.ascontiguousarray(settled))
        lower, upper, side = low[:, 0][..., self._sizes.places], high[:, 0][..., self._sizes.places], self._sizes.sides
        found: Array = lower + side * (upper - lower)
        return found
