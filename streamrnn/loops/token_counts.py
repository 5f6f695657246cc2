"""The loop of the expert that counts what followed which tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import NONE, Array, Columns, rows
from streamrnn.loops.batch import Batch
from streamrnn.rows.tokens import CELL_FIELDS, FEW, MANY, TokenRows

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


class TokenCountLoop:
    """Counts of all streams of the shard. A stream costs 8 bytes for each token of the longest context and 8, of sets 8
    for each token there is; the shard 16 for each of ``tokens.cells``, of sets 16 for each token and context.

    Parameters
    ----------
    settings : the daemon's settings
    """

    def __init__(self, settings: Settings) -> None:
        sizes = self._sizes = TokenRows.from_settings(settings)
        self._contexts = rows(settings.streams.max_live, sizes.context_width, np.int64)
        self._backoffs = np.ones((sizes.order + 1, FEW, MANY, 2))
        self._backoffs[..., 1] = 2.0  # half of it is owed to shorter contexts, until more is known
        self.slabs: dict[str, Array] = {"token_contexts": self._contexts}
        self.shared: dict[str, Array] = {"token_backoffs": self._backoffs}
        self.learned: dict[str, Columns] = {"token_contexts": NONE}
        if sizes.sets:
            self._counts = np.zeros((sizes.codes, (2 << sizes.order) - 1, 2), np.int64)
            self.shared["token_counts"] = self._counts
        else:
            self._usual = np.zeros(sizes.codes + 1, np.int64)
            self._cells = np.zeros((sizes.cells, CELL_FIELDS), np.int64)
            self.shared |= {"token_usual": self._usual, "token_cells": self._cells}

    def process(self, batch: Batch) -> None:
        """Tell what comes next after each step, and count what came."""
        steps, sizes = batch.steps_of_tokens, self._sizes
        where = batch.slots, batch.fresh, steps.steps, steps.restarts, steps.tokens, steps.edges, steps.known
        if sizes.sets:
            from streamrnn.kernels import set_counts

            set_counts.process(*where, sizes.order, self._contexts, self._counts, self._backoffs, steps.said)
        else:
            from streamrnn.kernels import token_counts

            token_counts.process(
                *where, sizes.order, self._contexts, self._usual, self._cells, self._backoffs, steps.said
            )
