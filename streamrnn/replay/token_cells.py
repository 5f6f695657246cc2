"""A table's column of texts that are taken apart into tokens."""

from collections.abc import Sequence
from typing import Any

from streamrnn.events.reasons import Refused
from streamrnn.events.tokens import TokenColumns, TokenFields
from streamrnn.replay import cells, guess
from streamrnn.replay.cells import Column
from streamrnn.replay.options import SourceError


class TokenCells:
    """Reads tokens, and ends of sequences, out of a table's rows.

    Parameters
    ----------
    names : the table's columns
    fields : which of them hold what

    Raises
    ------
    SourceError
        A column is not there, or would have to hold lists.
    """

    def __init__(self, names: Sequence[str], fields: TokenFields) -> None:
        if fields.of == "sets":
            raise SourceError("a cell holds no list: write sets of tokens as JSON lines, {...} each")
        self._places: dict[str, int] = {}
        for setting, name in {"tokens.field": fields.field, "sequences.end": fields.end}.items():
            if name is None:
                continue
            if name not in names:
                hint = guess.nearest(name, names)
                raise SourceError(f"there is no column {name}{hint}: name what is there with --set {setting}=NAME")
            self._places[setting] = list(names).index(name)
        self._fields = fields

    @property
    def field(self) -> str:
        """The column with the tokens."""
        return self._fields.field

    def read(self, columns: Sequence[Column], bad: dict[int, tuple[str, str]]) -> TokenColumns:
        """The token columns of n rows; those that cannot be read are added to ``bad``.

        Parameters
        ----------
        columns : one sequence of n cells for each name
        """

        def refuse(row: int, why: Refused) -> None:
            bad.setdefault(row, (why.reason, why.message))

        given: list[Any] = cells.texts(columns[self._places["tokens.field"]])
        ends: list[bool | None] = [None] * len(given)
        if "sequences.end" in self._places:
            column = cells.texts(columns[self._places["sequences.end"]])
            ends = [None if cell is None else cells.boolean(cell) is True for cell in column]
        return self._fields.columns(given, ends, refuse)
