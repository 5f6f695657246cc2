"""What records bring for label modes: labels, what joins them to their events, ends of sequences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from streamrnn.events import reasons
from streamrnn.events.reasons import Refused
from streamrnn.rows.labels import EVENT, LABEL
from streamrnn.settings.records import LONGEST_CLASS

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

Refuse = Callable[[int, Refused], object]  # told the row and why


@dataclass(slots=True)
class LabelColumns:
    """Of n records in log order.

    Attributes
    ----------
    kinds : int8[n], EVENT or LABEL of ``rows.labels``
    numbers : float64[n], labels that are numbers; NaN: none
    names : n labels that are classes; None: none
    keys : int64[n], equal where a label and an event may be each other's
    keyed : bool[n], whether there is a key
    ids : n ids as text; None: none
    ends : bool[n], the last event of its sequence
    """

    kinds: npt.NDArray[np.int8]
    numbers: npt.NDArray[np.float64]
    names: list[str | None]
    keys: npt.NDArray[np.int64]
    keyed: npt.NDArray[np.bool_]
    ids: list[str | None]
    ends: npt.NDArray[np.bool_]

    def take(self, rows: npt.NDArray[np.int64] | slice) -> LabelColumns:
        """The columns of these rows."""
        if isinstance(rows, slice):
            names, ids = self.names[rows], self.ids[rows]
        else:
            names, ids = ([column[row] for row in rows.tolist()] for column in (self.names, self.ids))
        return LabelColumns(
            self.kinds[rows], self.numbers[rows], names, self.keys[rows], self.keyed[rows], ids, self.ends[rows]
        )


@dataclass(frozen=True, slots=True)
class LabelFields:
    """Which fields hold what, and how it is read; made from the settings, None in mode next.

    Attributes
    ----------
    field : with the label
    number : whether labels are numbers
    classes : the only ones there are; None: any
    delayed : whether a record with a label is one, and no event
    id : field with the id that joins labels to events; None: nothing does, or stream and time do
    by_time : whether stream and time do
    end : field that is true in the last event of a sequence
    largest : absolute value of a label that is a number
    """

    field: str
    number: bool
    classes: frozenset[str] | None
    delayed: bool
    id: str | None
    by_time: bool
    end: str | None
    largest: float

    @classmethod
    def from_settings(cls, settings: Settings) -> LabelFields | None:
        """What these settings say."""
        labels = settings.labels
        if not settings.learns_labels:
            return None
        delayed = labels.mode == "delayed"
        return cls(
            field=labels.field,
            number=labels.kind == "number",
            classes=None if labels.classes is None else frozenset(labels.classes),
            delayed=delayed,
            id=labels.id if delayed and labels.join == "id" else None,
            by_time=delayed and labels.join == "time",
            end=settings.sequences.end,
            largest=settings.events.max_magnitude,
        )

    def columns(
        self,
        labels: Sequence[Any],
        ids: Sequence[str | int | None],
        ends: Sequence[bool | None],
        times: npt.NDArray[np.float64],
        refuse: Refuse,
    ) -> LabelColumns:
        """The columns of n records.

        Parameters
        ----------
        labels : text, integer, boolean or number as the kind asks for; None (of a number also NaN): none
        ids, ends : as the records have them
        times : event times in seconds
        refuse : called for each record whose label or id cannot be taken
        """
        n = len(labels)
        nothing: list[str | None] = [None] * n
        numbers, names = np.full(n, np.nan), nothing
        if self.number:
            numbers = self._numbers(labels, refuse)
            brought = ~np.isnan(numbers)
        else:
            names = self._names(labels, refuse)
            brought = np.fromiter((name is not None for name in names), np.bool_, n)
        kinds = np.where(brought & self.delayed, LABEL, EVENT).astype(np.int8)
        keys, keyed, texts = np.zeros(n, np.int64), np.zeros(n, np.bool_), nothing
        if self.by_time:
            keys, keyed = (times + 0.0).view(np.int64), ~np.isnan(times)
        elif self.id is not None:
            keys, keyed, texts = self._ids(ids, refuse)
            for row in np.flatnonzero((kinds == LABEL) & ~keyed).tolist():
                refuse(row, Refused(reasons.NO_ID, f"a label without {self.id!r} tells not which event it is of"))
        return LabelColumns(
            kinds, numbers, names, keys, keyed, texts, np.fromiter((end is True for end in ends), np.bool_, n)
        )

    def _numbers(self, labels: Sequence[Any], refuse: Refuse) -> npt.NDArray[np.float64]:
        numbers = np.array(labels, np.float64)  # None becomes NaN
        for row in np.flatnonzero(np.abs(numbers) > self.largest).tolist():
            text = f"label {self.field!r} is {numbers[row]:g}; events.max_magnitude allows {self.largest:g}"
            refuse(row, Refused(reasons.OUT_OF_RANGE, text))
        return numbers

    def _names(self, labels: Sequence[Any], refuse: Refuse) -> list[str | None]:
        made: dict[Any, str | None] = {}
        names: list[str | None] = []
        for row, label in enumerate(labels):
            kind = type(label), label  # true and 1 are equal, and not the same class
            if kind not in made:
                try:
                    made[kind] = self._name(label)
                except Refused as reason:
                    refuse(row, reason)
                    names.append(None)
                    continue
            names.append(made[kind])
        return names

    def _name(self, label: Any) -> str | None:
        """A class as text."""
        if label is None:
            return None
        try:
            text = str(label).lower() if isinstance(label, bool) else str(label)
        except ValueError as error:  # an integer longer than Python turns into text
            raise Refused(reasons.BAD_LABEL, f"the label cannot be read: {error}") from error
        if not text or len(text.encode()) > LONGEST_CLASS:
            raise Refused(reasons.BAD_LABEL, f"label {self.field!r} has 0 or more than {LONGEST_CLASS} bytes")
        if self.classes is not None and text not in self.classes:
            raise Refused(reasons.UNKNOWN_CLASS, f"label {text[:40]!r} is not among labels.classes")
        return text

    def _ids(
        self, ids: Sequence[str | int | None], refuse: Refuse
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_], list[str | None]]:
        """Keys by a hash of 64 bits, as rings of keys must not grow with the length of ids."""
        texts: list[str | None] = []
        for row, given in enumerate(ids):
            try:
                texts.append(None if given is None else str(given))
            except ValueError as error:
                refuse(row, Refused(reasons.BAD_ID, f"the id cannot be read: {error}"))
                texts.append(None)
        hashes = b"".join(blake2b((text or "").encode(), digest_size=8).digest() for text in texts)
        keyed = np.fromiter((text is not None for text in texts), np.bool_, len(texts))
        return np.frombuffer(hashes, "<i8").astype(np.int64), keyed, texts
