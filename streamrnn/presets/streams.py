"""Which field tells the streams apart: the one by which times come in order and evenly."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from streamrnn.events.columns import Floats
from streamrnn.presets.columns import Column
from streamrnn.presets.record import Record
from streamrnn.presets.words import LABELS, STATES, STREAMS, words

_IN_ORDER = 0.98  # share of a stream's records that must be later than the one before
_EVEN = 0.7  # share of spacings near the usual one that speaks for a field by itself
_NEAR = 0.02  # part of the usual spacing
_FEW = 0.6  # share of a field's values that may differ where they are long: names come again, texts do not
_LONG = 40  # letters of them in the mean that no name has


@dataclass(frozen=True, slots=True)
class StreamField:
    """What names the streams.

    Attributes
    ----------
    name : of the field; None for the record's key in Kafka, and where nothing names them
    keyed : whether it is the record's key
    why : the evidence, in words
    like : a field that could be one, where none was taken
    """

    name: str | None
    keyed: bool
    why: str
    like: str | None = None


def stream_field(records: Sequence[Record], found: Mapping[str, Column], times: Floats, taken: set[str]) -> StreamField:
    """The field that names the streams, as far as the records tell.

    Parameters
    ----------
    records : in log order
    found : their columns
    times : float64[n], seconds of each record; NaN where unknown
    taken : fields that are something else
    """
    named = next((name for name in found if name.casefold() == "stream" and name not in taken), None)
    if named is not None:
        return StreamField(named, False, f"{_values(found[named])}, by its name")
    keys = [record.key for record in records]
    if None not in keys and len(set(keys)) <= len(keys) / 2:
        return StreamField(None, True, f"{len(set(keys))} different keys in {len(keys)} records")
    usable = [each for each in found.values() if each.name not in taken and _may_name(each, records)]
    ranked = sorted(filter(None, (_rank(each, records, times) for each in usable)), reverse=True)
    if ranked:
        name = ranked[0].name
        return StreamField(name, False, f"{_values(found[name])}, {ranked[0].why}")
    names = [each for each in usable if each.kind in ("class", "text") or words(each.name) & STREAMS]
    like = max(names, key=lambda each: (bool(words(each.name) & STREAMS), each.kind in ("class", "text")), default=None)
    return StreamField(None, False, "no field tells streams apart", None if like is None else like.name)


def nameless(who: StreamField, records: Sequence[Record], keyed_log: bool) -> str | None:
    """Why a daemon would refuse records like these, and the remedy; None where each has a stream.

    Parameters
    ----------
    who : what names the streams
    records : those that were looked at, no rows of a table, whose readers take them all for one stream
    keyed_log : whether records have keys, as in Kafka
    """
    if who.name is not None or who.keyed or (keyed_log and all(record.key is not None for record in records)):
        return None
    where = "no field tells streams apart, nor do keys" if keyed_log else "no field tells streams apart"
    hint = f" ({who.like} looks like one: --stream {who.like})" if who.like else ""
    return (
        f"{where}, and a record without a stream is refused (no_stream). Name the field with --stream{hint}; or, where "
        "all are one stream, add a field `stream` with the same text to each record"
    )


@dataclass(frozen=True, slots=True, order=True)
class _Rank:
    """Candidates in order: a telling name, text, evenness, few values."""

    telling: bool
    text: bool
    even: float
    fewness: int
    name: str
    why: str


def _may_name(column: Column, records: Sequence[Record]) -> bool:
    values = [record.fields.get(column.name) for record in records]
    if column.kind == "class" or (column.kind == "text" and column.known > 0.5):
        texts = [str(value) for value in values if value is not None]
        return not (words(column.name) & (LABELS | STATES) or are_texts(texts))
    whole = all(re.fullmatch(r"-?\d+", str(value)) for value in values if value is not None)
    return column.kind in ("number", "constant") and whole and len(set(values)) <= len(values) / 2


def are_texts(texts: Sequence[str]) -> bool:
    """Whether these are texts, mostly different and long or of several words, and not names."""
    if len(set(texts)) <= _FEW * len(texts):
        return False
    return sum(map(len, texts)) > _LONG * len(texts) or 2 * sum(" " in text.strip() for text in texts) > len(texts)


def _rank(column: Column, records: Sequence[Record], times: Floats) -> _Rank | None:
    values = [record.fields.get(column.name) for record in records]
    count = len(set(values))
    telling, text = bool(words(column.name) & STREAMS), column.kind in ("class", "text")
    if np.isnan(times).any() or len(times) < 3:
        return _Rank(telling, text, 0.0, -count, column.name, "by its name") if telling and text else None
    alone, split = _order([0] * len(values), times), _order(values, times)
    if split[0] < _IN_ORDER:
        return None
    needed = alone[0] < _IN_ORDER
    evener = split[1] >= max(_EVEN, alone[1] + 0.2)
    if not (evener or (needed and text) or (telling and text)):
        return None
    why = "by which the times are even" if evener else "by which the times rise" if needed else "by its name"
    return _Rank(telling, text, round(split[1], 1), -count, column.name, why)


def _order(keys: Sequence[Hashable], times: Floats) -> tuple[float, float]:
    """Shares of the records that are later than their key's one before, and that are as much later as is usual."""
    before: dict[Hashable, float] = {}
    gaps: list[float] = []
    for key, time in zip(keys, times.tolist(), strict=True):
        if key in before:
            gaps.append(time - before[key])
        before[key] = time
    if not gaps:
        return 1.0, 0.0
    found = np.array(gaps)
    usual = float(np.median(found))
    near = (found > 0) & (np.abs(found - usual) <= _NEAR * abs(usual))
    return float(np.mean(found > 0)), float(np.mean(near))


def _values(column: Column) -> str:
    return ", ".join(column.values[:3]) + (", ..." if len(column.values) > 3 else "")
