"""What the metrics were over time, in a fixed number of points."""

from __future__ import annotations

import math
from collections import deque

import msgspec

from streamrnn.page.readings import Readings, quantile

MOST_POINTS = 600  # of the last minutes
MOST_BINS = 240  # of a learning curve, which covers all of the process's life
LATENCIES = ("event_latency_seconds", "processing_latency_seconds")  # the second where the log has no times


class Point(msgspec.Struct):
    """One moment. Rates are per second since the point before; latency in seconds, of the events since then; lag and
    streams as they stand; ``busy`` is each stage's share of the time."""

    time: float
    events_per_second: float
    replayed_per_second: float
    dead_letters_per_second: float
    updates_per_second: float
    latency_median: float
    latency_99: float
    lag_records: float
    lag_seconds: float
    streams: float
    busy: dict[str, float]


class Bin(msgspec.Struct):
    """A stretch of time, up to ``time``: answers scored, and their errors summed beside those of the last value."""

    time: float
    scored: float
    error: float
    baseline_error: float


class Curve:
    """Errors over the whole life of the process; once there are too many bins, pairs become one.

    Attributes
    ----------
    bins : the oldest first
    """

    def __init__(self, most: int = MOST_BINS) -> None:
        self._most = most
        self._seconds = 0.0
        self._totals = (0.0, 0.0, 0.0)
        self.bins: list[Bin] = []

    def add(self, time: float, scored: float, error: float, baseline_error: float) -> None:
        """Take in the totals as they stand."""
        totals = scored, error, baseline_error
        gained = [now - before for now, before in zip(totals, self._totals, strict=True)]
        if gained[0] <= 0.0:
            return
        self._totals = totals
        newest = self.bins[-1] if self.bins else None
        start = self.bins[-2].time if len(self.bins) > 1 else -math.inf
        if newest is not None and newest.time - start < self._seconds and time - start <= self._seconds:
            newest.time = time
            newest.scored, newest.error = newest.scored + gained[0], newest.error + gained[1]
            newest.baseline_error += gained[2]
            return
        self.bins.append(Bin(time, *gained))
        if len(self.bins) > self._most:
            self.bins = [_joined(self.bins[at : at + 2]) for at in range(0, len(self.bins), 2)]
            self._seconds = 2.0 * (self.bins[-1].time - self.bins[0].time) / self._most


def _joined(bins: list[Bin]) -> Bin:
    return Bin(
        bins[-1].time,
        sum(each.scored for each in bins),
        sum(each.error for each in bins),
        sum(each.baseline_error for each in bins),
    )


class History:
    """Points of the last minutes and the learning curve of each target.

    Attributes
    ----------
    points : the oldest first
    curves : by target and horizon; ``label`` and 0 where classes are learned
    newest : the readings of the last point
    """

    def __init__(self) -> None:
        self.points: deque[Point] = deque(maxlen=MOST_POINTS)
        self.curves: dict[tuple[str, str], Curve] = {}
        self.newest: Readings | None = None
        self._time = math.nan

    def add(self, time: float, readings: Readings) -> Point:
        """Take in the metrics as they are at a moment (seconds since 1970)."""
        before, self.newest = self.newest, readings
        elapsed, self._time = time - self._time, time
        for key, totals in errors(readings).items():
            self.curves.setdefault(key, Curve()).add(time, *totals)

        def rate(name: str) -> float:
            if before is None or not elapsed > 0.0:
                return math.nan
            return max(0.0, readings.total(name) - before.total(name)) / elapsed

        latency = next((name for name in LATENCIES if readings.total(f"{name}_count")), "")
        point = Point(
            time,
            rate("events_consumed_total"),
            rate("replayed_events_total"),
            rate("dead_letters_total"),
            rate("updates_total"),
            quantile(0.5, readings, before, latency),
            quantile(0.99, readings, before, latency),
            readings.known("consumer_lag_records"),
            readings.largest("consumer_lag_seconds"),
            readings.total("streams"),
            _busy(readings, before, elapsed),
        )
        self.points.append(point)
        return point


def errors(readings: Readings) -> dict[tuple[str, str], tuple[float, float, float]]:
    """Answers scored, their absolute errors and those of the last value, by target and horizon; of classes wrong
    answers, under ``label``."""
    found: dict[tuple[str, str], tuple[float, float, float]] = {}
    for (target, horizon), scored in readings.each("scored_events_total", "target", "horizon"):
        error = readings.total("absolute_error_total", target=target, horizon=horizon)
        naive = readings.total("baseline_absolute_error_total", target=target, horizon=horizon)
        found[target, horizon] = scored, error, naive
    if "scored_tokens_total" in readings.samples:
        losses = readings.total("token_log_loss_total"), readings.total("baseline_token_log_loss_total")
        found["token", "1"] = readings.total("scored_tokens_total"), *losses
    if "scored_labels_total" in readings.samples:
        scored = readings.total("scored_labels_total")
        naive = scored - readings.total("baseline_correct_labels_total", baseline="last_label")
        found["label", "0"] = scored, scored - readings.total("correct_labels_total"), naive
    return found


def _busy(readings: Readings, before: Readings | None, elapsed: float) -> dict[str, float]:
    if before is None or not elapsed > 0.0:
        return {}
    return {
        stage: (value - before.total("busy_seconds_total", stage=stage)) / elapsed
        for (stage,), value in readings.each("busy_seconds_total", "stage")
    }
