"""What records bring beside numbers: booleans, and categories as codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from streamrnn.events import reasons
from streamrnn.events.reasons import Refused
from streamrnn.settings.inputs import BESIDE_BUCKETS, BESIDE_VALUES, category_text, codes_of

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

MISSING, OTHER = range(2)  # the first codes of a category; one with buckets has no OTHER
_SIGNS = {None: 0.0, True: 1.0, False: -1.0}

Refuse = Callable[[int, Refused], object]  # told the row and why


@dataclass(slots=True)
class Traits:
    """Of n records in log order.

    Attributes
    ----------
    booleans : float64[n, booleans], 1 for true, -1 for false, 0 where missing
    codes : int64[n, categories], the value's row in the table of embeddings
    """

    booleans: npt.NDArray[np.float64]
    codes: npt.NDArray[np.int64]

    def take(self, rows: npt.NDArray[np.int64] | slice) -> Traits:
        """Those of these rows."""
        return Traits(self.booleans[rows], self.codes[rows])

    def with_rows(self, places: npt.NDArray[np.int64]) -> Traits:
        """The same with rows of zeros before these places."""
        return Traits(np.insert(self.booleans, places, 0, axis=0), np.insert(self.codes, places, 0, axis=0))


@dataclass(frozen=True, slots=True)
class Category:
    """A field with few values, and the codes that stand for them.

    Attributes
    ----------
    field : its name
    first : its first code
    values : code of each listed value; None where values are hashed
    buckets : how many they are hashed into; 0 where they are listed
    """

    field: str
    first: int
    values: dict[str, int] | None
    buckets: int

    def codes(self, values: Sequence[Any], refuse: Refuse) -> list[int]:
        """The code of each text, integer, boolean or None; ``refuse`` is called for an integer that is endless."""
        if not set(map(type, values)) <= {str, type(None)}:
            values = [self._text(row, value, refuse) for row, value in enumerate(values)]
        missing, other = self.first + MISSING, self.first + OTHER
        if self.values is not None:
            listed = self.values
            return [missing if value is None else listed.get(value, other) for value in values]
        made = {value: missing if value is None else self._bucket(value) for value in set(values)}
        return [made[value] for value in values]

    def _bucket(self, value: str) -> int:
        """By the first eight bytes of BLAKE2b, which are the same on every machine and in every process."""
        digest = blake2b(value.encode(errors="surrogatepass"), digest_size=8).digest()
        return self.first + BESIDE_BUCKETS + int.from_bytes(digest, "little") % self.buckets

    def _text(self, row: int, value: Any, refuse: Refuse) -> str | None:
        try:
            return value if value is None or isinstance(value, str) else category_text(value)
        except ValueError as error:
            refuse(row, Refused(reasons.BAD_CATEGORY, f"field {self.field!r} cannot be read: {error}"))
            return None


@dataclass(frozen=True, slots=True)
class TraitFields:
    """Which fields hold booleans and categories; made from the settings, None where there are none.

    Attributes
    ----------
    booleans : names
    categories : in the order of their codes
    """

    booleans: tuple[str, ...]
    categories: tuple[Category, ...]

    @classmethod
    def from_settings(cls, settings: Settings) -> TraitFields | None:
        """What these settings say."""
        inputs = settings.inputs
        if not inputs.booleans and not inputs.categories:
            return None
        made, first = [], 0
        for name in inputs.category_names:
            values = inputs.categories[name]
            if isinstance(values, int):
                made.append(Category(name, first, None, values))
            else:
                listed = {value: first + BESIDE_VALUES + place for place, value in enumerate(values)}
                made.append(Category(name, first, listed, 0))
            first += codes_of(values)
        return cls(inputs.booleans, tuple(made))

    @property
    def names(self) -> tuple[str, ...]:
        """All fields."""
        return (*self.booleans, *(category.field for category in self.categories))

    def traits(self, booleans: Sequence[Sequence[Any]], categories: Sequence[Sequence[Any]], refuse: Refuse) -> Traits:
        """Those of n records.

        Parameters
        ----------
        booleans : for each boolean its column of n values: True, False or None
        categories : for each category its column of n texts, integers, booleans or None
        refuse : called for each record with a value that cannot be taken
        """
        n = len((*booleans, *categories)[0])
        made = Traits(np.zeros((n, len(booleans))), np.zeros((n, len(categories)), np.int64))
        for place, column in enumerate(booleans):
            made.booleans[:, place] = list(map(_SIGNS.__getitem__, column))
        for place, (category, column) in enumerate(zip(self.categories, categories, strict=True)):
            made.codes[:, place] = category.codes(column, refuse)
        return made
