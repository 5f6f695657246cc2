"""A table's columns of labels, ids and ends."""

from collections.abc import Sequence
from typing import Any

from streamrnn.events import reasons
from streamrnn.events.columns import Floats
from streamrnn.events.labels import LabelColumns, LabelFields
from streamrnn.events.reasons import Refused
from streamrnn.replay import cells, guess
from streamrnn.replay.cells import Column
from streamrnn.replay.options import SourceError


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
        self._places: dict[str, int] = {}
        for setting, name in wanted.items():
            if name is None:
                continue
            if name not in names:
                hint = guess.nearest(name, names)
                raise SourceError(f"there is no column {name}{hint}: name what is there with --set {setting}=NAME")
            self._places[setting] = list(names).index(name)
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
        label, id_, end = (self._column(columns, name) for name in ("labels.field", "labels.id", "sequences.end"))

        def refuse(row: int, why: Refused) -> None:
            bad.setdefault(row, (why.reason, why.message))

        labels: Sequence[Any]
        if self._fields.number:
            values, wrong = cells.numbers(columns[self._places["labels.field"]])
            labels = values.tolist()
            for row in wrong:
                refuse(row, Refused(reasons.BAD_LABEL, f"label {label[row]!r} is no number"))
        else:
            labels = label
        ends = [None if cell is None else cells.boolean(cell) is True for cell in end or nothing]
        return self._fields.columns(labels, id_ or nothing, ends, times, refuse)

    def _column(self, columns: Sequence[Column], setting: str) -> list[str | None]:
        """Cells as text, None where missing; empty for a column that is not needed."""
        return cells.texts(columns[self._places[setting]]) if setting in self._places else []
