"""What the fields of some records hold: numbers, flags, classes, names of events, or what no setting can use."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from streamrnn.presets.record import Record
from streamrnn.replay import cells, guess

MOST_CLASSES = 16
_COUNTED = 50  # values that must rise by equal steps to be a count
_MOSTLY = 0.95  # share of a column's values that must be numbers; the others will be dead letters

Kind = Literal["number", "flag", "class", "constant", "identifier", "time", "text", "number in text", "nested", "empty"]


@dataclass(frozen=True, slots=True)
class Column:
    """One field of the records that were looked at.

    Attributes
    ----------
    name : of the field
    kind : ``flag`` has two values of which true and false are made (see `streamrnn.replay.cells.boolean`), ``class``
        few texts, ``identifier`` another value in each record, ``number in text`` numbers in quotes, which the daemon
        refuses
    numeric : whether the daemon takes it for a feature
    values : distinct ones in order of appearance, at most 17; numbers as text
    known : share of the records that have it
    """

    name: str
    kind: Kind
    numeric: bool
    values: tuple[str, ...]
    known: float


def columns(records: Sequence[Record], table: bool) -> dict[str, Column]:
    """Every field by name, in order of appearance.

    Parameters
    ----------
    records : the sample
    table : whether all values are text, as in a CSV
    """
    names = dict.fromkeys(name for record in records for name in record.fields if name)  # no setting takes an empty one
    return {name: _column(name, [record.fields.get(name) for record in records], table) for name in names}


def described(found: Mapping[str, Column], kinds: Sequence[Kind]) -> str:
    """The columns of these kinds with their values: ``open (true, false), state (on, off, idle)``."""
    parts = [
        f"{each.name} ({', '.join(each.values[:4])}{', ...' if len(each.values) > 4 else ''})"
        for each in found.values()
        if each.kind in kinds
    ]
    return ", ".join(parts)


def _column(name: str, values: Sequence[Any], table: bool) -> Column:
    known = [value for value in values if value is not None and not _is_nan(value)]
    kind, numeric = _kind(name, known, table) if known else ("empty", False)
    shown = dict.fromkeys(_shown(value) for value in known) if kind != "nested" else ()
    share = len(known) / len(values) if values else 0.0
    return Column(name, kind, numeric, tuple(shown)[: MOST_CLASSES + 1], share)


def _kind(name: str, known: Sequence[Any], table: bool) -> tuple[Kind, bool]:
    if any(isinstance(value, dict | list) for value in known):
        return "nested", False
    texts = [_shown(value) for value in known]
    distinct = set(texts)
    numbers = [value for value in map(_number, known) if not math.isnan(value)]
    if len(numbers) < len(known) and all(isinstance(value, bool) or (table and _is_word(value)) for value in known):
        return "flag", False  # of 0 and 1 alone the daemon can make a feature
    if len(numbers) >= _MOSTLY * len(known):
        quoted = not table and sum(isinstance(value, str) for value in known) > len(known) / 2
        kind = _kind_of_numbers(name, numbers, known)
        return ("number in text", False) if quoted else (kind, kind in ("number", "flag"))
    if guess.time_column([name], [texts], set(), "") is not None:
        return "time", False
    fractions = any(isinstance(value, float) for value in known)  # beside texts: no setting takes both
    if len(distinct) <= MOST_CLASSES and len(distinct) <= len(known) / 2 and not fractions:
        return "class", False
    return ("identifier" if len(distinct) == len(known) else "text"), False


def _kind_of_numbers(name: str, numbers: Sequence[float], known: Sequence[Any]) -> Kind:
    distinct = set(numbers)
    if len(distinct) == 1:
        return "constant"
    if distinct == {0.0, 1.0}:
        return "flag"
    if guess.time_column([name], [[_shown(value) for value in known]], set(), "") is not None:
        return "time"
    first = numbers[:_COUNTED]
    counted = len(first) > 2 and len({after - before for before, after in pairwise(first)}) == 1
    return "identifier" if counted else "number"


def _number(value: Any) -> float:
    if isinstance(value, bool):
        return math.nan
    number = cells.or_nan(str(value), float)
    return number if math.isfinite(number) else math.nan


def _is_word(value: str) -> bool:
    return cells.boolean(value) is not None


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _shown(value: Any) -> str:
    return "true" if value is True else "false" if value is False else str(value)
