"""The snapshot topic keeps the contract of every store, whatever the brokers, crashes and zombies do."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import kafka.codec
import msgspec
import numpy as np
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaTimeoutError, TopicAlreadyExistsError

from streamrnn.settings.logs import Kafka
from streamrnn.snapshots import Frozen
from streamrnn.snapshots.choice import Name
from streamrnn.snapshots.index import ROOT, key
from streamrnn.snapshots.topic import TopicStore
from streamrnn.transport.base import TransportError
from tests.kafka.broker import JavaBroker
from tests.kafka.conftest import WAIT
from tests.snapshots.contract import StoreContract, header, load, positions, save

PARTITIONS = 2
CHUNK = 128  # bytes: a snapshot of the tests has a few chunks


@dataclass
class Topic:
    """A topic of snapshots, to be damaged."""

    bootstrap: str
    name: str
    opened: list[TopicStore] = field(default_factory=list)

    def open(self, chunk: int = CHUNK, request_timeout: float = 10.0) -> TopicStore:
        kafka = Kafka(bootstrap_servers=(self.bootstrap,), request_timeout=request_timeout)
        self.opened.append(TopicStore(kafka, self.name, 2, chunk))
        return self.opened[-1]

    def tear(self, name: Name) -> None:
        self.send(name, (key(name, self.chunks(name) - 1), None))

    def corrupt(self, name: Name) -> None:
        last = self.chunks(name) - 1
        value = bytearray(self.held(name)[key(name, last)])
        value[-1] ^= 1
        self.send(name, (key(name, last), bytes(value)))

    def misname(self, name: Name, position: int) -> None:
        other = Name(name.partition, name.lineage, position, name.genesis)
        parts = [*range(self.chunks(name)), ROOT]
        held = self.held(name)
        self.send(name, *((key(other, part), held[key(name, part)]) for part in parts))
        self.send(name, *((key(name, part), None) for part in parts))

    def die_at_the_end(self, store: Any) -> None:
        send = store._sender.send

        def die(number: int, records: Any) -> Any:
            records = list(records)
            if records[0][0].endswith(b"/root"):
                raise SystemExit
            return send(number, records)

        store._sender.send = die

    def litter(self) -> int:
        held: dict[bytes, bytes] = {}
        for number in range(PARTITIONS):
            held |= self._held(number)
        return sum(each.rpartition(b"/")[0] + b"/root" not in held for each in held)

    def held(self, name: Name) -> dict[bytes, bytes]:
        """All keys in the partition of a snapshot that have a value, with the newest."""
        return self._held(int(name.partition.rpartition("-")[2]) % PARTITIONS)

    def chunks(self, name: Name) -> int:
        start = key(name, ROOT).removesuffix(b"root")
        return sum(each.startswith(start) for each in self.held(name)) - 1

    def send(self, name: Name, *records: tuple[bytes, bytes | None], **options: Any) -> None:
        number = int(name.partition.rpartition("-")[2]) % PARTITIONS
        with closing(KafkaProducer(bootstrap_servers=self.bootstrap, **options)) as producer:
            futures = [producer.send(self.name, value, each, partition=number) for each, value in records]
            assert all(future.get(timeout=WAIT) for future in futures)

    def _held(self, number: int) -> dict[bytes, bytes]:
        newest = {each.key: each.value for each in self.records(number)}
        return {each: value for each, value in newest.items() if value is not None}

    def records(self, number: int) -> list[Any]:
        place = TopicPartition(self.name, number)
        with closing(KafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False)) as consumer:
            consumer.assign([place])
            consumer.seek(place, 0)
            end = consumer.end_offsets([place])[place]
            found: list[Any] = []
            while consumer.position(place) < end:
                found += chain(*consumer.poll(100).values())
        return found


def name_of(position: int) -> Name:
    return Name.of(header(position))


def made(bootstrap: str) -> Topic:
    topic = Topic(bootstrap, f"snapshots-{uuid.uuid4().hex[:8]}")
    recreate(topic)
    return topic


def recreate(topic: Topic) -> None:
    new = NewTopic(topic.name, PARTITIONS, 1, topic_configs={"cleanup.policy": "compact"})
    with closing(KafkaAdminClient(bootstrap_servers=topic.bootstrap)) as admin:
        deadline = time.monotonic() + WAIT
        while True:
            try:
                admin.create_topics([new], wait_for_metadata=True)
                return
            except TopicAlreadyExistsError:  # the brokers are still deleting its predecessor
                assert time.monotonic() < deadline
                time.sleep(0.05)


@pytest.fixture
def place(bootstrap: str) -> Iterator[Topic]:
    topic = made(bootstrap)
    yield topic
    for store in topic.opened:
        store.close()


class TestTopicStore(StoreContract):
    """The contract, kept by a topic."""


def test_input_partitions_that_share_one_of_the_topic_do_not_mix(place: Topic) -> None:
    store = place.open()
    for number in (0, 2, 4):
        for position in (10, 20, 30):
            save(store, position + number, committed=position + number, partition=f"events-{number}")
    save(store, 7, partition="others-0")
    assert place.records(1) == []
    assert [load(place.open(), 99, partition=f"events-{number}") for number in (0, 2, 4)] == [30, 32, 34]
    assert [load(store, 24, partition=f"events-{number}") for number in (0, 2, 4)] == [20, 22, 24]
    assert load(store, 99, partition="others-0") == 7


def test_any_missing_chunk_makes_it_torn_and_it_does_not_count_among_those_kept(place: Topic) -> None:
    store = place.open()
    first, second, third = (save(store, position, committed=position) for position in (10, 20, 30))
    assert place.chunks(second) > 2
    for name, chunk in ((second, 0), (third, 1)):
        place.send(name, (key(name, chunk), None))
    refused: list[str] = []
    assert load(store, 99, refused) is None
    assert refused == ["torn", "torn"]
    assert first not in [each.name for each in store.listing()]
    save(store, 40, committed=40)
    assert positions(store) == ["40"]
    save(store, 50, committed=50)
    assert positions(store) == ["40", "50"]
    assert place.litter() == 0


@pytest.mark.parametrize("further", [1, 1000])
def test_a_chunk_that_goes_while_it_is_looked_for_makes_it_torn(place: Topic, further: int) -> None:
    store: Any = place.open()
    save(store, 10)
    save(store, 20)
    record, asked = store._reader.record, []

    def gone(number: int, offset: int) -> Any:
        asked.append(offset)
        return record(number, offset + further) if len(asked) == 2 else record(number, offset)

    store._reader.record = gone
    refused: list[str] = []
    assert load(store, 99, refused) == 10
    assert refused == ["torn"]


def test_a_root_comes_only_after_all_chunks_are_acknowledged(place: Topic, monkeypatch: pytest.MonkeyPatch) -> None:
    store = place.open()
    save(store, 10)
    acknowledged = store._sender._acknowledged

    def refuse(future: Any, key: bytes, value: bytes | None) -> Any:
        if key.endswith(b"/1"):
            raise KafkaTimeoutError("no answer")
        return acknowledged(future, key, value)

    with monkeypatch.context() as patched:
        patched.setattr(store._sender, "_acknowledged", refuse)
        with pytest.raises(OSError, match=r"no answer.*kafka\.bootstrap_servers"):
            save(store, 20)
    assert (positions(store), load(store, 99)) == (["10"], 10)
    save(store, 30)
    assert (positions(store), place.litter()) == (["10", "30"], 0)


def test_chunks_of_a_snapshot_under_way_are_not_taken_for_litter(place: Topic) -> None:
    store: Any = place.open()
    send = store._sender.send

    def between(number: int, records: Any) -> Any:
        records = list(records)
        if records[0][0] == key(name_of(20), ROOT):
            store._sender.send = send
            save(store, 30)
        return send(number, records)

    store._sender.send = between
    save(store, 20)
    assert positions(store) == ["20", "30"]
    assert load(place.open(), 25) == 20


def test_a_root_of_other_chunks_is_refused(place: Topic) -> None:
    name = save(place.open(), 10)
    root = msgspec.json.decode(place.held(name)[key(name, ROOT)]) | {"sha256": "0" * 64}
    place.send(name, (key(name, ROOT), msgspec.json.encode(root)))
    refused: list[str] = []
    assert load(place.open(), 99, refused) is None
    assert refused == ["corrupt"]


def test_a_zombie_that_writes_a_pruned_snapshot_late_harms_nothing(place: Topic) -> None:
    zombie = place.open()
    old = save(zombie, 10, committed=10)
    store = place.open()
    for position in (20, 30, 40):
        save(store, position, committed=position)
    assert old not in [each.name for each in store.listing()]
    save(zombie, 10, committed=10)
    assert [load(store, at_most) for at_most in (19, 30, 99)] == [10, 30, 40]
    save(store, 50, committed=50)
    assert positions(store) == positions(zombie) == ["40", "50"]


def test_a_chunk_that_a_zombie_sent_again_stands_in_for_the_first(place: Topic) -> None:
    name = save(place.open(), 10)
    place.send(name, (key(name, 1), place.held(name)[key(name, 1)]))
    assert load(place.open(), 99) == 10


def test_what_is_not_ours_in_the_topic_changes_nothing(place: Topic) -> None:
    store = place.open()
    name = save(store, 10)
    strange = [b"x", b"events-0/a1b2/1/root", key(name, ROOT) + b"/more", b"\xff\x00"]
    place.send(name, *((each, b"{}") for each in strange))
    place.send(name, (key(name_of(20), ROOT), b"not json"))
    refused: list[str] = []
    assert load(store, 99, refused) == 10
    assert refused == ["corrupt"]


def test_a_batch_that_cannot_be_read_costs_its_snapshot_only(
    place: Topic, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = place.open()
    save(store, 10)
    broken = save(store, 20)
    chunk = place.held(broken)[key(broken, 0)]
    save(store, 30)
    place.send(broken, (key(broken, 0), chunk + b" " * 1000), compression_type="zstd")
    save(store, 40, committed=0)
    monkeypatch.setattr(kafka.codec, "has_zstd", lambda: False)
    fresh = place.open()
    assert [load(fresh, at_most) for at_most in (19, 30, 99)] == [10, 30, 40]
    assert "cannot be read, and is passed over" in caplog.text


def test_a_topic_made_anew_is_looked_at_anew(place: Topic) -> None:
    store = place.open()
    for position in (10, 20):
        save(store, position)
    assert load(store, 99) == 20
    with closing(KafkaAdminClient(bootstrap_servers=place.bootstrap)) as admin:
        admin.delete_topics([place.name])
    recreate(place)
    assert load(store, 99) is None
    save(place.open(), 30)
    assert load(store, 99) == 30


def test_a_missing_topic_is_told_with_the_remedy(bootstrap: str) -> None:
    store = Topic(bootstrap, "nowhere").open()
    with closing(store):
        with pytest.raises(TransportError, match="streamrnn topics create"):
            store.lineages("events-0")
        with pytest.raises(OSError, match="streamrnn topics create"):
            save(store, 10)


def test_brokers_that_cannot_be_reached_fail_both_ways_in_time() -> None:
    kafka_settings = Kafka(bootstrap_servers=("127.0.0.1:1",), request_timeout=1.0)
    store = TopicStore(kafka_settings, "anything", 2)
    threads = threading.active_count()
    started = time.monotonic()
    with pytest.raises(TransportError, match=r"kafka\.bootstrap_servers"):
        load(store, 99)
    with pytest.raises(OSError, match=r"kafka\.bootstrap_servers"):
        save(store, 10)
    assert time.monotonic() - started < 10
    assert threading.active_count() == threads


def test_a_frozen_broker_fails_a_write_and_the_next_one_succeeds(own: JavaBroker) -> None:
    store = (topic := made(own.bootstrap)).open(request_timeout=1.0)
    with closing(store):
        save(store, 10)
        with own.frozen(), pytest.raises(OSError, match=r"kafka\.bootstrap_servers"):
            save(store, 20)
        save(store, 30)
        assert load(store, 99) == 30
        assert topic.litter() == 0


def test_it_holds_no_more_than_a_few_chunks_in_memory(place: Topic) -> None:
    store = place.open(chunk=10_000)
    sent: list[int] = []
    send = store._sender.send

    def counted(number: int, records: Any) -> Any:
        def counting() -> Any:
            for record in records:
                sent.append(1)
                yield record

        for each in send(number, counting()):
            sent.pop()
            assert len(sent) <= 4
            yield each

    store._sender.send = counted
    store.write(header(10), Frozen.of({"x": np.arange(50_000.0)}), 0)
    assert load(store, 99) == 10
