"""A broker for the whole session, topics of its own for each test, and a daemon that runs beside the test."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from streamrnn.daemon import Daemon
from streamrnn.events.columns import Partition
from streamrnn.exits import ExitCode
from streamrnn.observe.sensor import Sensor
from streamrnn.settings.schema import Settings
from tests.helpers import settings
from tests.kafka.broker import JavaBroker, NoBroker, any_broker, java_broker

WAIT = 40.0  # seconds that a test waits for what must come
BASE = time.time_ns() // 1_000_000  # time of the first record, ms; an old one would fall to the broker's retention


@pytest.fixture(scope="session")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        with any_broker(tmp_path_factory.mktemp("kafka")) as servers:
            yield servers
    except NoBroker as reason:
        pytest.skip(f"no Kafka broker: {reason}")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JavaBroker]:
    """A broker that a test may freeze, stop, or damage."""
    try:
        broker = java_broker(tmp_path_factory.mktemp("own"))
    except NoBroker as reason:
        pytest.skip(f"needs Apache Kafka itself, which it freezes, stops or damages: {reason}")
    broker.start()
    yield broker
    broker.kill()


@dataclass
class Topics:
    """Topics of one test, and what can be done with them from outside."""

    bootstrap: str
    name: str
    partitions: int

    def overrides(self, folder: Path) -> list[str]:
        return [
            "transport.kind=kafka", f"kafka.bootstrap_servers={self.bootstrap}", f"kafka.group_id={self.name}",
            f"transport.input={self.name}-in", f"transport.predictions={self.name}-out",
            f"transport.dead_letters={self.name}-dead", "snapshots.store=directory", "snapshots.shared=true",
            f"snapshots.path={folder}", "kafka.session_timeout=2", "http.enabled=false", "events.time=null",
        ]  # fmt: skip

    def produce(self, values: list[bytes], partition: Callable[[int], int]) -> None:
        with closing(KafkaProducer(bootstrap_servers=self.bootstrap, linger_ms=5)) as producer:
            for i, value in enumerate(values):
                producer.send(f"{self.name}-in", value, partition=partition(i), timestamp_ms=BASE + i)
            producer.flush(WAIT)

    def read(self, kind: str, count: int) -> dict[int, list[Any]]:
        """Committed records by partition, once there are so many; fails where they do not come, or more do."""
        found = self.read_some(kind, count)
        assert sum(map(len, found.values())) == count
        return found

    def read_some(self, kind: str, count: int = 1) -> dict[int, list[Any]]:
        """Committed records by partition, once there are so many, or time is up."""
        found: dict[int, list[Any]] = {number: [] for number in range(self.partitions)}
        topics = [TopicPartition(f"{self.name}-{kind}", number) for number in range(self.partitions)]
        consumer = KafkaConsumer(
            bootstrap_servers=self.bootstrap, isolation_level="read_committed", enable_auto_commit=False
        )
        with closing(consumer):
            consumer.assign(topics)
            consumer.seek_to_beginning(*topics)
            give_up = threading.Event()
            timer = threading.Timer(WAIT, give_up.set)
            timer.start()
            while sum(map(len, found.values())) < count and not give_up.is_set():
                for topic, records in consumer.poll(100).items():
                    found[topic.partition] += records
            timer.cancel()
            for topic, records in consumer.poll(300).items():
                found[topic.partition] += records
        return found


@pytest.fixture
def topics(bootstrap: str) -> Topics:
    made = Topics(bootstrap, f"t{uuid.uuid4().hex[:8]}", 2)
    with closing(KafkaAdminClient(bootstrap_servers=bootstrap)) as admin:
        admin.create_topics([NewTopic(f"{made.name}-{kind}", made.partitions, 1) for kind in ("in", "out", "dead")])
    return made


@dataclass
class Running:
    """A daemon in a thread."""

    settings: Settings
    skip_to: dict[Partition, int] | None = None
    sensors: tuple[Sensor, ...] = ()
    daemon: Daemon = field(init=False)
    code: ExitCode | None = None

    def __post_init__(self) -> None:
        self.daemon = Daemon(self.settings, self.sensors, skip_to=self.skip_to)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self.code = self.daemon.run()

    def wait(self) -> ExitCode | None:
        """Wait until it ends by itself."""
        self._thread.join(WAIT)
        return self.code

    def stop(self) -> ExitCode | None:
        self.daemon.stop()
        self._thread.join(WAIT)
        return self.code


@pytest.fixture
def start(topics: Topics, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    running: list[Running] = []

    def start(*overrides: str, sensors: tuple[Sensor, ...] = ()) -> Running:
        chosen = settings(*topics.overrides(tmp_path / "snapshots"), *overrides)
        running.append(Running(chosen, sensors=sensors))
        return running[-1]

    yield start
    for each in running:
        each.stop()
