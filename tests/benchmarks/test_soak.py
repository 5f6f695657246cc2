"""What the soak rests on: its streams come and go, its sums outlive a restart, its slopes are those of the data."""

from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ET

import pytest

pytest.importorskip("kafka", reason="kafka-python is not installed")

from benchmarks.soak.life import Population
from benchmarks.soak.picture import picture
from benchmarks.soak.sums import Increase, of_metrics, of_status
from benchmarks.soak.watching import slope
from streamrnn.replay.svg import Line

HOUR = 3600.0


def test_streams_are_born_and_die_and_as_many_live_at_a_time() -> None:
    population = Population(50, begin=0.0)
    records = [record for hour in range(1, 25) for record in population.until(hour * HOUR, 2000)]
    names = [{key for key, _, moment in records if hour * HOUR <= moment < (hour + 1) * HOUR} for hour in (1, 22)]
    assert all(50 <= len(found) < 120 for found in names)  # those that die within the hour come on top
    assert len(names[0] & names[1]) < 5
    ended = [key for key, value, _ in records if value is None]
    assert len(ended) == len(set(ended)) > 100


def test_event_time_rises_but_for_the_late_ones() -> None:
    population = Population(50, begin=1000.0)
    records = list(population.until(1000.0 + HOUR, 5000))
    moments = [moment for _, _, moment in records]
    assert moments == sorted(moments) and moments[-1] == pytest.approx(1000.0 + HOUR)
    behind = 0
    for _, value, moment in records:
        try:
            behind += json.loads(value or b"")["time"] < moment - HOUR / 4
        except (ValueError, KeyError, TypeError):  # one of those that are no events
            continue
    assert 20 < behind < 100


def test_counters_that_begin_anew_go_on_where_they_were() -> None:
    increase = Increase()
    for seen in ({"a": 3.0}, {"a": 5.0, "b": 1.0}, {"a": 2.0}, {"a": 4.0, "b": 7.0}):
        increase.see(seen)
    assert increase.total == {"a": 9.0, "b": 8.0}


def test_the_page_and_the_metrics_are_read_to_the_same_names() -> None:
    metrics = of_metrics(
        "# TYPE streamrnn_events_consumed counter\nstreamrnn_events_consumed_total 9\n"
        '# TYPE streamrnn_dead_letters counter\nstreamrnn_dead_letters_total{reason="late"} 2\n'
        '# TYPE streamrnn_scored_events counter\nstreamrnn_scored_events_total{horizon="1",target="v"} 4\n'
        '# TYPE streamrnn_absolute_error counter\nstreamrnn_absolute_error_total{horizon="1",target="v"} 6\n'
        "# TYPE streamrnn_baseline_absolute_error counter\n"
        'streamrnn_baseline_absolute_error_total{baseline="last_value",horizon="1",target="v"} 8\n'
        "# TYPE streamrnn_streams gauge\nstreamrnn_streams 3\n"
    )
    target = {"target": "v", "horizon": 1, "scored": 4, "error": 1.5, "baseline_error": 2.0}
    assert of_status({"events": 9, "dead_letters": {"late": 2}, "targets": [target]}) == metrics


def test_a_slope_is_found_in_noise_and_gaps() -> None:
    x = [i / 10 for i in range(200)]
    y = [3 + 2 * at + (-1) ** i for i, at in enumerate(x)]
    y[7] = math.nan
    rise, error = slope(x, y)
    assert rise == pytest.approx(2.0, abs=3 * error) and error < 0.05


def test_the_picture_is_one_document() -> None:
    lines = [Line("a & b", "forecast", [1.0, math.nan, 2.0])]
    drawn = ET.fromstring(picture("A <day>", "so many", [0.0, 1.0, 2.0], [("memory, MiB", lines)] * 3))
    assert len(drawn.findall(".//{http://www.w3.org/2000/svg}svg")) == 3
