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
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, NewTopic

from streamrnn.cli.check import findings
from streamrnn.events.columns import Partition
from streamrnn.exits import ExitCode
from streamrnn.snapshots.store import DirectoryStore
from streamrnn.transport.base import TransportError
from streamrnn.transport.factory import open_transport
from streamrnn.transport.kafka.log import KafkaLog
from streamrnn.transport.kafka.topics import create, describe
from streamrnn.transport.paired import PairedLog
from tests.helpers import output, settings
from tests.kafka.conftest import BASE, WAIT, Topics
from tests.label_logs import label_settings, records
from tests.transport.pair_contract import check_pair
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
    made, told_by = log(1200), tmp_path / "log"
    feed, dice = Feed(pair, made), random.Random(5)
    for share in (0.2, 0.4, 0.6, 0.8):
        process = Process([*chosen, f"transport.poll_records={dice.randrange(5, 200)}"], told_by)
        stop = threading.Event()

        def go_on(upto: int = int(share * len(made)), stop: threading.Event = stop) -> None:
            while not stop.wait(0.02) and feed.send(dice.randrange(1, 30)) < upto:
                pass

        feeding = threading.Thread(target=go_on)
        feeding.start()
        wait_until_answered(pair, int((share - 0.15) * len(made)), process, told_by)
        process.kill()
        stop.set()
        feeding.join()
    total = feed.send(len(made))
    feed.close()
    process = Process(chosen, told_by)
    wait_until_answered(pair, total, process, told_by)
    assert process.stop() == 0, told_by.read_text()

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


def test_a_partition_that_was_paused_with_records_at_hand_goes_on(pair: Topics, tmp_path: Path) -> None:
    """The client lays aside what it had fetched, and would leave it there."""
    with closing(KafkaProducer(bootstrap_servers=pair.bootstrap)) as producer:
        for i in range(30):
            for kind in ("in", "labels"):
                producer.send(f"{pair.name}-{kind}", b"%d" % i, partition=0, timestamp_ms=BASE)
        producer.flush(WAIT)
    log = KafkaLog(settings(*overrides(pair, tmp_path, "transport.poll_records=7")))
    deadline, assigned = time.monotonic() + WAIT, []
    while not assigned and time.monotonic() < deadline:
        assigned = log.changes().assigned
        log.poll(0.05)
    for each in assigned:
        log.seek(each, 0)
    seen = dict.fromkeys((each for each in assigned if each.number == 0), 0)
    while sum(seen.values()) < 60 and time.monotonic() < deadline:
        for polled in log.poll(0.05):
            seen[polled.partition] += len(polled)
            log.pause(polled.partition)
            for other in seen.keys() - {polled.partition}:
                log.resume(other)
        if not any(log.lag(each) is None for each in seen) and max(seen.values()) == 30:
            for each in seen:
                log.resume(each)
    log.close()
    assert set(seen.values()) == {30}


@pytest.mark.parametrize("delivery", ["exactly_once", "at_least_once"])
def test_two_topics_keep_the_promises(pair: Topics, tmp_path: Path, delivery: str) -> None:
    with closing(KafkaProducer(bootstrap_servers=pair.bootstrap)) as producer:
        for i in range(40):
            for kind in ("in", "labels"):
                at = BASE + i * 7 % 30
                producer.send(f"{pair.name}-{kind}", b'{"n":%d}' % i, partition=0, timestamp_ms=at)
        producer.flush(WAIT)

    def open_log(polls: int) -> PairedLog:
        chosen = overrides(pair, tmp_path, f"kafka.delivery={delivery}", f"transport.poll_records={polls}")
        log = open_transport(settings(*chosen))
        assert isinstance(log, PairedLog)
        return log

    check_pair(open_log, f"{pair.name}-labels", 40)


@pytest.fixture
def alone(bootstrap: str) -> tuple[Topics, Any]:
    """Topics to be made."""
    made = Topics(bootstrap, f"t{uuid.uuid4().hex[:8]}", PARTITIONS)

    def make(name: str, partitions: int = PARTITIONS, **configuration: str) -> None:
        options = {"num_partitions": partitions, "replication_factor": 1, "configs": configuration}
        with closing(KafkaAdminClient(bootstrap_servers=bootstrap)) as admin:
            admin.create_topics({f"{made.name}-{name}": options}, wait_for_metadata=True)

    return made, make


def test_the_journal_is_made_with_as_many_partitions_and_the_longer_retention(
    alone: tuple[Topics, Any], tmp_path: Path
) -> None:
    topics, make = alone
    make("in", **{"retention.ms": "7200000"})
    make("labels", **{"retention.ms": "3600000"})
    chosen = settings(*overrides(topics, tmp_path))
    assert {topic.name.rpartition("-")[2]: topic.partitions for topic in create(chosen, 1)} == {
        "out": PARTITIONS, "dead": PARTITIONS, "journal": PARTITIONS,
    }  # fmt: skip
    assert f"{topics.name}-journal" in describe(chosen)
    resource = ConfigResource(ConfigResourceType.TOPIC, f"{topics.name}-journal", None)
    with closing(KafkaAdminClient(bootstrap_servers=topics.bootstrap)) as admin:
        [found] = admin.describe_configs([resource])["topic"].values()
    assert (found["retention.ms"]["value"], found["cleanup.policy"]["value"]) == ("7200000", "delete")


@pytest.mark.parametrize("unequal", ["labels", "journal"])
def test_other_numbers_of_partitions_are_refused(alone: tuple[Topics, Any], tmp_path: Path, unequal: str) -> None:
    topics, make = alone
    for kind in KINDS:
        make(kind, PARTITIONS + (kind == unequal))
    with pytest.raises(TransportError, match=f"{unequal} has 3 partitions .* give both the same number"):
        describe(settings(*overrides(topics, tmp_path)))


def test_a_compacted_journal_is_refused(alone: tuple[Topics, Any], tmp_path: Path) -> None:
    topics, make = alone
    for kind in KINDS:
        make(kind, **({"cleanup.policy": "compact"} if kind == "journal" else {}))
    with pytest.raises(TransportError, match="journal is compacted"):
        describe(settings(*overrides(topics, tmp_path)))


def test_a_missing_topic_of_labels_is_named(alone: tuple[Topics, Any], tmp_path: Path) -> None:
    topics, make = alone
    for kind in KINDS:
        if kind != "labels":
            make(kind)
    with pytest.raises(TransportError, match=r"correct labels\.topic"):
        describe(settings(*overrides(topics, tmp_path)))


def test_check_tells_how_a_pair_goes_on_and_of_a_journal_that_is_too_young(pair: Topics, tmp_path: Path) -> None:
    chosen = overrides(pair, tmp_path / "snapshots", "snapshots.every_records=100000")
    told_by = tmp_path / "log"
    feed = Feed(pair, log(300))
    total = feed.send(1000)
    process = Process(chosen, told_by)
    wait_until_answered(pair, total, process, told_by)
    process.kill()
    feed.close()
    told = [finding for finding in findings(settings(*chosen)) if finding.what == "state"]
    assert [finding.code for finding in told] == [ExitCode.OK] * PARTITIONS
    assert "with the snapshot at 0" in str(told[0])
    with closing(KafkaAdminClient(bootstrap_servers=pair.bootstrap)) as admin:
        ends = [len(records) for records in all_of(pair, "journal")]
        assert min(ends) > 0
        places = [TopicPartition(f"{pair.name}-journal", number) for number in range(PARTITIONS)]
        admin.delete_records({place: -1 for place in places})
    told = [finding for finding in findings(settings(*chosen)) if finding.what == "state"]
    assert [finding.code for finding in told] == [ExitCode.STATE] * PARTITIONS
    assert "journal" in str(told[0])


def test_a_member_that_was_taken_for_dead_publishes_nothing_more(pair: Topics, tmp_path: Path) -> None:
    """At least once, the journal's owner is fenced: what depends on an order that nobody knows is never seen."""
    chosen = settings(*overrides(pair, tmp_path, "kafka.delivery=at_least_once"))
    first = KafkaLog(chosen)
    partition = Partition(f"{pair.name}-in", 0)
    first.write_journal(partition, [b"one"])
    first.publish(output(partition, b"a"))
    second = KafkaLog(chosen)
    assert second.journal_span(partition)[1] > 0
    first.write_journal(partition, [b"two"])
    with pytest.raises(TransportError):
        first.publish(output(partition, b"b"))
    assert [entry for _, entry in second.read_journal(partition, *second.journal_span(partition))] == [b"one"]
    first.close()
    second.close()
    assert [record.value for record in all_of(pair, "out")[0]] == [b"a"]
