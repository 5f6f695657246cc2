"""What ends a process that has nothing to do: brokers that stay away, and a successor of its name."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient, NewTopic

from streamrnn.exits import ExitCode
from streamrnn.observe.sensor import Sensor
from tests.helpers import settings
from tests.kafka.broker import JavaBroker
from tests.kafka.conftest import WAIT, Running, Topics
from tests.kafka.test_log import by_stream, event

Start = Callable[..., Running]


class Failures(Sensor):
    """Kinds of failure that were counted."""

    def __init__(self) -> None:
        self.kinds: list[str] = []

    def on_failure(self, kind: str) -> None:
        self.kinds.append(kind)


def made(own: JavaBroker) -> Topics:
    topics = Topics(own.bootstrap, f"t{uuid.uuid4().hex[:8]}", 2)
    with closing(KafkaAdminClient(bootstrap_servers=own.bootstrap)) as admin:
        admin.create_topics([NewTopic(f"{topics.name}-{kind}", 2, 1) for kind in ("in", "out", "dead")])
    return topics


@contextmanager
def idle(own: JavaBroker, folder: Path, sensor: Sensor, *overrides: str) -> Iterator[Running]:
    """A member that has answered all there is."""
    topics = made(own)
    topics.produce([event(i) for i in range(20)], by_stream)
    running = Running(settings(*topics.overrides(folder), *overrides), sensors=(sensor,))
    try:
        topics.read("out", 20)
        yield running
    finally:
        running.stop()


@pytest.mark.parametrize("delivery", ["exactly_once", "at_least_once"])
def test_an_idle_member_ends_when_its_brokers_stay_away(
    own: JavaBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture, delivery: str
) -> None:
    failures = Failures()
    with idle(own, tmp_path, failures, "kafka.request_timeout=4", f"kafka.delivery={delivery}") as running:
        started = time.monotonic()
        with own.frozen():
            assert running.wait() == ExitCode.TRANSPORT
        assert time.monotonic() - started < 4 + 0.5 + 6  # the promise, a heartbeat, and what closing may take
    assert failures.kinds == ["unreachable"]
    assert "no sign of life from the brokers" in caplog.text
    assert "the group's coordinator has not answered for 5 s (kafka.request_timeout)" in caplog.text


def test_an_idle_member_outlives_a_restart_of_its_brokers(
    own: JavaBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with idle(own, tmp_path, Failures()) as running:
        own.kill()
        deadline = time.monotonic() + WAIT
        while "no sign of life" not in caplog.text and time.monotonic() < deadline:
            time.sleep(0.05)
        own.start()
        while "the brokers answer again" not in caplog.text and time.monotonic() < deadline:
            time.sleep(0.05)
        assert running.stop() == ExitCode.OK
    assert "the brokers answer again" in caplog.text


def test_an_idle_member_ends_when_another_takes_its_name(topics: Topics, start: Start) -> None:
    topics.produce([event(i) for i in range(20)], by_stream)
    failures = Failures()
    first = start("kafka.group_instance_id=a", sensors=(failures,))
    topics.read("out", 20)
    second = start("kafka.group_instance_id=a")
    assert first.wait() == ExitCode.TRANSPORT
    assert failures.kinds == ["fenced"]
    assert second.code is None
