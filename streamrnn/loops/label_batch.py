"""The columns that only batches with labels have."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

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
    kinds : int8[n], EVENT, LABEL or CLOSING of ``rows.labels``
    offsets : int64[n], of the records in the log
    keys : int64[n], what labels are joined by
    keyed : bool[n], whether there is a key
    values : float64[n], the label that a record brings, of a class its code; NaN: none
    classes : int64[n], classes that were known before this record; 0 where labels are numbers
    ends : bool[n], the event is the last of its sequence
    restarts : bool[n], the event begins a sequence that is not its stream's first
    numbers : int64[n], events of the stream so far
    settles : int64[n], number in its stream of the event whose label this record brings; 0: none
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
    closings : int64[n], number of the closing row that came before this record, of a sequence that silence ended; -1:
        none
    closed : the same columns of the closing rows; None: there are none
    """

    kinds: Bytes
    offsets: Ints
    keys: Ints
    keyed: Flags
    values: Floats
    classes: Ints
    ends: Flags
    restarts: Flags = field(init=False)
    numbers: Ints = field(init=False)
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

    closings: Ints | None = None
    closed: LabelBatch | None = None

    def take(self, rows: Ints) -> LabelBatch:
        """These rows of the columns that are filled in, copied."""
        taken = object.__new__(LabelBatch)
        for each in fields(self):
            column = getattr(self, each.name, None)
            if isinstance(column, np.ndarray):
                setattr(taken, each.name, column[rows])
        taken.closings = taken.closed = None
        return taken

    @property
    def all_events(self) -> bool:
        """Whether no record is a label."""
        return not (self.kinds == LABEL).any()


def no_labels(sizes: LabelRows) -> LabelBatch:
    """The label columns of a batch of no records, so that any loop can be the first."""
    whole, flags, numbers = np.empty(0, np.int64), np.empty(0, np.bool_), np.empty(0)
    batch = LabelBatch(np.empty(0, np.int8), whole, whole, flags, numbers, whole, flags)
    batch.restarts = flags
    batch.numbers = batch.settles = batch.ages = batch.of = whole
    batch.answers = batch.settled = batch.settled_baselines = whole
    batch.forecasts = batch.settled_forecasts = numbers
    batch.status = batch.kinds
    batch.last = batch.naive = batch.mean = batch.rms = batch.unit = numbers
    batch.inputs = np.empty((0, sizes.label_inputs))
    batch.networks = np.empty((0, sizes.networks, sizes.outputs))
    return batch
