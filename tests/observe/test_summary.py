"""One line every ten seconds, with what happened in between."""

import logging
from collections.abc import Callable

import pytest

from streamrnn.events.columns import Partition
from streamrnn.observe.sensor import BatchReport, LabelReport, TargetScore
from streamrnn.observe.summary import SummarySensor
from tests.helpers import Clock

PARTITION = Partition("events", 0)
MakeReport = Callable[..., BatchReport]


@pytest.fixture
def clock(caplog: pytest.LogCaptureFixture) -> Clock:
    caplog.set_level(logging.INFO)
    return Clock()


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    names = (
        "seconds",
        "events",
        "events_per_second",
        "replayed_per_second",
        "skill",
        "lag_records",
        "lag_seconds",
        "dead_letters",
        "dead_letters_late",
        "dead_letters_not_json",
        "lost_answers",
        "streams",
    )
    found = [{name: vars(record)[name] for name in names if name in vars(record)} for record in caplog.records]
    caplog.clear()
    return found


def test_a_line_sums_up_ten_seconds(clock: Clock, caplog: pytest.LogCaptureFixture, make_report: MakeReport) -> None:
    sensor = SummarySensor(clock=clock)
    sensor.on_batch(PARTITION, make_report())
    sensor.on_batch(Partition("events", 1), make_report())
    sensor.on_lag(PARTITION, 5, 0.25)
    sensor.on_lag(Partition("events", 1), 6, None)
    assert lines(caplog) == []
    clock.now = 10.0
    sensor.on_busy("poll_wait", 0.1)
    assert lines(caplog) == [
        {
            "events_per_second": 2.0,
            "skill": 0.5,
            "lag_records": 11,
            "lag_seconds": 0.25,
            "dead_letters": 2,
            "dead_letters_not_json": 2,
            "streams": 14,
        }
    ]


def test_counts_begin_anew_with_each_line(
    clock: Clock, caplog: pytest.LogCaptureFixture, make_report: MakeReport
) -> None:
    sensor = SummarySensor(clock=clock)
    sensor.on_batch(PARTITION, make_report())
    for clock.now in (10.0, 15.0, 20.0):
        sensor.on_busy("poll_wait", 0.1)
    assert [(line["events_per_second"], line["dead_letters"]) for line in lines(caplog)] == [(1.0, 1), (0.0, 0)]


def test_answers_that_are_lost_with_their_streams_are_told(
    clock: Clock, caplog: pytest.LogCaptureFixture, make_report: MakeReport
) -> None:
    sensor = SummarySensor(clock=clock)
    for lost in (3, 0, 4):
        sensor.on_batch(PARTITION, make_report(labels=LabelReport(None, 0, 0, 0, 0, lost=lost)))
    for clock.now in (10.0, 20.0):
        sensor.on_busy("poll_wait", 0.1)
    sensor.on_state("stopped")
    assert [line.get("lost_answers") for line in lines(caplog)] == [7, None, 7]


def test_an_idle_start_says_so_without_skill_or_lag(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    sensor = SummarySensor(clock=clock)
    clock.now = 10.0
    sensor.on_busy("poll_wait", 0.1)
    assert lines(caplog) == [{"events_per_second": 0.0, "dead_letters": 0, "streams": 0}]


def test_a_replay_shows_its_pace_apart(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    sensor = SummarySensor(clock=clock)
    clock.now = 20.0
    sensor.on_replay(PARTITION, 400, 20)
    (line,) = lines(caplog)
    assert (line["events_per_second"], line["replayed_per_second"]) == (0.0, 20.0)


def test_the_last_line_sums_up_the_whole_run(
    clock: Clock, caplog: pytest.LogCaptureFixture, make_report: MakeReport
) -> None:
    sensor = SummarySensor(window=5, clock=clock)
    sensor.on_batch(PARTITION, make_report(scores={("value", 1): TargetScore(10, 4.0, 0.0, 4.0, 0.0)}))
    clock.now = 10.0
    sensor.on_batch(PARTITION, make_report(dead_letters={"not_json": 1, "late": 2}))
    caplog.clear()
    sensor.on_state("draining")
    clock.now = 12.0
    sensor.on_state("stopped")
    assert lines(caplog) == [
        {
            "seconds": 12.0,
            "events": 20,
            "skill": 0.25,
            "dead_letters": 4,
            "dead_letters_late": 2,
            "dead_letters_not_json": 2,
        }
    ]
