"""Which field is the label, and how labels come: in the event, later, or at the end of a sequence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from streamrnn.events.columns import Floats
from streamrnn.presets.columns import MOST_CLASSES, Column, described
from streamrnn.presets.record import Record
from streamrnn.presets.spacing import span
from streamrnn.presets.words import ENDS, LABELS, words
from streamrnn.replay import cells

_RARE = 0.5  # share of the records above which a flag marks no ends
_FEWEST = 5  # silences behind a label, to tell from them
_LONGER = 2.0  # times the longest of all others that they must be
_ROOM = 1.5  # times the longest wait that was seen


@dataclass(frozen=True, slots=True)
class LabelField:
    """The field to predict.

    Attributes
    ----------
    name : of the field
    kind : class, or number
    why : what was seen, and the other candidates
    """

    name: str
    kind: Literal["number", "class"]
    why: str


def label_field(found: Mapping[str, Column], named: str | None, taken: set[str]) -> LabelField | None:
    """The field that is most likely the label; None if none could be one.

    Parameters
    ----------
    found : the columns
    named : what the user said
    taken : fields that are something else
    """
    if named is not None:
        return _made(found[named], "as you said")
    could = [each for each in found.values() if each.name not in taken and each.kind in ("class", "flag")]
    telling = [each for each in found.values() if each.name not in taken and words(each.name) & LABELS]
    telling = [each for each in telling if each.kind in ("class", "flag", "number", "constant", "number in text")]
    chosen = next(iter(telling), None) or next(iter(reversed(could)), None)
    if chosen is None:
        return None
    others = described({each.name: each for each in could if each is not chosen}, ("class", "flag"))
    why = "by its name" if telling else "the last that has few values"
    return _made(chosen, f"{why}; other candidates: {others or 'none'}")


def _made(column: Column, why: str) -> LabelField:
    number = column.kind in ("number", "constant") and len(column.values) > MOST_CLASSES
    if number:
        return LabelField(column.name, "number", f"numbers, {why}")
    return LabelField(column.name, "class", f"{', '.join(column.values)}, {why}")


def end_field(found: Mapping[str, Column], records: Sequence[Record], taken: set[str]) -> tuple[str, str] | None:
    """The flag that marks the last event of a sequence, and what was seen of it. Of JSON it holds booleans: the daemon
    takes no 0 and 1 there."""
    flags = [each for each in found.values() if each.kind == "flag" and each.name not in taken]
    flags = [each for each in flags if all(_may_mark(record.fields.get(each.name)) for record in records)]
    for each in sorted(flags, key=lambda flag: not words(flag.name) & ENDS):
        marks = sum(_is_true(record.fields.get(each.name)) for record in records)
        if 0 < marks <= _RARE * len(records):
            return each.name, f"true in {marks} of {len(records)} records"
    return None


def end_gap(streams: Iterable[tuple[Sequence[Record], Floats]], label: str) -> tuple[float, str] | None:
    """Seconds of silence that come behind each label and nowhere else, and what was seen; None where they do not.

    Parameters
    ----------
    streams : of each stream its records in log order and their times in seconds
    label : the field
    """
    behind: list[float] = []
    between: list[float] = []
    for records, times in streams:
        for record, silence in zip(records, np.diff(times).tolist(), strict=False):
            if silence == silence:
                (between if record.fields.get(label) is None else behind).append(silence)
    if len(behind) < _FEWEST or not between or min(behind) < _LONGER * max(*between, 0.0):
        return None
    gap = float(f"{(min(behind) * max(*between, 1e-3)) ** 0.5:.2g}")
    seen = f"at least {span(min(behind))} of silence come behind a label, at most {span(max(between))} elsewhere"
    return gap, seen


def id_field(found: Mapping[str, Column], label: str, records: Sequence[Record], taken: set[str]) -> str | None:
    """The field by which a label's record names its event: in both, and another one in each event."""
    labels, events = _parted(records, label)
    for name in found:
        if name in taken or name == label:
            continue
        of_events = [_text(record, name) for record in events]
        named = {_text(record, name) for record in labels} - {None}
        if named and None not in of_events and len(set(of_events)) == len(of_events) and named & set(of_events):
            return name
    return None


def longest_wait(streams: Iterable[Sequence[Record]], label: str, id_name: str) -> tuple[int, int] | None:
    """How many events of its stream came at most between an event and its label, and a bound with room for more."""
    longest = -1
    for records in streams:
        place: dict[str | None, int] = {}
        for record in records:
            if record.fields.get(label) is None:
                place[_text(record, id_name)] = len(place)
            elif (at := place.get(_text(record, id_name))) is not None:
                longest = max(longest, len(place) - 1 - at)
    if longest < 0:
        return None
    return longest, 1 << max(3, int(_ROOM * longest).bit_length())


def _parted(records: Sequence[Record], label: str) -> tuple[list[Record], list[Record]]:
    """Those that carry the label, and the others."""
    labels = [record for record in records if record.fields.get(label) is not None]
    return labels, [record for record in records if record.fields.get(label) is None]


def _text(record: Record, name: str) -> str | None:
    value = record.fields.get(name)
    return None if value is None else str(value)


def _may_mark(value: object) -> bool:
    return value is None or isinstance(value, bool | str)


def _is_true(value: object) -> bool:
    return value is True or (isinstance(value, str) and cells.boolean(value) is True)
