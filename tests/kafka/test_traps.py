"""Traps of the client that lose data silently, each with the guard that must hold (its name is that of the trap)."""

from __future__ import annotations

import gc
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
from kafka.errors import KafkaConnectionError, KafkaError, RequestTimedOutError
from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata

from streamrnn.events.columns import Partition
from streamrnn.exits import ExitCode
from streamrnn.transport.base import Committed, TransportError
from streamrnn.transport.kafka.log import KafkaLog
from streamrnn.transport.kafka.outbox import Outbox
from tests.helpers import output, settings
from tests.kafka.broker import JavaBroker
from tests.kafka.conftest import WAIT, Topics

OFFSETS = {TopicPartition("anything", 0): OffsetAndMetadata(1, "", -1)}
NO_GROUP = ConsumerGroupMetadata("traps", -1, "", None)


@pytest.fixture
def topics(own: JavaBroker) -> Topics:
    return made(own, partitions=1)


def made(own: JavaBroker, partitions: int) -> Topics:
    topics = Topics(own.bootstrap, f"t{uuid.uuid4().hex[:8]}", partitions)
    with closing(KafkaAdminClient(bootstrap_servers=own.bootstrap)) as admin:
        names = [f"{topics.name}-{kind}" for kind in ("in", "out", "dead")] + ["anything"]
        known = admin.list_topics()
        admin.create_topics([NewTopic(name, partitions, 1) for name in names if name not in known])
    return topics


def outbox(topics: Topics, *overrides: str) -> Outbox:
    chosen = settings(*topics.overrides(Path("nowhere")), "kafka.request_timeout=2", *overrides)
    return Outbox(chosen.kafka, f"{topics.name}-0")


def send(box: Outbox, topics: Topics, value: bytes) -> None:
    box.send(f"{topics.name}-out", 0, None, value, [])


def visible(topics: Topics, isolation: str = "read_committed") -> list[bytes]:
    """Values that a reader sees at once."""
    place = TopicPartition(f"{topics.name}-out", 0)
    consumer = KafkaConsumer(bootstrap_servers=topics.bootstrap, isolation_level=isolation, enable_auto_commit=False)
    with closing(consumer):
        consumer.assign([place])
        consumer.seek(place, 0)
        found = []
        while polled := consumer.poll(500):
            found += [record.value for record in polled[place]]
    return found


def test_b1_a_batch_that_was_given_up_takes_its_transaction_with_it(own: JavaBroker, topics: Topics) -> None:
    box = outbox(topics)
    send(box, topics, b"one")
    box.settle()
    with own.frozen():
        send(box, topics, b"two")
        # The client gives a batch up after twice the request timeout.
        deadline = time.monotonic() + WAIT
        while not box._sent[0].is_done and time.monotonic() < deadline:
            time.sleep(0.05)
    with pytest.raises(TransportError, match="not acknowledged"):
        box.commit(OFFSETS, NO_GROUP)
    box.close()
    assert visible(topics) == []


def test_b2_an_error_amid_a_transaction_never_ends_in_a_commit_without_it(topics: Topics) -> None:
    box = outbox(topics)
    send(box, topics, b"one")
    box.settle()
    # The broker finds a hole in the numbers and refuses, as it does after it lost records.
    box._producer._transaction_manager.set_sequence_number(TopicPartition(f"{topics.name}-out", 0), 7)
    send(box, topics, b"two")
    with pytest.raises(KafkaError):  # the client by itself would take a new epoch and call it a success
        box._producer.commit_transaction()
    with pytest.raises(TransportError):
        box.settle()
    box.close()
    assert visible(topics) == []


def test_b2_the_switch_is_where_it_was(topics: Topics) -> None:
    """It is private: this fails when an upgrade renames it."""
    box = outbox(topics)
    assert type(box._producer._transaction_manager)._supports_epoch_bump is not None
    assert not box._producer._transaction_manager._supports_epoch_bump()
    box.close()


def test_b3_a_fenced_owner_can_neither_send_nor_commit_nor_come_back(topics: Topics) -> None:
    first = outbox(topics)
    send(first, topics, b"of the first")
    first.settle()
    second = outbox(topics)
    with pytest.raises(TransportError) as fenced:
        first.commit(OFFSETS, NO_GROUP)
    assert fenced.value.kind == "fenced"
    with pytest.raises(TransportError):
        send(first, topics, b"of the first, later")
    with pytest.raises(TransportError):
        first.commit(OFFSETS, NO_GROUP)
    send(second, topics, b"of the second")
    second.commit(OFFSETS, NO_GROUP)
    assert visible(topics) == [b"of the second"]
    first.close()
    second.close()


def test_b6_a_commit_that_never_returns_ends_within_its_bound(topics: Topics, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(topics, "kafka.request_timeout=1") as log:
        (partition,) = assigned(log)
        never = threading.Event()
        monkeypatch.setattr(KafkaProducer, "commit_transaction", lambda self: never.wait(30))
        started = time.monotonic()
        with pytest.raises(TransportError, match="outcome is unknown"):
            log.commit({partition: Committed(1, "a")})
        assert time.monotonic() - started < 10
        never.set()


def test_b5_a_partition_kept_over_a_rebalance_goes_on_from_where_it_is_sought(own: JavaBroker) -> None:
    topics = made(own, partitions=2)
    topics.produce([b"%d" % i for i in range(200)], lambda i: i % 2)
    with opened(topics) as log:
        partitions = assigned(log)
        read(log, 200)
        log.commit({partition: Committed(40, "a") for partition in partitions})
        with opened(topics) as other:
            (kept,) = assigned(log, other)
            committed = log.committed(kept)
            assert committed == Committed(40, "a")
            log.seek(kept, committed.position)
            assert read(log, 60) == list(range(40, 100))


@pytest.mark.parametrize("delivery", ["exactly_once", "at_least_once"])
def test_b6_a_commit_that_brokers_do_not_answer_ends_the_process(
    own: JavaBroker, topics: Topics, delivery: str
) -> None:
    with opened(topics, "kafka.request_timeout=1", f"kafka.delivery={delivery}") as log:
        (partition,) = assigned(log)
        log.commit({partition: Committed(0, "a")})
        with own.frozen(), pytest.raises(TransportError) as ended:
            log.commit({partition: Committed(1, "a")})
        assert ended.value.kind in ("timeout", "unreachable")


def test_b9_a_transaction_left_open_is_ended_by_the_successor_at_once(topics: Topics) -> None:
    first = outbox(topics)
    send(first, topics, b"never committed")
    first.settle()
    first.close()
    second = outbox(topics)
    send(second, topics, b"committed")
    second.commit(OFFSETS, NO_GROUP)
    assert visible(topics) == [b"committed"]
    second.close()


def test_b9_closing_does_not_wait_for_brokers_that_do_not_answer(own: JavaBroker, topics: Topics) -> None:
    with opened(topics, "kafka.request_timeout=1") as log:
        (partition,) = assigned(log)
        log.publish(output(partition, b"one"))
        with own.frozen():
            log.publish(output(partition, b"two"))
            started = time.monotonic()
            log.close()
            assert time.monotonic() - started < 8


def test_b9_a_producer_that_was_let_go_has_no_last_words(
    own: JavaBroker, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised = list[object]()
    monkeypatch.setattr(sys, "unraisablehook", raised.append)
    box = outbox(topics)
    send(box, topics, b"one")
    box.settle()
    with own.frozen():
        send(box, topics, b"two")
        box.close(0.0)
        del box
        gc.collect()
    assert raised == []


def test_b10_what_is_sent_to_a_frozen_broker_is_bounded(own: JavaBroker, topics: Topics) -> None:
    box = outbox(topics, "kafka.in_flight_records=100")
    send(box, topics, b"x")
    box.settle()
    with own.frozen():
        for _ in range(100):
            send(box, topics, b"x")
        with pytest.raises(TransportError):
            send(box, topics, b"one too many")
    box.close()


def test_b11_an_outage_shows_in_the_time_since_the_last_heartbeat(own: JavaBroker, topics: Topics) -> None:
    with opened(topics, "kafka.session_timeout=30") as log:
        assigned(log)
        with own.frozen():
            started = time.monotonic()
            while (log.out_of_touch() or 0) < 8.5:
                assert log.poll(0.05) == []  # and no error
                assert time.monotonic() - started < WAIT
        while (log.out_of_touch() or 0) > 1:
            log.poll(0.05)
            assert time.monotonic() - started < WAIT


def test_b15_a_poll_that_gives_up_on_a_lost_connection_is_made_again(
    topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics.produce([b"0"], lambda i: 0)
    refusals = [KafkaConnectionError("111 ECONNREFUSED"), RequestTimedOutError("no metadata")]
    usual = KafkaConsumer._poll_once

    def poll(consumer: Any, *given: Any) -> Any:
        if refusals:
            raise refusals.pop()
        return usual(consumer, *given)

    with opened(topics) as log:
        assigned(log)
        monkeypatch.setattr(KafkaConsumer, "_poll_once", poll)
        assert read(log, 1) == [0]
    assert not refusals


def opened(topics: Topics, *overrides: str) -> Any:
    return closing(KafkaLog(settings(*topics.overrides(Path("nowhere")), *overrides)))


def assigned(log: KafkaLog, other: KafkaLog | None = None) -> list[Partition]:
    """What the group gives this member next, sought at 0; ``other`` is one that takes part meanwhile."""
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        partitions = log.changes().assigned
        if partitions:
            for partition in partitions:
                log.seek(partition, 0)
            return partitions
        log.poll(0.05)
        if other is not None:
            other.changes()
            other.poll(0.05)
    raise AssertionError("nothing was assigned")


def read(log: KafkaLog, count: int) -> list[int]:
    """The next offsets."""
    found: list[int] = []
    deadline = time.monotonic() + WAIT
    while len(found) < count and time.monotonic() < deadline:
        found += [offset for records in log.poll(0.05) for offset in records.offsets]
        log.changes()
    return found


def test_b6_a_process_whose_commit_never_returns_ends(topics: Topics, tmp_path: Path) -> None:
    code = (
        "import threading; from kafka import KafkaProducer; "
        "KafkaProducer.commit_transaction = lambda self: threading.Event().wait(); "
        "from streamrnn.cli.app import main; main()"
    )
    overrides = [*topics.overrides(tmp_path), "kafka.request_timeout=1"]
    command = [sys.executable, "-c", code, "run", *(word for each in overrides for word in ("--set", each))]
    ended = subprocess.run(command, capture_output=True, timeout=WAIT, text=True)
    assert ended.returncode == ExitCode.TRANSPORT and "outcome is unknown" in ended.stderr
