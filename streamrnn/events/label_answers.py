"""What the shard answers in label modes, as columns and as the fields of output records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt

from streamrnn.events.columns import Floats, Ints
from streamrnn.rows.labels import LABEL

if TYPE_CHECKING:
    from streamrnn.events.columns import Predictions


class Label(msgspec.Struct, gc=False):
    """What class an event is held to be of: the likeliest, each class's probability, and the last known one beside it
    (the most frequent, where none is known)."""

    answer: str
    probabilities: dict[str, float]
    baseline: str


class SettledLabel(msgspec.Struct, gc=False):
    """What a label said of an earlier answer, of which ``probability`` is what it had given that label."""

    outcome: str
    answer: str
    probability: float
    baseline: str


class Of(msgspec.Struct, gc=False):
    """The event that a label is of: its offset in the same partition, its id where labels are joined by id, and how
    many events its stream has had since."""

    offset: int
    id: str | None
    events_ago: int


@dataclass(slots=True)
class LabelAnswers:
    """Of n records, of which some may be labels; C classes at most, none where labels are numbers.

    Attributes
    ----------
    kinds : int8[n], EVENT or LABEL of ``rows.labels``, or of rows that are told late CLOSING or DUE
    status : int8[n], NOTHING, MATCHED, LATE or UNMATCHED of ``rows.labels``
    ids : n ids; None: none
    of, ages : int64[n], offset of the event whose label a record brings (-1: none), and events since
    final : bool[n], the answer is the one that is asked for, and not a running one of an unfinished sequence
    classes : names of the classes known
    probabilities : float64[n, C]; NaN where there is no answer, and of classes not known
    answers, baselines : int64[n], codes of the likeliest class and the last known one; -1: none
    outcomes : int64[n], code of the label that the record brings for an event; -1: none
    settled, settled_baselines : int64[n], the answer and baseline that had been given for that event; -1: none
    settled_probability : float64[n], of the outcome in that answer
    waits : whether answers wait for later events, and so are none of them a record's own
    late : int64[n], how many of ``closed`` each record tells
    closed : answers that are told later than at their events, each at its event's offset, in log order: those of
        sequences that silence had ended, and those that waited; None: there are none
    """

    kinds: npt.NDArray[np.int8]
    status: npt.NDArray[np.int8]
    ids: list[str | None]
    of: Ints
    ages: Ints
    final: npt.NDArray[np.bool_]
    classes: tuple[str, ...]
    probabilities: Floats
    answers: Ints
    baselines: Ints
    outcomes: Ints
    settled: Ints
    settled_baselines: Ints
    settled_probability: Floats
    waits: bool
    late: Ints
    closed: Predictions | None

    def of_events(self) -> list[Of | None]:
        """Of each record, the event whose label it brings."""
        rows: list[Of | None] = [None] * len(self.of)
        for row in np.flatnonzero(self.of >= 0).tolist():
            rows[row] = Of(int(self.of[row]), self.ids[row], int(self.ages[row]))
        return rows

    def labels(self) -> list[Label | None]:
        """Of each record, what is held of its class."""
        rows: list[Label | None] = [None] * len(self.answers)
        names, at = self.classes, np.flatnonzero(self.answers >= 0)
        columns = self.probabilities[at], self.answers[at], self.baselines[at]
        known = (~np.isnan(columns[0])).sum(1).tolist()
        for row, count, found, answer, baseline in zip(
            at.tolist(), known, *(column.tolist() for column in columns), strict=True
        ):
            rows[row] = Label(names[answer], dict(zip(names[:count], found[:count], strict=True)), names[baseline])
        return rows

    def settled_labels(self) -> list[SettledLabel | None]:
        """Of each record, what its label said of an earlier answer."""
        rows: list[SettledLabel | None] = [None] * len(self.settled)
        names, at = self.classes, np.flatnonzero(self.settled >= 0)
        columns = self.outcomes[at], self.settled[at], self.settled_probability[at], self.settled_baselines[at]
        for row, outcome, answer, probability, baseline in zip(
            at.tolist(), *(column.tolist() for column in columns), strict=True
        ):
            rows[row] = SettledLabel(names[outcome], names[answer], probability, names[baseline])
        return rows

    @property
    def answerless(self) -> npt.NDArray[np.bool_]:
        """bool[n]: the records that have no answer of their own: labels, and where answers wait all."""
        found: npt.NDArray[np.bool_] = self.kinds == LABEL
        return np.ones_like(found) if self.waits else found
