"""Which field holds tokens, what they are, and how many come at once."""

from __future__ import annotations

import sys
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from streamrnn.events.reasons import Refused
from streamrnn.events.tokens import TEXTS, TokenFields
from streamrnn.presets.record import Record
from streamrnn.presets.streams import are_texts
from streamrnn.presets.words import STREAMS, words
from streamrnn.replay.options import SourceError
from streamrnn.settings.tokens import MOST

_BYTES = 4  # of a letter at most: an upper bound on what a text is taken apart into
_ITEMS = (list, str, int)  # booleans are integers too


@dataclass(slots=True)
class TokenField:
    """The field that is taken apart.

    Attributes
    ----------
    name : of the field
    why : the evidence, in words
    of : what its tokens are, as ``tokens.of`` says it
    longest : tokens of the longest value that was seen
    beyond : values with more than any ``tokens.most`` allows
    """

    name: str
    why: str
    of: str
    longest: int = 0
    beyond: int = 0

    def see(self, record: Record) -> None:
        """Measure a further record; one that cannot have more tokens than the longest is not taken apart."""
        value = record.fields.get(self.name)
        bound = len(value) * _BYTES if isinstance(value, str | list) else 0
        if bound > min(self.longest, MOST):
            count = len(self.split(value))
            self.longest = max(self.longest, count)
            self.beyond += count > MOST

    def split(self, value: Any) -> Sequence[str]:
        """The tokens of a value as the daemon has them; none where it would refuse it."""
        try:
            return TokenFields(self.name, self.of, sys.maxsize, None, False).split(value)
        except (Refused, TypeError):
            return ()


def token_field(
    records: Sequence[Record], taken: Container[str], of: str, named: str | None = None
) -> TokenField | None:
    """The field with the longest texts, or with lists; None where there is none.

    Parameters
    ----------
    records : those that are looked at
    taken : fields that are something else
    of : what tokens are wanted; items where a field has lists in place of texts
    named : the field that the user called the one

    Raises
    ------
    SourceError
        The one that was named holds nothing that could be taken apart like that.
    """
    if named is not None:
        return TokenField(named, "as you said", _kind(named, _values(records, named), of))
    kinds: Sequence[type[str | list[Any]]] = [list] if of == "sets" else [list, str] if of == "items" else [str, list]
    names = [name for name in dict.fromkeys(name for record in records for name in record.fields) if name]
    sizes = {(name, kind): _size(name, _values(records, name), kind) for name in names for kind in kinds}
    known = [each for each, size in sizes.items() if size and each[0] not in taken]
    known.sort(key=lambda each: (sizes[each] < 1, kinds.index(each[1]), -sizes[each]))
    if not known:
        return None
    (name, kind), *others = known
    other = ", ".join(dict.fromkeys(each[0] for each in others if sizes[each] >= 1))
    why = "the field with the most in it" + (f"; other candidates: {other}" if other else "")
    return TokenField(name, why, "items" if kind is list and of in TEXTS else of)


def _values(records: Iterable[Record], name: str) -> list[Any]:
    return [value for record in records if (value := record.fields.get(name)) is not None]


def _size(name: str, values: Iterable[Any], kind: type[str | list[Any]]) -> float:
    """Letters or items of all different values: a name that comes again and again is no text. Next to nothing of names
    of streams."""
    of_kind: list[Any] = [value for value in values if isinstance(value, kind)]
    size = sum(map(len, {str(value): value for value in of_kind}.values()))
    return size / 1e9 if kind is str and words(name) & STREAMS and not are_texts(of_kind) else size


def _kind(name: str, values: Sequence[Any], of: str) -> str:
    """What the field's tokens are: those wanted, or items where it holds lists, integers or booleans."""
    takes: tuple[type, ...] = (str,) if of in TEXTS else (list,) if of == "sets" else _ITEMS
    if _mostly(values, takes):
        return of
    if of != "sets" and _mostly(values, _ITEMS):
        return "items"
    wanted = "lists" if of == "sets" else "texts or lists"
    other = ": for texts take the preset text" if of == "sets" and _mostly(values, (str,)) else ""
    raise SourceError(f"the field {name} holds no {wanted}, of which tokens are made{other}. Name another with --label")


def _mostly(values: Sequence[Any], kinds: tuple[type, ...]) -> bool:
    return 2 * sum(isinstance(value, kinds) for value in values) > len(values)
