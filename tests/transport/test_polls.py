"""A poll of the client waits for records as long as it may, and no longer than the daemon lets it."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("kafka", reason="kafka-python is not installed")

from streamrnn.transport.kafka import polls
from streamrnn.transport.kafka.polls import Polls


class Silent:
    """A client whose log says nothing."""


    def __init__(self) -> None:
        self.config = {"max_poll_records": 10}
        self._fetcher = SimpleNamespace(_next_partition_records=None)

    def _poll_once(self, timer: Any, most: int) -> dict[Any, Any]:
        time.sleep(0.005)
        return {}


def ended(polled: Polls, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while polled.under_way and time.monotonic() < deadline:
        time.sleep(0.005)
    return not polled.under_way


def test_a_poll_that_is_in_the_way_is_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polls, "POLL_MILLISECONDS", 60_000)
    polled = Polls(Silent())
    polled.begin()
    assert not ended(polled, 0.1)
    polled.cut()
    assert ended(polled, 20.0) and polled.take(0.0) == []
    polled.begin()
    assert not ended(polled, 0.1)  # the next one is not
    polled.close()


def test_a_poll_without_records_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polls, "POLL_MILLISECONDS", 50)
    polled = Polls(Silent())
    polled.begin()
    assert ended(polled, 20.0) and polled.take(0.0) == []
    polled.close()
