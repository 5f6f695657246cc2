"""The past that the page shows is true, and takes the same room after a minute and after a year."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrnn.events.columns import Partition
from streamrnn.observe.families import Families
from streamrnn.observe.labels import LabelSensor
from streamrnn.observe.prometheus import PrometheusSensor
from streamrnn.observe.sensor import BatchReport, LabelReport, LabelScore, TargetScore
from streamrnn.page.history import MOST_POINTS, Curve, History, errors
from streamrnn.page.readings import Readings

HERE = Partition("events", 0)


def report(events: int, error: float = 0.0, naive: float = 0.0, labels: LabelReport | None = None) -> BatchReport:
    return BatchReport(
        events=events, bytes=0, scores={("value", 1): TargetScore(events, error, 0.0, naive, 0.0)},
        dead_letters={"late": 2}, late=0, updates=3, skipped_updates=0, clipped_updates=0, loss=0.0, losses=0,
        expired={}, live_streams=9, gradient_norm=0.0, drifts={"stream": 0, "shard": 0}, learning_rate=0.1,
        labels=labels,
    )  # fmt: skip


@given(st.lists(st.tuples(st.floats(0.1, 500), st.integers(0, 50), st.floats(0, 9)), min_size=1, max_size=300))
def test_a_curve_keeps_every_sum_and_few_bins(steps: list[tuple[float, int, float]]) -> None:
    curve, time, scored, error = Curve(most=16), 0.0, 0, 0.0
    for gap, events, mean in steps:
        time, scored, error = time + gap, scored + events, error + events * mean
        curve.add(time, scored, error, 2 * error)
    assert len(curve.bins) <= 16
    assert sum(each.scored for each in curve.bins) == scored
    assert sum(each.error for each in curve.bins) == pytest.approx(error)
    assert sum(each.baseline_error for each in curve.bins) == pytest.approx(2 * error)
    times = [each.time for each in curve.bins]
    assert times == sorted(times) and (not times or times[-1] <= time)


def test_a_long_life_is_spread_over_all_bins() -> None:
    curve = Curve(most=16)
    for second in range(1, 10_001):
        curve.add(float(second), second, second, second)
    assert 6 <= len(curve.bins) <= 16
    widths = [b.time - a.time for a, b in zip(curve.bins, curve.bins[1:], strict=False)]
    assert max(widths[:-1]) < 3 * min(widths[:-1])


def test_rates_are_per_second_since_the_point_before() -> None:
    sensor, history = PrometheusSensor(("value",), (1,), {}), History()
    first = history.add(1000.0, Readings(sensor.registry))
    assert math.isnan(first.events_per_second)
    for _ in range(2):
        sensor.on_batch(HERE, report(50))
    sensor.on_busy("commit", 1.0)
    sensor.on_replay(HERE, 30, 0)
    sensor.on_lag(HERE, 12, 0.5)
    point = history.add(1004.0, Readings(sensor.registry))
    assert (point.events_per_second, point.replayed_per_second) == (25.0, 7.5)
    assert (point.dead_letters_per_second, point.updates_per_second) == (1.0, 1.5)
    assert (point.lag_records, point.lag_seconds, point.streams) == (12, 0.5, 9)
    assert point.busy["commit"] == 0.25 and point.busy["decode"] == 0.0


def test_points_are_bounded() -> None:
    sensor, history = PrometheusSensor((), (), {}), History()
    readings = Readings(sensor.registry)
    for second in range(MOST_POINTS + 50):
        history.add(float(second), readings)
    assert len(history.points) == MOST_POINTS and history.points[0].time == 50.0


def test_errors_are_those_of_the_counters() -> None:
    sensor = PrometheusSensor(("value",), (1,), {})
    sensor.on_batch(HERE, report(50, error=20.0, naive=25.0))
    assert errors(Readings(sensor.registry)) == {("value", "1"): (50, 20.0, 25.0)}


def test_of_classes_errors_are_wrong_answers() -> None:
    families = Families()
    sensor = LabelSensor(families, classes=True)
    score = LabelScore(10, 7, 1.0, 4, 2.0, 5, 3.0)
    sensor.on_batch(HERE, report(10, labels=LabelReport(score, 10, 0, 0, 0)))
    assert errors(Readings(families.registry)) == {("label", "0"): (10, 3, 6)}
