"""Rows of their own for sequences that silence ended: one before the event that shows it, of the last event before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from streamrnn.events.columns import Ints
from streamrnn.loops.batch import Batch
from streamrnn.loops.label_batch import LabelBatch
from streamrnn.rows.labels import CLOSING

_COLUMNS = ("slots", "fresh", "live", "times", "values", "records")
OF_SCALE = ("advance", "steps", "events", "inputs")  # columns that the scale loop fills in


@dataclass(frozen=True, slots=True)
class Silences:
    """The events of a batch before which silence had ended their stream's sequence.

    Attributes
    ----------
    rows : int64[m], theirs in the batch, rising
    offsets : int64[m], of the last events of what ended
    labels : float64[m], the newest label in them; NaN: none
    """

    rows: Ints
    offsets: Ints
    labels: npt.NDArray[np.float64]


def widened(batch: Batch, silences: Silences) -> Batch:
    """The batch with a closing row before each of these events, that the later loops answer and learn from as they do
    from labels: it stands for the last event of what ended."""
    rows = np.insert(np.arange(len(batch)), silences.rows, silences.rows)
    at = silences.rows + np.arange(len(silences.rows))
    wide = Batch(*(getattr(batch, name)[rows] for name in _COLUMNS))
    for name in OF_SCALE:
        setattr(wide, name, getattr(batch, name)[rows])
    traits = getattr(batch, "traits", None)
    if traits is not None:
        wide.traits = traits.take(rows)
    labels = wide.labels = batch.labels.take(rows)
    wide.events[at] -= 1
    wide.records[at] -= 1
    labels.kinds[at] = CLOSING
    labels.keyed[at] = False
    labels.offsets[at] = silences.offsets
    labels.values[at] = silences.labels
    labels.ends[at] = True
    labels.restarts[at] = False
    return wide


def parted(wide: LabelBatch) -> tuple[LabelBatch, LabelBatch]:
    """The label columns of the records, and those of the closing rows among them."""
    closing = wide.kinds == CLOSING
    return wide.take(np.flatnonzero(~closing)), wide.take(np.flatnonzero(closing))


def closings_of(silences: Silences, n: int) -> npt.NDArray[Any]:
    """int64[n]: of each record the number of the closing row before it; -1: none."""
    found = np.full(n, -1, np.int64)
    found[silences.rows] = np.arange(len(silences.rows))
    return found
