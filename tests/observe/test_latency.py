"""Latency is that of what was committed, by the log's own clock."""

import numpy as np
import pytest

from streamrnn.events.columns import Events, Partition
from streamrnn.observe.families import Families
from streamrnn.observe.latency import LatencySensor
from tests.helpers import PARTITION, events

NOW = 1_700_000_000.0


def batch(timestamps: list[float]) -> Events:
    made = events(np.zeros(len(timestamps)))
    made.timestamps = np.array(timestamps)
    return made


class Watched:
    def __init__(self, timed: bool = True) -> None:
        families = Families()
        self.sensor = LatencySensor(families, timed, clock=lambda: NOW)
        self._value = families.registry.get_sample_value

    def shows(self, name: str) -> bool:
        return self._value(f"streamrnn_{name}") is not None

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


def test_where_the_log_tells_no_time_there_is_no_series() -> None:
    watched = Watched(timed=False)
    watched.sensor.on_events(PARTITION, batch([NOW - 1]))
    watched.sensor.on_commit(True, 0.1)
    assert watched.shows("processing_latency_seconds_count") and not watched.shows("event_latency_seconds_count")


def test_processing_counts_every_event_of_a_batch(watched: Watched) -> None:
    watched.sensor.on_answered(PARTITION, 40, 0.25)
    assert (watched.of_processing("count"), watched.of_processing("sum")) == (40, 10)
