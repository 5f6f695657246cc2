"""Rows of their own for answers that are told later than their events: among the records of a batch, in log order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from streamrnn.events.columns import Ints
from streamrnn.loops.batch import Batch
from streamrnn.loops.label_batch import LabelBatch
from streamrnn.rows.labels import CLOSING, DUE

_COLUMNS = ("slots", "fresh", "live", "times", "values", "records")
OF_SCALE = ("advance", "steps", "events", "inputs")  # columns that the scale loop fills in

Columns = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Late:
    """What is put among n records; whatever is not given is 0.

    Attributes
    ----------
    places : int64[m], the records before which the rows come, rising; n is behind the last
    told : int64[n], how many of them each record's answer tells
    gone_told : the same of the ends of streams, see `streamrnn.streams.index.Gone`
    lost : answers that were lost, as their stream went before they fell due
    columns, labels : columns [m] of the `Batch` and of its labels, by name
    """

    places: Ints
    told: Ints
    gone_told: Ints
    lost: int
    columns: Columns
    labels: Columns


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


def closings(batch: Batch, silences: Silences) -> Late:
    """A row before each of these events, that the later loops answer and learn from as they do from labels: it stands
    for the last event of what ended."""
    at, told = silences.rows, np.zeros(len(batch), np.int64)
    told[at] = 1
    n = len(at)
    return Late(
        places=at,
        told=told,
        gone_told=np.zeros(0, np.int64),
        lost=0,
        columns={
            "slots": batch.slots[at],
            "live": batch.live[at],
            "records": batch.records[at] - 1,
            "events": batch.events[at] - 1,
        },
        labels={
            "kinds": np.full(n, CLOSING, np.int8),
            "offsets": silences.offsets,
            "values": silences.labels,
            "classes": batch.labels.classes[at],
            "ends": np.ones(n, np.bool_),
        },
    )


def widened(batch: Batch, late: Late) -> Batch:
    """The batch with these rows in their places."""

    def wide(name: str) -> npt.NDArray[Any]:
        column: npt.NDArray[Any] = getattr(batch, name)
        return np.insert(column, late.places, late.columns.get(name, np.zeros((), column.dtype)), axis=0)

    slots, fresh, live, times, values, records = map(wide, _COLUMNS)
    made = Batch(slots, fresh, live, times, values, records)
    for name in OF_SCALE:
        setattr(made, name, wide(name))
    traits = getattr(batch, "traits", None)
    if traits is not None:
        made.traits = traits.with_rows(late.places)
    made.labels = batch.labels.with_rows(late.places, late.labels)
    return made


def parted(wide: LabelBatch) -> tuple[LabelBatch, LabelBatch]:
    """The label columns of the records, and those of the rows that were put among them."""
    put = (wide.kinds == CLOSING) | (wide.kinds == DUE)
    return wide.take(np.flatnonzero(~put)), wide.take(np.flatnonzero(put))
