"""On a real broker, labels in a topic of their own: killed and restarted, all is as the journal tells."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from streamrnn.events.columns import Partition
from streamrnn.snapshots.store import DirectoryStore
from tests.helpers import settings
from tests.kafka.conftest import BASE, WAIT, Topics
from tests.label_logs import label_settings, records
from tests.two_topics import expected, merged, order, same_state

COMMAND = [sys.executable, "-c", "from streamrnn.cli.app import main; main()", "run"]
KINDS = ("in", "labels", "out", "dead", "journal")
LABELS = ["labels.mode=delayed", "labels.within=6", "labels.dead_letters=true", "events.features=[a,b]"]
PARTITIONS = 2


@pytest.fixture
def pair(bootstrap: str) -> Topics:
    made = Topics(bootstrap, f"t{uuid.uuid4().hex[:8]}", PARTITIONS)
    with closing(KafkaAdminClient(bootstrap_servers=bootstrap)) as admin:
        admin.create_topics([NewTopic(f"{made.name}-{kind}", PARTITIONS, 1) for kind in KINDS])
    return made


def overrides(topics: Topics, folder: Path, *more: str) -> list[str]:
    return [
        *topics.overrides(folder), *LABELS, f"labels.topic={topics.name}-labels", "events.time=time",
        f"labels.journal={topics.name}-journal", "streams.max_live=7", "streams.expire_after=900",
        "model.hidden_size=8", "scoring.window=200", "snapshots.every_records=150", "transport.commit_interval=0.02",
        "kafka.request_timeout=10", *more,
    ]  # fmt: skip


def log(n: int) -> list[tuple[str, int, bytes]]:
    """Kind of topic, partition and value of each record, in the order in which they come about."""
    made: list[tuple[str, int, bytes]] = []
    for i, record in enumerate(records(label_settings(*LABELS[:2]), n, seed=3)):
        kind = "labels" if "label" in record else "in"
        value = b"{not json" if i % 97 == 96 else json.dumps(record).encode()
        made.append((kind, int(str(record["stream"])[1:]) % PARTITIONS, value))
    return made


class Feed:
    """Produces a log, a piece at a time."""

    def __init__(self, topics: Topics, made: list[tuple[str, int, bytes]]) -> None:
        self._topics, self._left, self._sent = topics, made[::-1], 0
        self._producer = KafkaProducer(bootstrap_servers=topics.bootstrap, linger_ms=1)

    def send(self, count: int) -> int:
        """Send so many more; how many that makes."""
        for _ in range(min(count, len(self._left))):
            kind, partition, value = self._left.pop()
            topic = f"{self._topics.name}-{kind}"
            self._producer.send(topic, value, partition=partition, timestamp_ms=BASE + self._sent)
            self._sent += 1
        self._producer.flush(WAIT)
        return self._sent

    def close(self) -> None:
        self._producer.close()


class Process:
    """The daemon as a process."""

    def __init__(self, chosen: list[str], log: Path) -> None:
        arguments = [word for setting in chosen for word in ("--set", setting)]
        self._log = log.open("ab")
        self.process = subprocess.Popen([*COMMAND, *arguments], stdout=self._log, stderr=self._log)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(30)


def answered(topics: Topics) -> int:
    """Committed positions of all partitions of both topics, summed."""
    options = {"group_id": topics.name, "enable_auto_commit": False}
    with closing(KafkaConsumer(bootstrap_servers=topics.bootstrap, **options)) as consumer:
        return sum(
            consumer.committed(TopicPartition(f"{topics.name}-{kind}", number)) or 0
            for kind in ("in", "labels")
            for number in range(PARTITIONS)
        )


def wait_until_answered(topics: Topics, count: int, process: Process, log: Path) -> None:
    deadline = time.monotonic() + WAIT
    while answered(topics) < count:
        assert process.process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def all_of(topics: Topics, kind: str) -> list[list[Any]]:
    """Committed records of each partition of a topic."""
    places = [TopicPartition(f"{topics.name}-{kind}", number) for number in range(PARTITIONS)]
    options = {"isolation_level": "read_committed", "enable_auto_commit": False}
    with closing(KafkaConsumer(bootstrap_servers=topics.bootstrap, **options)) as consumer:
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        ends = consumer.end_offsets(places)
        found: dict[TopicPartition, list[Any]] = {place: [] for place in places}
        while any(consumer.position(place) < ends[place] for place in places):
            for place, polled in consumer.poll(200).items():
                found[place] += polled
    return [found[place] for place in places]


def source(record: Any) -> tuple[str, int]:
    headers = dict(record.headers)
    return headers["topic"].decode(), int(headers["offset"])


def first_ones(found: list[Any]) -> list[Any]:
    """Without those that came again, which must be the same."""
    seen: dict[object, Any] = {}
    for record in found:
        assert seen.setdefault(source(record), record).value == record.value
    return list(seen.values())


@pytest.mark.timeout(300)
@pytest.mark.parametrize("delivery", ["exactly_once", "at_least_once"])
def test_kills_change_no_bit_of_what_the_journal_tells(pair: Topics, tmp_path: Path, delivery: str) -> None:
    chosen = overrides(pair, tmp_path / "snapshots", f"kafka.delivery={delivery}", "kafka.group_instance_id=one")
    made, output = log(1200), tmp_path / "log"
    feed, dice = Feed(pair, made), random.Random(5)
    for share in (0.2, 0.4, 0.6, 0.8):
        process = Process([*chosen, f"transport.poll_records={dice.randrange(5, 200)}"], output)
        stop = threading.Event()

        def go_on(upto: int = int(share * len(made)), stop: threading.Event = stop) -> None:
            while not stop.wait(0.02) and feed.send(dice.randrange(1, 30)) < upto:
                pass

        feeding = threading.Thread(target=go_on)
        feeding.start()
        wait_until_answered(pair, int((share - 0.15) * len(made)), process, output)
        process.kill()
        stop.set()
        feeding.join()
    total = feed.send(len(made))
    feed.close()
    process = Process(chosen, output)
    wait_until_answered(pair, total, process, output)
    assert process.stop() == 0, output.read_text()

    settled = settings(*chosen)
    store = DirectoryStore(tmp_path / "snapshots", settled.snapshots.keep)
    published = {kind: all_of(pair, kind) for kind in KINDS}
    for number in range(PARTITIONS):
        both = Partition(f"{pair.name}-in", number), Partition(f"{pair.name}-labels", number)
        ((lineage, _),) = store.lineages(both[0]).items()
        logs = [
            {each.offset: (each.key, each.value, each.timestamp / 1000) for each in published[kind][number]}
            for kind in ("in", "labels")
        ]
        runs = order([record.value for record in published["journal"][number]], lineage)
        answers, letters, state = expected(
            settled, lineage, merged(both, (logs[0], logs[1]), runs), numbered_time=False
        )
        assert len(answers) + len(letters) == sum(map(len, logs))
        seen = published["out"][number]
        if delivery == "at_least_once":
            seen = first_ones(seen)
        assert [record.value for record in seen] == answers
        refused = [record for kind in published["dead"] for record in kind if source(record)[0] in
                   {each.topic for each in both} and dict(record.headers)["partition"] == b"%d" % number]  # fmt: skip
        told = [(dict(record.headers)["reason"].decode(), *source(record)) for record in refused]
        if delivery == "at_least_once":
            told = list(dict.fromkeys(told))
        assert sorted(told) == sorted((reason, partition.topic, offset) for reason, partition, offset in letters)
        newest = max(store.listing(str(both[0])), key=lambda each: each.name.position)
        saved = store.read(newest.name)
        assert saved[0].position == sum(map(len, logs))
        assert same_state(saved[1], state) == []
