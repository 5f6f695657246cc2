"""The loop of the seasonal ridge: an expert for all horizons, and what it leaves for the network to learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import ALL, NONE, Array, Columns, rows
from streamrnn.loops.batch import Batch
from streamrnn.rows.ridge import HEADS, SCALE_FIELDS, RidgeRows

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


class RidgeLoop:
    """Seasonal ridge (SR) of each stream and target, and the seasonal naive forecast beside it.

    Writes SR's forecasts to ``base`` and to its place among the experts: the last value plus what the ridge expects, in
    the target's own unit; NaN before there is a value. Where the newest cell has none, they start from the newest
    value. A group of horizons that knows nothing forecasts the last value. With a season, the value one season before
    the step to be forecast (two or more beyond it) is an expert too, NaN where there is none. SR's newest known error
    one step ahead, in running changes over one step and within -8 to 8, goes to the last columns of ``inputs``.

    Parameters
    ----------
    sizes : of the rows
    max_live : streams that there is room for
    expert : place of SR among the experts
    naive : place of the seasonal naive forecast, None without a season
    shown : for each target, whether the network may see its errors; None: all
    tells : whether errors are inputs at all

    Attributes
    ----------
    slabs : ridge_heads int64, ridge_rings and ridge_scales float64, ridge_sums float32; see ``rows.ridge``
    shared : ridge_pooled float64[T, sums], the discounted sums of all streams; ridge_pooled_counts float64[T], the
        discounted number of records in them
    """

    def __init__(
        self,
        sizes: RidgeRows,
        max_live: int,
        expert: int,
        naive: int | None = None,
        shown: Sequence[bool] | None = None,
        tells: bool = True,
    ) -> None:
        targets = sizes.targets
        self._targets = targets
        self._expert, self._naive, self._tells = expert, naive, tells
        self._shown = np.ones(targets) if shown is None else np.array(shown, np.float64)
        self._heads = rows(max_live, HEADS, np.int64)
        self._rings = rows(max_live, targets * sizes.rings[-1])
        self._scales = rows(max_live, targets * sizes.scales)
        self._sums = rows(max_live, targets * sizes.sums, np.float32)
        self._pooled = np.zeros((targets, sizes.sums))
        self._pooled_counts = np.zeros(targets)
        self.slabs: dict[str, Array] = {
            "ridge_heads": self._heads,
            "ridge_rings": self._rings,
            "ridge_scales": self._scales,
            "ridge_sums": self._sums,
        }
        self.shared: dict[str, Array] = {"ridge_pooled": self._pooled, "ridge_pooled_counts": self._pooled_counts}
        changes = np.arange(targets * sizes.scales).reshape(targets, -1)[:, SCALE_FIELDS:].reshape(-1)
        self.learned: dict[str, Columns] = {
            "ridge_heads": NONE, "ridge_rings": NONE, "ridge_scales": changes, "ridge_sums": ALL
        }  # fmt: skip
        widths = [sizes.features, sizes.packed, sizes.scales]
        self._sizes, self._horizons, self._lags, self._long_lags, self._edges = (
            np.array(numbers, np.int64)
            for numbers in (
                [*sizes.rings, sizes.season, sizes.long_season, *widths],
                sizes.horizons,
                sizes.lags,
                sizes.long_lags,
                sizes.edges,
            )
        )
        self._priors = np.array(sizes.priors)

    @classmethod
    def from_settings(cls, settings: Settings) -> RidgeLoop:
        """The loop that these settings ask for."""
        names = settings.expert_names
        shown = [target not in settings.events.withheld for target in settings.events.target_names]
        naive = names.index("seasonal naive") if settings.forecast.season else None
        streams, tells = settings.streams.max_live, settings.inputs.error
        return cls(RidgeRows.from_settings(settings), streams, names.index("ridge"), naive, shown, tells)

    def process(self, batch: Batch) -> None:
        """Learn from the outcomes, and forecast from each record."""
        from streamrnn.kernels import ridge

        shape = len(batch), len(self._horizons), self._targets
        batch.base, batch.spread = np.empty(shape), np.empty(shape)
        naive = np.empty(shape if self._naive is not None else (0, *shape[1:]))
        errors = np.empty((len(batch), self._targets))
        ridge.process(
            batch.slots, batch.fresh, batch.advance, batch.outcomes, batch.base, batch.spread, naive, errors,
            self._sizes, self._horizons, self._lags, self._long_lags, self._edges, self._priors, self._heads,
            self._rings, self._scales, self._sums, self._pooled, self._pooled_counts,
        )  # fmt: skip
        batch.experts[..., self._expert] = batch.base
        if self._naive is not None:
            batch.experts[..., self._naive] = naive
        if self._tells:
            batch.inputs[:, -self._targets :] = errors * self._shown
