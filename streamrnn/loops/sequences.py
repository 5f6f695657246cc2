"""The loop that finds where sequences begin, and what silence ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import NONE, Array, Columns, rows
from streamrnn.loops.batch import Batch
from streamrnn.loops.late import Silences
from streamrnn.rows.labels import HELD_FIELDS, SEQUENCE_FIELDS

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


class SequenceLoop:
    """Marks the events before which a stream's hidden state and window are cleared. Costs a stream 16 bytes, 40 where
    silence ends sequences that have a label each.

    Parameters
    ----------
    settings : the daemon's settings, of which the section ``sequences`` counts
    """

    def __init__(self, settings: Settings) -> None:
        self._gap = settings.sequences.gap or 0.0
        self._used = settings.sequences.end is not None or settings.sequences.gap is not None
        self._holds = self._gap > 0.0 and settings.labels.sequence
        width = HELD_FIELDS if self._holds else SEQUENCE_FIELDS if self._used else 0
        self._slab = rows(settings.streams.max_live, width)
        self.slabs: dict[str, Array] = {"sequences": self._slab} if self._used else {}
        self.shared: dict[str, Array] = {}
        self.learned: dict[str, Columns] = dict.fromkeys(self.slabs, NONE)

    def process(self, batch: Batch) -> None:
        """Fill in the column of restarts."""
        self.find(batch)

    def find(self, batch: Batch) -> Silences | None:
        """The same, and the sequences that silence ended, where a label belongs to each; None: none."""
        labels, n = batch.labels, len(batch)
        labels.restarts = np.zeros(n, np.bool_)
        if not self._used:
            return None
        silences, offsets, held = np.zeros(n, np.bool_), np.zeros(n, np.int64), np.empty(n)
        from streamrnn.kernels import sequences

        sequences.process(
            batch.slots, batch.fresh, labels.kinds, batch.times, labels.ends, labels.offsets, labels.values, self._gap,
            self._slab, labels.restarts, silences, offsets, held,
        )  # fmt: skip
        rows = np.flatnonzero(silences)
        return Silences(rows, offsets[rows], held[rows]) if len(rows) else None
