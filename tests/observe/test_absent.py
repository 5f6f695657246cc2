"""A feature that no event brings is pointed out once; one that comes late is not."""

import numpy as np
import pytest

from streamrnn.events.columns import Partition
from streamrnn.observe.absent import AbsentFeatureSensor
from tests.helpers import PARTITION, events

MISSING = np.nan


@pytest.fixture
def sensor() -> AbsentFeatureSensor:
    return AbsentFeatureSensor(("x", "y"), enough=10)


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, int]]:
    found = [(record.feature, record.events) for record in caplog.records]  # type: ignore[attr-defined]
    caplog.clear()
    return found


def test_a_feature_that_enough_events_lack_is_pointed_out_once(
    sensor: AbsentFeatureSensor, caplog: pytest.LogCaptureFixture
) -> None:
    sensor.on_events(PARTITION, events([[1.0, MISSING]] * 9))
    assert told(caplog) == []
    sensor.on_events(PARTITION, events([[1.0, MISSING]] * 3))
    assert told(caplog) == [("y", 12)]
    sensor.on_events(PARTITION, events([[1.0, MISSING]] * 50))
    assert told(caplog) == []


def test_fewer_events_are_judged_when_all_were_read(
    sensor: AbsentFeatureSensor, caplog: pytest.LogCaptureFixture
) -> None:
    sensor.on_lag(PARTITION, 0, None)
    assert told(caplog) == []  # nothing was read at all
    sensor.on_events(PARTITION, events([[MISSING, MISSING]]))
    sensor.on_lag(PARTITION, 7, None)
    sensor.on_lag(PARTITION, None, None)
    assert told(caplog) == []
    sensor.on_lag(PARTITION, 0, 0.0)
    assert told(caplog) == [("x", 1), ("y", 1)]


def test_one_event_in_any_partition_is_enough(sensor: AbsentFeatureSensor, caplog: pytest.LogCaptureFixture) -> None:
    sensor.on_events(PARTITION, events([[1.0, MISSING]] * 5 + [[MISSING, 0.0]]))
    sensor.on_events(Partition("events", 1), events([[MISSING, MISSING]] * 20))
    sensor.on_lag(PARTITION, 0, 0.0)
    assert told(caplog) == []


def test_a_tombstone_has_no_features_to_lack(sensor: AbsentFeatureSensor, caplog: pytest.LogCaptureFixture) -> None:
    ended = events([[MISSING, MISSING]] * 20)
    ended.ends[:] = True
    sensor.on_events(PARTITION, ended)
    sensor.on_lag(PARTITION, 0, 0.0)
    assert told(caplog) == []
