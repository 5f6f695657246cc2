"""The columns that only batches with labels have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from streamrnn.events.columns import Floats, Ints
from streamrnn.rows.labels import LABEL, LabelRows

Bytes = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]


@dataclass(slots=True)
class LabelBatch:
    """What n accepted records of one shard bring and get beside the columns of a `Batch`; C classes at most.

    Attributes
    ----------
    kinds : int8[n], EVENT, LABEL, CLOSING or DUE of ``rows.labels``
    offsets : int64[n], of the records in the log
    keys : int64[n], what labels are joined by
    keyed : bool[n], whether there is a key
    values : float64[n], the label that a record brings, of a class its code; NaN: none
    classes : int64[n], classes that were known before this record; 0 where labels are numbers
    ends : bool[n], the event is the last of its sequence
    restarts : bool[n], the event begins a sequence that is not its stream's first
    numbers : int64[n], events of the stream so far
    ids : uint8[n, width], ids of events as ``rows.dues`` keeps them; of no width where nothing asks for them
    brings : int64[n], number in its stream of the event whose label this record brings; 0: none
    settles : int64[n], number of the event that is learned from: the same, but where answers wait, as labels do then
    ages : int64[n], events of the stream since that one
    of : int64[n], offset of that event; -1: none
    status : int8[n], NOTHING, MATCHED, LATE or UNMATCHED of ``rows.labels``
    last : float64[n], last known label before an event's own; NaN: none
    naive : float64[n], the same as it stood at the event whose label this record brings
    mean, rms, unit : float64[n], running scale of labels that are numbers: mean, root mean square and mean size of
        what the last known label erred by
    inputs : float64[n, label inputs], what the network is shown of labels
    networks : float64[n, networks, outputs], probabilities of the classes by each network, or its forecast
    probabilities : float64[n, C], published; NaN where there is no answer, and of classes not known
    answers, baselines : int64[n], likeliest class and the last known one, as codes; -1: none
    settled, settled_baselines : int64[n], those of the event that is settled
    settled_probability : float64[n], what they had given the label
    forecasts, settled_forecasts : float64[n], of labels that are numbers; NaN: none
    late : int64[n], how many of the ``closed`` rows this record's answer tells
    gone_late : the same of the ends of streams
    closed : the same columns, in log order, of rows that stand for earlier events: ends of sequences that silence
        ended, and answers that fell due; None: there are none
    lost : answers that were lost, as their stream went before they fell due
    """

    kinds: Bytes
    offsets: Ints
    keys: Ints
    keyed: Flags
    values: Floats
    classes: Ints
    ends: Flags
    ids: npt.NDArray[np.uint8]
    restarts: Flags = field(init=False)
    numbers: Ints = field(init=False)
    brings: Ints = field(init=False)
    settles: Ints = field(init=False)
    ages: Ints = field(init=False)
    of: Ints = field(init=False)
    status: Bytes = field(init=False)
    last: Floats = field(init=False)
    naive: Floats = field(init=False)
    mean: Floats = field(init=False)
    rms: Floats = field(init=False)
    unit: Floats = field(init=False)
    inputs: Floats = field(init=False)
    networks: Floats = field(init=False)
    probabilities: Floats = field(init=False)
    answers: Ints = field(init=False)
    baselines: Ints = field(init=False)
    settled: Ints = field(init=False)
    settled_baselines: Ints = field(init=False)
    settled_probability: Floats = field(init=False)
    forecasts: Floats = field(init=False)
    settled_forecasts: Floats = field(init=False)

    late: Ints | None = None
    gone_late: Ints | None = None
    closed: LabelBatch | None = None
    lost: int = 0

    def take(self, rows: Ints) -> LabelBatch:
        """These rows of the columns that are filled in, copied."""
        return self._each(lambda _, column: column[rows])

    def with_rows(self, places: Ints, given: dict[str, npt.NDArray[Any]]) -> LabelBatch:
        """The columns that are filled in with rows before these places, of which these columns are given."""
        return self._each(
            lambda name, column: np.insert(column, places, given.get(name, np.zeros((), column.dtype)), axis=0)
        )

    def _each(self, make: Callable[[str, npt.NDArray[Any]], npt.NDArray[Any]]) -> LabelBatch:
        made = object.__new__(LabelBatch)
        for each in fields(self):
            column = getattr(self, each.name, None)
            if isinstance(column, np.ndarray):
                setattr(made, each.name, make(each.name, column))
        made.late = made.gone_late = made.closed = None
        made.lost = 0
        return made

    @property
    def all_events(self) -> bool:
        """Whether no record is a label."""
        return not (self.kinds == LABEL).any()


def no_labels(sizes: LabelRows) -> LabelBatch:
    """The label columns of a batch of no records, so that any loop can be the first."""
    whole, flags, numbers = np.empty(0, np.int64), np.empty(0, np.bool_), np.empty(0)
    ids = np.empty((0, sizes.id_width), np.uint8)
    batch = LabelBatch(np.empty(0, np.int8), whole, whole, flags, numbers, whole, flags, ids)
    batch.restarts = flags
    batch.numbers = batch.brings = batch.settles = batch.ages = batch.of = whole
    batch.answers = batch.settled = batch.settled_baselines = whole
    batch.forecasts = batch.settled_forecasts = numbers
    batch.status = batch.kinds
    batch.last = batch.naive = batch.mean = batch.rms = batch.unit = numbers
    batch.inputs = np.empty((0, sizes.label_inputs))
    batch.networks = np.empty((0, sizes.networks, sizes.outputs))
    return batch
