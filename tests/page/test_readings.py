"""What the page reads is what Prometheus would."""

import math

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from streamrnn.page.readings import Readings, quantile


@pytest.fixture
def registry() -> CollectorRegistry:
    made = CollectorRegistry()
    letters = Counter("streamrnn_dead_letters", "Letters.", ["reason"], registry=made)
    letters.labels("late").inc(2)
    letters.labels("not_json").inc(3)
    lag = Gauge("streamrnn_lag", "Lag.", ["topic", "partition"], registry=made)
    lag.labels("events", "0").set(7)
    lag.labels("events", "1").set(math.nan)
    return made


def test_samples_are_summed_by_their_labels(registry: CollectorRegistry) -> None:
    readings = Readings(registry)
    assert readings.total("dead_letters_total") == 5
    assert readings.total("dead_letters_total", reason="late") == 2
    assert readings.total("dead_letters_total", reason="none") == readings.total("nothing") == 0
    assert dict(readings.each("dead_letters_total", "reason")) == {("late",): 2, ("not_json",): 3}


def test_what_is_not_known_is_left_out(registry: CollectorRegistry) -> None:
    readings = Readings(registry)
    assert readings.known("lag") == readings.largest("lag") == 7
    assert math.isnan(readings.known("nothing")) and math.isnan(readings.largest("nothing"))


def test_a_quantile_is_of_what_came_between_two_readings() -> None:
    registry = CollectorRegistry()
    seconds = Histogram("streamrnn_seconds", "Time.", buckets=(1, 2, 4, 8), registry=registry)
    for value in [0.5] * 100:
        seconds.observe(value)
    before = Readings(registry)
    for value in [1.5] * 6 + [3] * 2 + [7] * 2:
        seconds.observe(value)
    now = Readings(registry)
    assert quantile(0.5, now, before, "seconds") == pytest.approx(1 + 5 / 6)
    assert quantile(0.7, now, before, "seconds") == pytest.approx(3.0)
    assert quantile(1.0, now, before, "seconds") == 8.0
    assert quantile(0.5, now, None, "seconds") == pytest.approx(0.55)
    assert math.isnan(quantile(0.5, now, now, "seconds"))
    assert math.isnan(quantile(0.5, now, None, "nothing"))
    seconds.observe(100)
    assert quantile(1.0, Readings(registry), now, "seconds") == 8.0  # beyond the last bound nothing is known
