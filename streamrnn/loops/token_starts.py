"""The loop that finds where sequences of tokens begin, and counts a stream's events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import NONE, Array, Columns, rows
from streamrnn.loops.batch import Batch
from streamrnn.rows.tokens import START_FIELDS

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


class TokenStartLoop:
    """Says before which events a sequence begins that no event before has told of: the stream's first, and those behind
    a silence. Costs a stream 24 bytes."""

    def __init__(self, settings: Settings) -> None:
        self._used = settings.sequences.used
        self._gap = settings.sequences.gap or 0.0
        self._slab = rows(settings.streams.max_live, START_FIELDS)
        self.starts = np.zeros(0, np.bool_)
        self.slabs: dict[str, Array] = {"token_starts": self._slab}
        self.shared: dict[str, Array] = {}
        self.learned: dict[str, Columns] = {"token_starts": NONE}

    def process(self, batch: Batch) -> None:
        """Fill in the column of events, and ``starts``."""
        from streamrnn.kernels import token_starts

        batch.events, self.starts = np.empty(len(batch), np.int64), np.empty(len(batch), np.bool_)
        token_starts.process(
            batch.slots, batch.fresh, batch.times, batch.tokens.ends, self._gap, self._slab, self.starts, batch.events
        )
        if not self._used:
            self.starts[:] = False
