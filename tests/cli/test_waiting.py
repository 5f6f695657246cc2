"""A command that waits for brokers says so, and one that need not does not."""

import threading

import pytest

from streamrnn.cli import waiting
from tests.helpers import settings

KAFKA = ("transport.kind=kafka", "kafka.bootstrap_servers=a:1,b:2", "kafka.request_timeout=7")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    told, usual = threading.Event(), waiting._tell
    monkeypatch.setattr(waiting, "_tell", lambda chosen: (usual(chosen), told.set()))
    return told


def test_what_lasts_is_told_with_the_brokers_the_limit_and_the_setting(
    told: threading.Event, capsys: pytest.CaptureFixture[str]
) -> None:
    with waiting.told_waiting(settings(*KAFKA), after=0.0):
        assert told.wait(10)
    wanted = "waits for the brokers at a:1, b:2, 7 s at most: start them, or correct kafka.bootstrap_servers\n"
    assert capsys.readouterr().err == wanted


def test_what_is_soon_over_is_not_told(told: threading.Event) -> None:
    before = threading.active_count()
    with waiting.told_waiting(settings(*KAFKA), after=60.0):
        pass
    assert not told.is_set() and threading.active_count() <= before + 1


def test_without_kafka_there_is_nobody_to_wait_for(told: threading.Event) -> None:
    with waiting.told_waiting(settings(), after=0.0):
        assert not told.wait(0.2)
