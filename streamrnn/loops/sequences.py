"""The loop that finds where sequences begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import Array, rows
from streamrnn.loops.batch import Batch
from streamrnn.rows.labels import SEQUENCE_FIELDS

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


class SequenceLoop:
    """Marks the events before which a stream's hidden state and window are cleared. Costs a stream 16 bytes.

    Parameters
    ----------
    settings : the daemon's settings, of which the section ``sequences`` counts
    """

    def __init__(self, settings: Settings) -> None:
        self._gap = settings.sequences.gap or 0.0
        self._used = settings.sequences.end is not None or settings.sequences.gap is not None
        self._slab = rows(settings.streams.max_live, SEQUENCE_FIELDS if self._used else 0)
        self.slabs: dict[str, Array] = {"sequences": self._slab} if self._used else {}
        self.shared: dict[str, Array] = {}

    def process(self, batch: Batch) -> None:
        """Fill in the column of restarts."""
        labels = batch.labels
        labels.restarts = np.zeros(len(batch), np.bool_)
        if not self._used:
            return
        from streamrnn.kernels import sequences

        sequences.process(
            batch.slots, batch.fresh, labels.kinds, batch.times, labels.ends, self._gap, self._slab, labels.restarts
        )
