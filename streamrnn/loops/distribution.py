"""The loop that judges the distributions that a network tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import NONE, Array, Columns, rows, without_absent
from streamrnn.loops.batch import Batch
from streamrnn.rows.heads import PARAMETERS
from streamrnn.rows.quantiles import DISTRIBUTION_SUMS

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


class DistributionLoop:
    """Log likelihood of each target's outcomes, beside that of a Gaussian around the last value, as wide as the running
    root mean square of the changes; both in such changes. A stream costs 40 bytes for each target.

    Attributes
    ----------
    sums : float64[T, 3], see ``rows.quantiles``
    slabs, shared : see `streamrnn.loops.base.Loop`
    """

    def __init__(self, settings: Settings) -> None:
        targets = len(settings.events.target_names)
        self._slab = rows(settings.streams.max_live, targets * (PARAMETERS + 2))
        self.sums = np.zeros((targets, DISTRIBUTION_SUMS))
        self.slabs: dict[str, Array] = {"distribution": self._slab}
        self.shared: dict[str, Array] = {"distribution_sums": self.sums}
        self.learned: dict[str, Columns] = {"distribution": NONE}

    def pending(self, slot: int) -> Array:
        """float64[T, 3], what was told of a stream's next step: location, scale and degrees of freedom; a scale of NaN:
        nothing."""
        return without_absent(self._slab[slot].reshape(len(self.sums), -1)[:, :PARAMETERS])

    def process(self, batch: Batch) -> None:
        """Judge what was told of the step that each record brings."""
        from streamrnn.kernels import distributions

        distributions.process(
            batch.slots, batch.fresh, batch.advance, batch.outcomes, batch.last, batch.rms, batch.told, self._slab,
            self.sums,
        )  # fmt: skip
