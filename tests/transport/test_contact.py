"""Silence of the group's coordinator is told, and ends the process; so does another member of the same name."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("kafka")  # the package that it is part of

from streamrnn.settings.logs import Kafka
from streamrnn.transport.base import TransportError
from streamrnn.transport.kafka.contact import Contact

KAFKA = Kafka(session_timeout=4.0, request_timeout=20.0, group_instance_id="a")  # a heartbeat each second


class Coordinator:
    """The client's, as far as it is looked at."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._generation = 1
        self._heartbeat_enabled = True
        self.rejoining = False
        self.coordinator_id: str | None = "1"
        self.heartbeat = SimpleNamespace(last_receive=0.0)
        self.is_stable = True

    def stable(self) -> bool:
        return self.is_stable


class Watched:
    """A contact, and seconds that pass at will."""

    def __init__(self) -> None:
        self.now = 0.0
        self.coordinator = Coordinator()
        self.contact = Contact(self.coordinator, KAFKA, lambda: self.now)
        self.contact.look()

    def passes(self, seconds: int, answers: bool = False) -> None:
        for _ in range(2 * seconds):
            self.now += 0.5
            if answers:
                self.coordinator.heartbeat.last_receive = self.now
            self.contact.look()


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_answers_keep_it_alive_without_a_word(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "streamrnn")
    watched.passes(100, answers=True)
    assert watched.contact.silence == 0 and not caplog.records


def test_silence_ends_the_process_once_an_answer_is_late_by_the_request_timeout(watched: Watched) -> None:
    watched.passes(21)
    with pytest.raises(TransportError, match=r"has not answered for 22 s \(kafka\.request_timeout\)") as ended:
        watched.passes(1)
    assert ended.value.kind == "unreachable"


def test_an_outage_is_told_while_it_lasts_and_when_it_is_over(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "streamrnn")
    watched.passes(15)
    watched.passes(1, answers=True)
    told: list[tuple[str, float]] = [(each.message, vars(each)["seconds"]) for each in caplog.records]
    assert told == [
        ("no sign of life from the brokers", 3.5),
        ("no sign of life from the brokers", 14.0),
        ("the brokers answer again", 15.0),
    ]


def test_a_process_that_stood_still_has_waited_for_nobody(watched: Watched) -> None:
    watched.now += 3600
    watched.contact.look()
    assert watched.contact.silence == 1


def test_waiting_for_the_other_members_of_a_group_is_no_silence(watched: Watched) -> None:
    watched.coordinator.is_stable = watched.coordinator._heartbeat_enabled = False
    watched.passes(100)
    watched.coordinator.coordinator_id = None  # and now it is: the join was lost
    with pytest.raises(TransportError):
        watched.passes(22)


@pytest.mark.parametrize("state", [{"rejoining": True}, {"is_stable": False}])
def test_heartbeats_stop_during_a_join_and_that_is_fine(watched: Watched, state: dict[str, Any]) -> None:
    vars(watched.coordinator).update(state, _heartbeat_enabled=False)
    watched.passes(1)


def test_heartbeats_that_stop_without_a_join_mean_a_successor_of_the_same_name(watched: Watched) -> None:
    watched.coordinator._heartbeat_enabled = False
    with pytest.raises(TransportError, match=r"kafka\.group_instance_id a,") as ended:
        watched.passes(1)
    assert ended.value.kind == "fenced"
