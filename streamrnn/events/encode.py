"""Predictions to output records, version 1: one JSON object for each event."""

from __future__ import annotations

from itertools import islice, product
from typing import Any

import msgspec
import numpy as np

from streamrnn.events.columns import Floats, Predictions, origin
from streamrnn.events.label_answers import Label, LabelAnswers, Of, SettledLabel
from streamrnn.events.token_answers import Tokens

VERSION = 1


class Source(msgspec.Struct, gc=False):
    """Where the answered event stands."""

    topic: str
    partition: int
    offset: int


class Interval(msgspec.Struct, gc=False):
    """Bounds that hold the stated share of a stream's outcomes in the long run."""

    level: float
    low: float
    high: float


class Forecast(msgspec.Struct, gc=False):
    """What is expected of one target ``horizon`` steps ahead, and the last value beside it; NaN is written as null."""

    target: str
    horizon: int
    forecast: float
    baseline: float
    intervals: list[Interval]


class ForecastWithQuantiles(Forecast, gc=False):
    """The same of the next step, with a head that tells quantiles: values below which the share of a stream's outcomes
    falls that is their name, rising; null while there are none."""

    quantiles: dict[str, float] | None


class Distribution(msgspec.Struct, gc=False):
    """What the network holds likely: ``kind`` is gaussian or student_t, which alone has degrees of freedom."""

    kind: str
    location: float
    scale: float
    degrees_of_freedom: float


class ForecastWithDistribution(Forecast, gc=False):
    """The same of the next step, with a head that tells a distribution; null while there is none."""

    distribution: Distribution | None


class Settled(msgspec.Struct, gc=False):
    """What this event brought for a forecast made ``horizon`` steps before: errors are outcome minus forecast."""

    target: str
    outcome: float
    forecast: float
    error: float
    baseline: float
    baseline_error: float
    horizon: int


class Anomaly(msgspec.Struct, gc=False):
    """How unlike its past a stream is, of the target with the largest score.

    ``score`` is on a log scale, ``novelty`` the distance of the last stretch to the nearest remembered, ``tail`` the
    estimated probability of a forecast error as large as this event's; ``alert`` is given once for each excursion.
    """

    target: str
    score: float
    novelty: float
    tail: float
    alert: bool


class Prediction(msgspec.Struct, gc=False):
    """Output record, version 1. Fields are only ever added, at the end.

    ``time`` is the event's, in seconds since 1970; ``events`` counts those of the stream, ``records`` those of the
    model, both with this one. ``anomaly`` is null where a stream is too young, or is not judged. ``drift`` tells
    that the stream's forecasts have become worse and stayed so; true once, null where that is not watched.
    """

    v: int
    source: Source
    stream: str
    time: float
    events: int
    forecasts: list[Forecast]
    settled: list[Settled]
    lineage: str
    records: int
    anomaly: Anomaly | None
    drift: bool | None


class Ended(msgspec.Struct, gc=False):
    """The answer to a whole sequence that silence ended, as it stood at its last event, at ``offset`` in the same
    partition; and what its label said of that, null and empty where none came. Fields as in the record itself."""

    offset: int
    forecasts: list[Forecast]
    settled: list[Settled]
    label: Label | None
    settled_label: SettledLabel | None


class LateAnswer(Ended, gc=False):
    """The answer to an event, at ``offset`` in the same partition, that waited for later events of its stream, of which
    it saw ``events_ahead``; and what its label said of that, where it had come by then. ``id`` is the event's, where
    labels are joined by id (null where it has more than 64 bytes)."""

    id: str | None
    events_ahead: int


class LabelledPrediction(Prediction, gc=False):
    """Output record of label modes, version 1: the same, and what is said of labels.

    ``label`` is null where labels are numbers, which are forecasts with horizon 0, and in the answer to a record that
    is a label. ``settled_label`` and ``of`` (whose label it is) are null where no label came; ``final`` is false in
    running answers of an unfinished sequence. ``ended`` tells of the stream's sequence before, where this event shows
    that silence ended it.
    """

    label: Label | None
    settled_label: SettledLabel | None
    of: Of | None
    final: bool
    ended: Ended | None


class WaitingPrediction(LabelledPrediction, gc=False):
    """The same where answers wait for later events: ``answers`` are those that waited for this record."""

    answers: list[LateAnswer]


class TokenPrediction(Prediction, gc=False):
    """Output record where events are tokens, version 1: the same, and what is said of these. Nothing is forecast."""

    tokens: Tokens


_encoder = msgspec.json.Encoder()


def encode_predictions(p: Predictions, targets: tuple[str, ...]) -> list[bytes]:
    """One JSON object for each row, in order; floats in the shortest form that reads back as the same bits.

    Parameters
    ----------
    p : the shard's answers, n rows
    targets : names of the targets, in the order of the columns

    Returns
    -------
    n encoded records. A target whose forecast did not settle (none was pending, or the event lacks the value) is not in
    ``settled``; what is unknown is null. A tombstone's record has 0 events and only nulls.
    """
    forecasts = _forecasts(p, targets)
    settled = _settled(p, targets)
    lineage, encode = p.lineage, _encoder.encode
    columns = zip(
        _sources(p), p.streams, p.times.tolist(), p.counts.tolist(), forecasts, settled, p.records.tolist(),
        _anomalies(p, targets), [None] * len(p) if p.drift is None else p.drift.tolist(), strict=True,
    )  # fmt: skip
    made = (
        (VERSION, source, stream, time, events, ahead, done, lineage, records, anomaly, drift)
        for source, stream, time, events, ahead, done, records, anomaly, drift in columns
    )
    if p.tokens is not None:
        return [encode(TokenPrediction(*fields, told)) for fields, told in zip(made, p.tokens.told(), strict=True)]
    if p.labels is None:
        return [encode(Prediction(*fields)) for fields in made]
    late = _late(p.labels, targets)
    ended = [None if p.labels.waits or not each else Ended(*each[0][:-2]) for each in late]
    rest = zip(
        p.labels.labels(), p.labels.settled_labels(), p.labels.of_events(), p.labels.final.tolist(), ended, strict=True
    )
    whole = ((*fields, *more) for fields, more in zip(made, rest, strict=True))
    if not p.labels.waits:
        return [encode(LabelledPrediction(*fields)) for fields in whole]
    answers = ([LateAnswer(*each) for each in told] for told in late)
    return [encode(WaitingPrediction(*fields, told)) for fields, told in zip(whole, answers, strict=True)]


def _late(labels: LabelAnswers, targets: tuple[str, ...]) -> list[list[tuple[Any, ...]]]:
    """Of each row, what it tells of earlier events: the fields of `LateAnswer`."""
    closed = labels.closed
    if closed is None or closed.labels is None:
        return [[] for _ in labels.late]
    columns = zip(
        closed.offsets.tolist(), _forecasts(closed, targets), _settled(closed, targets), closed.labels.labels(),
        closed.labels.settled_labels(), closed.labels.ids, closed.labels.ages.tolist(), strict=True,
    )  # fmt: skip
    return [list(islice(columns, count)) for count in labels.late.tolist()]


def _sources(p: Predictions) -> list[Source]:
    """Of each row."""
    topic, number, beside = p.partition.topic, p.partition.number, p.beside
    if beside is None:
        return [Source(topic, number, offset) for offset in p.offsets.tolist()]
    places = (origin(p.partition, beside, offset) for offset in p.offsets.tolist())
    return [Source(partition.topic, partition.number, offset) for partition, offset in places]


def _forecasts(p: Predictions, targets: tuple[str, ...]) -> list[list[Forecast]]:
    """Of each row, by target and horizon; none where the record is a label."""
    if not targets:
        return [[] for _ in range(len(p))]
    baselines = p.baselines.T.tolist()
    made: list[list[Forecast]] = []
    for (column, name), (place, horizon) in product(enumerate(targets), enumerate(p.horizons)):
        rest = zip(p.forecasts[:, place, column].tolist(), baselines[column], _intervals(p, place, column), strict=True)
        if horizon == 1 and p.quantiles is not None:
            found = zip(rest, _quantiles(p.shares, p.quantiles[:, column]), strict=True)
            made.append([ForecastWithQuantiles(name, horizon, *each, own) for each, own in found])
        elif horizon == 1 and p.distribution is not None and p.parameters is not None:
            told = zip(rest, _distributions(p.distribution, p.parameters[:, column]), strict=True)
            made.append([ForecastWithDistribution(name, horizon, *each, own) for each, own in told])
        else:
            made.append([Forecast(name, horizon, *each) for each in rest])
    rows = list(map(list, zip(*made, strict=True)))
    if p.labels is not None:
        for row in np.flatnonzero(p.labels.answerless).tolist():
            rows[row] = []
    return rows


def _intervals(p: Predictions, place: int, column: int) -> list[list[Interval]]:
    """Of each row, by level; none where there is no interval."""
    if p.low is None or p.high is None:
        return [[] for _ in range(len(p))]
    low, high = p.low[:, place, column], p.high[:, place, column]
    if len(p.levels) == 1 and not np.isnan(low).any():
        level = p.levels[0]
        return [[Interval(level, *bounds)] for bounds in zip(low[:, 0].tolist(), high[:, 0].tolist(), strict=True)]
    return [
        [Interval(*each) for each in zip(p.levels, *bounds, strict=True) if each[1] == each[1]]
        for bounds in zip(low.tolist(), high.tolist(), strict=True)
    ]


def _quantiles(shares: tuple[float, ...], found: Floats) -> list[dict[str, float] | None]:
    """Of each row [n, Q], by share."""
    names = [str(share) for share in shares]
    return [dict(zip(names, row, strict=True)) if row[0] == row[0] else None for row in found.tolist()]


def _distributions(kind: str, found: Floats) -> list[Distribution | None]:
    """Of each row [n, 3]."""
    return [Distribution(kind, *row) if row[0] == row[0] else None for row in found.tolist()]


def _anomalies(p: Predictions, targets: tuple[str, ...]) -> list[Anomaly | None]:
    """Of each row that of the target with the largest score; a target that alerts goes before one that does not."""
    found = p.anomalies
    if found is None:
        return [None] * len(p)
    chosen = np.where(found.alerts.any(1), np.argmax(np.where(found.alerts, found.scores, -np.inf), 1), found.loudest)
    rows = np.arange(len(p))
    columns = (column[rows, chosen].tolist() for column in (found.scores, found.novelties, found.tails, found.alerts))
    return [
        None if target < 0 else Anomaly(targets[target], *rest)
        for target, *rest in zip(chosen.tolist(), *columns, strict=True)
    ]


def _settled(p: Predictions, targets: tuple[str, ...]) -> list[list[Settled]]:
    rows: list[list[Settled]] = [[] for _ in range(len(p))]
    for (column, name), (place, horizon) in product(enumerate(targets), enumerate(p.horizons)):
        forecast, baseline = p.settled[:, place, column], p.settled_baselines[:, place, column]
        at = np.flatnonzero(~(np.isnan(forecast) | np.isnan(p.outcomes[:, column])))
        outcome, forecast, baseline = p.outcomes[at, column], forecast[at], baseline[at]
        parts: list[Floats] = [outcome, forecast, outcome - forecast, baseline, outcome - baseline]
        numbers = zip(at.tolist(), *(part.tolist() for part in parts), strict=True)
        for row, came, said, error, naive, naive_error in numbers:
            rows[row].append(Settled(name, came, said, error, naive, naive_error, horizon))
    return rows
