"""Latency is that of what was committed, by the record's own clock."""

import numpy as np
import pytest

from streamrnn.events.columns import Events, Partition
from streamrnn.observe.families import Families
from streamrnn.observe.latency import LatencySensor
from tests.helpers import PARTITION, events

NOW = 1_700_000_000.0


def batch(times: list[float], timestamps: list[float] | None = None) -> Events:
    made = events(np.zeros(len(times)), times=times)
    if timestamps is not None:
        made.timestamps = np.array(timestamps)
    return made


class Watched:
    def __init__(self, timed: bool = True) -> None:
        families = Families()
        self.sensor = LatencySensor(families, timed, clock=lambda: NOW)
        self._value = families.registry.get_sample_value

    def of_events(self, what: str) -> float:
        return self._value(f"streamrnn_event_latency_seconds_{what}") or 0.0

    def of_processing(self, what: str) -> float:
        return self._value(f"streamrnn_processing_latency_seconds_{what}") or 0.0


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_an_event_counts_once_its_answer_is_committed(watched: Watched) -> None:
    watched.sensor.on_events(PARTITION, batch([NOW - 2, NOW - 1]))
    assert watched.of_events("count") == 0
    watched.sensor.on_commit(True, 0.1)
    watched.sensor.on_commit(True, 0.1)
    assert (watched.of_events("count"), watched.of_events("sum")) == (2, 3)


def test_the_logs_own_time_goes_before_the_events(watched: Watched) -> None:
    watched.sensor.on_events(PARTITION, batch([0.0, 0.0], [NOW - 0.5, NOW - 0.25]))
    watched.sensor.on_commit(True, 0.1)
    assert watched.of_events("sum") == 0.75


def test_what_was_not_committed_does_not_count(watched: Watched) -> None:
    watched.sensor.on_events(PARTITION, batch([NOW - 1]))
    watched.sensor.on_commit(False, 0.1)
    watched.sensor.on_commit(True, 0.1)
    assert watched.of_events("count") == 0


def test_events_of_a_lost_partition_are_anothers(watched: Watched) -> None:
    watched.sensor.on_events(PARTITION, batch([NOW - 1]))
    watched.sensor.on_events(Partition("events", 1), batch([NOW - 1]))
    watched.sensor.on_assignment(PARTITION, 1, "lost")
    watched.sensor.on_commit(True, 0.1)
    assert watched.of_events("count") == 1


def test_a_records_number_is_no_time() -> None:
    watched = Watched(timed=False)
    watched.sensor.on_events(PARTITION, batch([1.0, 2.0]))
    watched.sensor.on_commit(True, 0.1)
    assert watched.of_events("count") == 0


def test_processing_counts_every_event_of_a_batch(watched: Watched) -> None:
    watched.sensor.on_answered(PARTITION, 40, 0.25)
    assert (watched.of_processing("count"), watched.of_processing("sum")) == (40, 10)
