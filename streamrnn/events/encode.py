"""Predictions to output records, version 1: one JSON object for each event."""

from __future__ import annotations

from itertools import product

import msgspec
import numpy as np

from streamrnn.events.columns import Floats, Predictions

VERSION = 1


class Source(msgspec.Struct, gc=False):
    """Where the answered event stands."""

    topic: str
    partition: int
    offset: int


class Forecast(msgspec.Struct, gc=False):
    """What is expected of one target ``horizon`` steps ahead, and the last value beside it; NaN is written as null."""

    target: str
    horizon: int
    forecast: float
    baseline: float


class Settled(msgspec.Struct, gc=False):
    """What this event brought for a forecast made ``horizon`` steps before: errors are outcome minus forecast."""

    target: str
    outcome: float
    forecast: float
    error: float
    baseline: float
    baseline_error: float
    horizon: int


class Prediction(msgspec.Struct, gc=False):
    """Output record, version 1. Fields are only ever added, at the end.

    ``time`` is the event's, in seconds since 1970; ``events`` counts those of the stream, ``records`` those of the
    model, both with this one.
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
    topic, number = p.partition.topic, p.partition.number
    forecasts = _forecasts(p, targets)
    settled = _settled(p, targets)
    lineage, encode = p.lineage, _encoder.encode
    columns = zip(
        p.offsets.tolist(), p.streams, p.times.tolist(), p.counts.tolist(), forecasts, settled, p.records.tolist(),
        strict=True,
    )  # fmt: skip
    return [
        encode(Prediction(VERSION, Source(topic, number, offset), stream, time, events, ahead, done, lineage, records))
        for offset, stream, time, events, ahead, done, records in columns
    ]


def _forecasts(p: Predictions, targets: tuple[str, ...]) -> list[list[Forecast]]:
    places = [(name, horizon) for name in targets for horizon in p.horizons]
    n = len(p)
    columns = p.forecasts.swapaxes(1, 2).reshape(n, -1).T.tolist()
    baselines = p.baselines.T.tolist()
    made = [
        [Forecast(name, horizon, *pair) for pair in zip(column, baselines[place // len(p.horizons)], strict=True)]
        for place, ((name, horizon), column) in enumerate(zip(places, columns, strict=True))
    ]
    return list(map(list, zip(*made, strict=True)))


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
