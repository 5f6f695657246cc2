"""A shard's drift is told once in a while, with what was held back."""

import logging
from collections.abc import Callable

import pytest

from streamrnn.events.columns import Partition
from streamrnn.observe.drift import DriftSensor
from streamrnn.observe.sensor import BatchReport
from tests.helpers import PARTITION, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sensor(clock: Clock) -> DriftSensor:
    return DriftSensor("report", every=60.0, clock=clock)


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, int]]:
    return [(vars(record)["partition"], vars(record)["alarms"]) for record in caplog.records]


def test_an_alarm_is_told_with_its_place_and_what_is_done(
    sensor: DriftSensor, make_report: Callable[..., BatchReport], caplog: pytest.LogCaptureFixture
) -> None:
    sensor.on_batch(PARTITION, make_report(drifts={"stream": 5, "shard": 0}))
    assert not caplog.records
    sensor.on_batch(PARTITION, make_report(drifts={"stream": 0, "shard": 1}))
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    fields = vars(record)
    names = ("partition", "alarms", "action", "learning_rate")
    assert [fields[name] for name in names] == ["events-0", 1, "report", 0.006]


def test_further_alarms_wait_and_are_counted_by_partition(
    sensor: DriftSensor, clock: Clock, make_report: Callable[..., BatchReport], caplog: pytest.LogCaptureFixture
) -> None:
    alarm, calm = make_report(drifts={"shard": 2}), make_report(drifts={"shard": 0})
    other = Partition("events", 1)
    for partition in (PARTITION, PARTITION, other):
        sensor.on_batch(partition, alarm)
    assert told(caplog) == [("events-0", 2), ("events-1", 2)]
    clock.now = 59.0
    sensor.on_batch(PARTITION, alarm)
    clock.now = 60.0
    sensor.on_batch(PARTITION, calm)
    sensor.on_batch(other, calm)
    assert told(caplog)[2:] == [("events-0", 4)]


def test_a_partition_that_goes_takes_its_alarms_with_it(
    sensor: DriftSensor, clock: Clock, make_report: Callable[..., BatchReport], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        sensor.on_batch(PARTITION, make_report(drifts={"shard": 1}))
    sensor.on_assignment(PARTITION, 0, "revoked")
    sensor.on_assignment(PARTITION, 1, "assigned")
    clock.now = 90.0
    sensor.on_batch(PARTITION, make_report(drifts={"shard": 0}))
    assert told(caplog) == [("events-0", 1)]
