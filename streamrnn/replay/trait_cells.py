"""A table's columns of booleans and categories."""

from collections.abc import Sequence
from typing import Any

from streamrnn.events import reasons
from streamrnn.events.reasons import Refused
from streamrnn.events.traits import TraitFields, Traits
from streamrnn.replay import cells, guess
from streamrnn.replay.cells import Column
from streamrnn.replay.options import SourceError


class TraitCells:
    """Reads booleans and categories out of a table's rows.

    Parameters
    ----------
    names : the table's columns
    fields : which of them hold what

    Raises
    ------
    SourceError
        A column is not there.
    """

    def __init__(self, names: Sequence[str], fields: TraitFields) -> None:
        for name in fields.names:
            if name not in names:
                setting = "inputs.booleans" if name in fields.booleans else "inputs.categories"
                hint = guess.nearest(name, names)
                raise SourceError(f"there is no column {name}{hint}: name what is there in {setting}")
        self._fields = fields
        self._names = list(names)

    @property
    def places(self) -> set[int]:
        """The columns."""
        return {self._names.index(name) for name in self._fields.names}

    def read(self, columns: Sequence[Column], bad: dict[int, tuple[str, str]]) -> Traits:
        """Those of n rows; rows that cannot be read are added to ``bad``.

        Parameters
        ----------
        columns : one sequence of n cells for each name
        """

        def refuse(row: int, why: Refused) -> None:
            bad.setdefault(row, (why.reason, why.message))

        booleans = [
            [self._boolean(name, row, cell, refuse) for row, cell in enumerate(self._texts(columns, name))]
            for name in self._fields.booleans
        ]
        categories = [self._texts(columns, category.field) for category in self._fields.categories]
        return self._fields.traits(booleans, categories, refuse)

    def _texts(self, columns: Sequence[Column], name: str) -> list[str | None]:
        return cells.texts(columns[self._names.index(name)])

    def _boolean(self, name: str, row: int, cell: str | None, refuse: Any) -> bool | None:
        if cell is None:
            return None
        found = cells.boolean(cell)
        if found is None:
            text = f"column {name} holds {cell[:40]!r}: write {cells.BOOLEAN_WORDS}"
            refuse(row, Refused(reasons.BAD_BOOLEAN, text))
        return found
