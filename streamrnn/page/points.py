"""One stream's answers as points of a chart."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec
import numpy as np
import numpy.typing as npt

from streamrnn.events.columns import Predictions
from streamrnn.events.token_answers import TokenAnswers


class ClassPoint(msgspec.Struct):
    """What was said of an event's class, and what a label said of an earlier answer; null where there is none. Where
    events are tokens the answer is the one that is held likeliest to come next."""

    answer: str | None
    probability: float
    outcome: str | None
    settled: str | None


class WatchPoint(msgspec.Struct):
    """One answer. Lists have a place for each target: the outcome that the event brought, the forecast that it settled
    and the last value beside that, the newest forecast, and the bounds of its widest interval."""

    time: float
    topic: str
    partition: int
    offset: int
    events: int
    outcomes: list[float]
    settled: list[float]
    baselines: list[float]
    forecasts: list[float]
    low: list[float]
    high: list[float]
    score: float
    alert: bool
    drift: bool
    label: ClassPoint | None


def points_of(predictions: Predictions, stream: str) -> Iterator[WatchPoint]:
    """The stream's rows among a batch of answers, of the first horizon; where answers wait, the newest of those that a
    row tells stands for its own."""
    at = -1
    while True:
        try:
            at = predictions.streams.index(stream, at + 1)
        except ValueError:
            return
        yield _point(predictions, at)


def _point(p: Predictions, row: int) -> WatchPoint:
    found = p.anomalies
    widest = int(np.argmax(p.levels)) if p.levels else 0
    numbers = bool(p.horizons)
    told, at = _telling(p, row)
    return WatchPoint(
        time=float(p.times[row]),
        topic=p.partition.topic,
        partition=p.partition.number,
        offset=int(p.offsets[row]),
        events=int(p.counts[row]),
        outcomes=told.outcomes[at].tolist() if numbers else [],
        settled=told.settled[at, 0].tolist() if numbers else [],
        baselines=told.settled_baselines[at, 0].tolist() if numbers else [],
        forecasts=told.forecasts[at, 0].tolist() if numbers else [],
        low=_bound(p.low, row, widest),
        high=_bound(p.high, row, widest),
        score=math.nan if found is None or found.loudest[row] < 0 else float(found.scores[row, found.loudest[row]]),
        alert=found is not None and bool(found.alerts[row].any()),
        drift=p.drift is not None and bool(p.drift[row]),
        label=_class(told, at),
    )


def _telling(p: Predictions, row: int) -> tuple[Predictions, int]:
    """Where the answer stands that a row tells."""
    labels = p.labels
    if labels is None or labels.closed is None or not labels.waits or not labels.late[row]:
        return p, row
    return labels.closed, int(labels.late[: row + 1].sum()) - 1


def _bound(bounds: npt.NDArray[np.float64] | None, row: int, level: int) -> list[float]:
    return [] if bounds is None or not bounds.size else list(map(float, bounds[row, 0, :, level]))


def _token(tokens: TokenAnswers, row: int) -> ClassPoint | None:
    likeliest = tokens.told_of(row).next
    return ClassPoint(likeliest[0].token, likeliest[0].probability, None, None) if likeliest else None


def _class(p: Predictions, row: int) -> ClassPoint | None:
    labels = p.labels
    if p.tokens is not None:
        return _token(p.tokens, row)
    if labels is None or not labels.classes:
        return None

    def name(code: int) -> str | None:
        return labels.classes[code] if code >= 0 else None

    answer = int(labels.answers[row])
    probability = float(labels.probabilities[row, answer]) if answer >= 0 else math.nan
    return ClassPoint(name(answer), probability, name(int(labels.outcomes[row])), name(int(labels.settled[row])))
