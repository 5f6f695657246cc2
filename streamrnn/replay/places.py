"""Columns of a table that settings name."""

from collections.abc import Mapping, Sequence

from streamrnn.replay import cells, guess
from streamrnn.replay.cells import Column
from streamrnn.replay.options import SourceError


class Places:
    """Where the columns are that some settings ask for.

    Parameters
    ----------
    names : the table's columns
    wanted : by setting the column that it names; None: none

    Raises
    ------
    SourceError
        A column is not there.
    """

    def __init__(self, names: Sequence[str], wanted: Mapping[str, str | None]) -> None:
        self._places: dict[str, int] = {}
        for setting, name in wanted.items():
            if name is None:
                continue
            if name not in names:
                hint = guess.nearest(name, names)
                raise SourceError(f"there is no column {name}{hint}: name what is there with --set {setting}=NAME")
            self._places[setting] = list(names).index(name)

    def column(self, columns: Sequence[Column], setting: str) -> Column:
        """A setting's cells as they are."""
        return columns[self._places[setting]]

    def texts(self, columns: Sequence[Column], setting: str) -> list[str | None]:
        """The same as text, None where missing; empty for a column that is not needed."""
        return cells.texts(self.column(columns, setting)) if setting in self._places else []

    def flags(self, columns: Sequence[Column], setting: str, count: int) -> list[bool | None]:
        """The same as booleans, None where missing or not needed."""
        texts = self.texts(columns, setting) or [None] * count
        return [None if cell is None else cells.boolean(cell) is True for cell in texts]
