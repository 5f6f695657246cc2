"""A table's column of texts that are taken apart into tokens."""

from collections.abc import Sequence

from streamrnn.events.reasons import Refused
from streamrnn.events.tokens import TokenColumns, TokenFields
from streamrnn.replay.cells import Column
from streamrnn.replay.options import SourceError
from streamrnn.replay.places import Places


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
        self._places = Places(names, {"tokens.field": fields.field, "sequences.end": fields.end})
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

        given = self._places.texts(columns, "tokens.field")
        return self._fields.columns(given, self._places.flags(columns, "sequences.end", len(given)), refuse)
