"""What records bring where events are tokens: letters, words, notes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from streamrnn.events import reasons
from streamrnn.events.reasons import Refused
from streamrnn.settings.inputs import category_text
from streamrnn.settings.tokens import LONGEST, WORDS

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

Refuse = Callable[[int, Refused], object]  # told the row and why

TEXTS = ("characters", "bytes", "words")


@dataclass(slots=True)
class TokenColumns:
    """Of n records in log order.

    Attributes
    ----------
    tokens : of each record its tokens as texts, in order; None: it has none at all
    ends : bool[n], the last event of its sequence
    """

    tokens: list[Sequence[str] | None]
    ends: npt.NDArray[np.bool_]

    def take(self, rows: npt.NDArray[np.int64] | slice) -> TokenColumns:
        """The columns of these rows."""
        if isinstance(rows, slice):
            return TokenColumns(self.tokens[rows], self.ends[rows])
        return TokenColumns([self.tokens[row] for row in rows.tolist()], self.ends[rows])


@dataclass(frozen=True, slots=True)
class TokenFields:
    """Which field holds tokens, and how they are told apart; made from the settings, None where there are none.

    Attributes
    ----------
    field : with the tokens
    of : characters, bytes, words, items or sets
    most : tokens of an event
    end : field that is true in the last event of a sequence
    record : whether each event is a sequence
    """

    field: str
    of: str
    most: int
    end: str | None
    record: bool

    @classmethod
    def from_settings(cls, settings: Settings) -> TokenFields | None:
        """What these settings say."""
        tokens, sequences = settings.tokens, settings.sequences
        if tokens.field is None or not settings.learns_tokens:
            return None
        return cls(tokens.field, tokens.of, tokens.most, sequences.end, sequences.record)

    @property
    def kind(self) -> Any:
        """The type that the field has in a record."""
        if self.of in TEXTS:
            return str | None
        items = list[str | int | bool] | None
        return items if self.of == "sets" else str | int | bool | items

    def columns(self, given: Sequence[Any], ends: Sequence[bool | None], refuse: Refuse) -> TokenColumns:
        """The columns of n records.

        Parameters
        ----------
        given : as the records have it
        ends : as they have them
        refuse : called for each record whose tokens cannot be taken
        """
        found: list[Sequence[str] | None] = []
        for row, value in enumerate(given):
            try:
                found.append(None if value is None else self.split(value))
            except Refused as reason:
                refuse(row, reason)
                found.append(None)
        if self.record:
            return TokenColumns(found, np.fromiter((tokens is not None for tokens in found), np.bool_, len(found)))
        return TokenColumns(found, np.fromiter((end is True for end in ends), np.bool_, len(found)))

    def split(self, value: Any) -> Sequence[str]:
        """The tokens of a text, list or value.

        Raises
        ------
        Refused
            An item is empty or endless, or they are too many.
        """
        tokens = self._apart(value)
        if len(tokens) > self.most:
            text = f"field {self.field!r} has {len(tokens):,} tokens; tokens.most allows {self.most:,}"
            raise Refused(reasons.TOO_MANY_TOKENS, text)
        return tokens

    def _apart(self, value: Any) -> Sequence[str]:
        if self.of == "characters":
            return str(value)
        if self.of == "bytes":
            return str(value).encode(errors="surrogatepass").decode("latin-1")
        if self.of == "words":
            return [_cut(word) for word in WORDS.findall(value)]
        try:
            texts = [category_text(item) for item in (value if isinstance(value, list) else [value])]
        except ValueError as error:
            raise Refused(reasons.BAD_TOKENS, f"field {self.field!r} cannot be read: {error}") from error
        if "" in texts:
            raise Refused(reasons.BAD_TOKENS, f"field {self.field!r} has an item without a letter")
        return [_cut(text) for text in (sorted(set(texts)) if self.of == "sets" else texts)]


def _cut(token: str) -> str:
    """A token that can be kept."""
    if len(token) * 4 <= LONGEST:
        return token
    return token.encode(errors="surrogatepass")[:LONGEST].decode(errors="ignore")


def join(tokens: Sequence[str], of: str) -> str:
    """Tokens as a text that people read."""
    if of == "characters":
        return "".join(tokens)
    if of == "bytes":
        return "".join(tokens).encode("latin-1").decode(errors="replace")
    return " ".join(tokens)
