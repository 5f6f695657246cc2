"""What is kept of one stream, in words and numbers that people ask for: of a live shard and of a snapshot alike."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from streamrnn.rows import ABSENT, anomaly, ledger, scale
from streamrnn.rows.intervals import IntervalRows
from streamrnn.rows.scale import ScaleRows

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

Array = npt.NDArray[Any]
Answer = float | str | None


class FeatureLook(msgspec.Struct):
    """A feature's newest value and running scale; null before there is one."""

    feature: str
    value: float
    mean: float
    deviation: float
    mean_change: float
    values: int


class IntervalLook(msgspec.Struct):
    """Bounds of the pending forecast."""

    level: float
    low: float
    high: float


class SettledLook(msgspec.Struct):
    """The newest answer whose outcome came, and the last value (of labels: the last known label) beside it.

    Of numbers errors are outcome minus answer; of classes and tokens they are 1 where the answer was wrong, else 0.
    """

    forecast: Answer
    outcome: Answer
    error: float
    baseline: Answer
    baseline_error: float


class TargetLook(msgspec.Struct):
    """What is said of one target, and how well.

    ``forecast`` is the newest answer: of the next step, or of the label of the last event that is answered. ``error``
    and ``baseline_error`` are mean absolute errors over about the last 100 outcomes (of classes the share of wrong
    answers, of tokens log losses), ``skill`` is 1 - their ratio. ``score`` is the anomaly score of the newest event.
    """

    target: str
    forecast: Answer
    intervals: list[IntervalLook]
    settled: SettledLook | None
    error: float
    baseline_error: float
    skill: float
    score: float


class StreamLook(msgspec.Struct):
    """One stream. ``last_seen`` is in seconds since 1970 of event time, ``offset`` that of its newest event;
    ``born`` counts the records that the shard had when the stream began."""

    stream: str
    last_seen: float
    offset: int
    events: int
    born: int
    targets: list[TargetLook]
    features: list[FeatureLook]


def look(
    settings: Settings, arrays: Mapping[str, Array], classes: Sequence[str], stream: str, slot: int, seen: float
) -> StreamLook:
    """What these arrays tell of the stream in this slot.

    Parameters
    ----------
    settings : those that the arrays were made with
    arrays : of a shard or its snapshot, by name
    classes : names of the classes of labels, or of tokens, by code
    seen : the time of its newest event
    """
    places = arrays.get("ledger_places")
    place = [-1, 0, 0] if places is None or len(places) <= slot else places[slot].tolist()
    return StreamLook(
        stream, seen, place[ledger.OFFSET], place[ledger.EVENTS], place[ledger.BORN],
        _targets(settings, arrays, classes, slot), _features(settings, arrays, slot),
    )  # fmt: skip


def _targets(settings: Settings, arrays: Mapping[str, Array], classes: Sequence[str], slot: int) -> list[TargetLook]:
    rows = arrays.get("ledger")
    if rows is None or len(rows) <= slot:
        return []
    names: tuple[str, ...] = (settings.labels.field,) if settings.learns_labels else settings.target_names
    named = settings.learns_labels and settings.labels.kind == "class"
    if settings.tokens.field is not None and settings.learns_tokens:
        names, named = (settings.tokens.field,), True

    def told(value: float) -> Answer:
        if not named:
            return value
        return classes[int(value)] if value < len(classes) else None

    found = []
    for place, name in enumerate(names):
        row = rows[slot, ledger.TARGET_FIELDS * place : ledger.TARGET_FIELDS * (place + 1)].tolist()
        row = [math.nan if each == ABSENT else each for each in row]
        error, naive = row[ledger.ERROR], row[ledger.NAIVE_ERROR]
        count = row[ledger.WEIGHT] or math.nan
        settled = None
        if row[ledger.WEIGHT]:
            wrong = row[ledger.OUTCOME] - row[ledger.FORECAST], row[ledger.OUTCOME] - row[ledger.BASELINE]
            errors = tuple(np.sign(np.abs(wrong)).tolist()) if named else wrong
            settled = SettledLook(
                told(row[ledger.FORECAST]), told(row[ledger.OUTCOME]), errors[0], told(row[ledger.BASELINE]), errors[1]
            )
        intervals, skill = _intervals(settings, arrays, slot, place), 1.0 - error / naive if naive else math.nan
        forecast, score = told(row[ledger.TOLD]), _score(arrays, slot, place)
        found.append(TargetLook(name, forecast, intervals, settled, error / count, naive / count, skill, score))
    return found


def _intervals(settings: Settings, arrays: Mapping[str, Array], slot: int, target: int) -> list[IntervalLook]:
    """Of the pending forecast of the next step."""
    pending = arrays.get("interval_pending")
    if pending is None or settings.learns_labels:
        return []
    levels = settings.forecast.levels
    rows = IntervalRows(len(settings.target_names), settings.horizons, levels, 0)
    at = int(rows.rings[0]) + target * rows.bounds
    bounds = pending[slot, at : at + rows.bounds].tolist()
    lower = rows.lower.tolist()
    return [
        IntervalLook(level, bounds[place], bounds[rows.bounds - 1 - place])
        for level, place in zip(levels, lower, strict=True)
        if bounds[place] != ABSENT
    ]


def _score(arrays: Mapping[str, Array], slot: int, target: int) -> float:
    accounts = arrays.get("anomaly_accounts")
    return math.nan if accounts is None else float(accounts[slot, anomaly.TARGET_FIELDS * target + anomaly.SCORE])


def _features(settings: Settings, arrays: Mapping[str, Array], slot: int) -> list[FeatureLook]:
    slab = arrays.get("scale")
    if slab is None or not ScaleRows.from_settings(settings).features:
        return []
    fields, counts, found = slab[slot], arrays["counts"][slot], []
    for number, name in enumerate(settings.events.features):
        row = fields[scale.FEATURE_FIELDS * number :]
        values = int(counts[scale.STREAM_FIELDS + number])
        known = row[scale.LAST], row[scale.MEAN], math.sqrt(row[scale.VARIANCE]), row[scale.ABSOLUTE_CHANGE]
        last, mean, deviation, change = (float(each) if values else math.nan for each in known)
        found.append(FeatureLook(name, last, mean, deviation, change, values))
    return found
