"""A table's columns of labels, ids and ends."""

from collections.abc import Sequence
from typing import Any

from streamrnn.events import reasons
from streamrnn.events.columns import Floats
from streamrnn.events.labels import LabelColumns, LabelFields
from streamrnn.events.reasons import Refused
from streamrnn.replay import cells
from streamrnn.replay.cells import Column
from streamrnn.replay.places import Places


class LabelCells:
    """Reads what label modes need out of a table's rows.

    Parameters
    ----------
    names : the table's columns
    fields : which of them hold what

    Raises
    ------
    SourceError
        A column is not there.
    """

    def __init__(self, names: Sequence[str], fields: LabelFields) -> None:
        wanted = {"labels.field": fields.field, "labels.id": fields.id, "sequences.end": fields.end}
        self._places = Places(names, wanted)
        self._fields = fields

    def read(self, columns: Sequence[Column], times: Floats, bad: dict[int, tuple[str, str]]) -> LabelColumns:
        """The label columns of n rows; those that cannot be read are added to ``bad``.

        Parameters
        ----------
        columns : one sequence of n cells for each name
        times : event times in seconds
        """
        n = len(times)
        nothing: list[Any] = [None] * n
        label, id_ = (self._places.texts(columns, name) for name in ("labels.field", "labels.id"))

        def refuse(row: int, why: Refused) -> None:
            bad.setdefault(row, (why.reason, why.message))

        labels: Sequence[Any]
        if self._fields.number:
            values, wrong = cells.numbers(self._places.column(columns, "labels.field"))
            labels = values.tolist()
            for row in wrong:
                refuse(row, Refused(reasons.BAD_LABEL, f"label {label[row]!r} is no number"))
        else:
            labels = label
        ends = self._places.flags(columns, "sequences.end", n)
        return self._fields.columns(labels, id_ or nothing, ends, times, refuse)
