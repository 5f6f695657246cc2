"""What a loop is: one walk over a batch's records in log order, with rows for each stream and arrays of the shard."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from streamrnn.loops.batch import Batch
from streamrnn.rows import ABSENT

Array = npt.NDArray[Any]
Columns = slice | npt.NDArray[np.int64]
ALL, NONE = slice(None), slice(0)


class Loop(Protocol):
    """One part of what a shard computes. It reads columns that earlier loops wrote, and writes its own.

    Its state is nothing but the arrays below, changed in place, so that they can be saved, compared and loaded. What it
    computes is a function of the records in their order: how they are cut into batches makes no difference.

    Attributes
    ----------
    slabs : by name, arrays [max_live, ...] with a row for each stream; a row is cleared where its record is fresh
    shared : by name, arrays of the shard as a whole; all of this is learned
    learned : by name of each slab, its columns that hold what outcomes have taught. The others are memory: what the
        stream was, and what was said of its next steps. Where values are only imagined, memory alone goes on
        (see `streamrnn.generation`)
    """

    slabs: dict[str, Array]
    shared: dict[str, Array]
    learned: dict[str, Columns]

    def process(self, batch: Batch) -> None:
        """Advance the state by the batch, and fill in this loop's columns."""


@runtime_checkable
class Unlike(Protocol):
    """A loop in whose slabs a row of zeros says something of a stream, so that where a version that has the loop takes
    over from one that had not, rows must begin otherwise.

    Attributes
    ----------
    unseen : by name of a slab, the row of a stream that the loop knows nothing of
    """

    unseen: dict[str, Array]


def without_absent(values: Array) -> Array:
    """What stands in a ring, NaN where it holds nothing."""
    return np.where(values == ABSENT, np.nan, values)


def rows(streams: int, width: int, dtype: Any = np.float64) -> Array:
    """A slab at full size: untouched rows cost address space, not memory."""
    return np.zeros((streams, width), dtype)
