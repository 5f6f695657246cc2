"""What a consumer group left in its topics, beside what the oracle makes of the input."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from streamrnn.events.columns import Partition, Records
from streamrnn.settings.schema import Settings
from streamrnn.snapshots.factory import open_store
from tests.chaos.verifier import LETTER, PREDICTION, Answer, Oracle, Verdict, compare_state, judge

_COUNTS = ("events", "lost", "doubled", "out_of_order", "different")


def verdicts(settings: Settings, partitions: int) -> dict[int, Verdict]:
    """On each partition of the group of these settings, whose instances have ended after all was answered."""
    transport = settings.transport
    topic, bootstrap = transport.only_input, settings.kafka.bootstrap_servers[0]
    inputs = _read(bootstrap, topic, partitions)
    by_source: dict[int, tuple[list[Answer], list[Answer]]] = {n: ([], []) for n in range(partitions)}
    for output, kind, which in ((transport.predictions, PREDICTION, 0), (transport.dead_letters, LETTER, 1)):
        for record in (each for found in _read(bootstrap, output, partitions).values() for each in found):
            headers = dict(record.headers)
            answer = Answer(int(headers["offset"]), kind, record.value)
            by_source[int(headers["partition"])][which].append(answer)
    found: dict[int, Verdict] = {}
    with closing(open_store(settings)) as store:
        for number, (predictions, letters) in by_source.items():
            partition = Partition(topic, number)
            lineage, end = _commit(settings, partition)
            oracle = Oracle(settings, partition, lineage)
            found[number] = judge(oracle.answers(_records(partition, inputs[number])), predictions, letters)
            saved = store.load_newest(partition, lineage, end, lambda *_: None)
            at_end = saved is not None and saved[0].position == end
            compare_state(found[number], saved[1] if saved is not None and at_end else None, oracle.shard.saved())
    return found


def told(found: dict[int, Verdict]) -> list[str]:
    """The verdicts in a few lines."""
    total = [sum(getattr(verdict, name) for verdict in found.values()) for name in _COUNTS]
    equal = sum(not verdict.state for verdict in found.values())
    lines = [
        "{:,} events: {} lost, {} doubled, {} out of order, {} different".format(*total),
        f"final state equal to the oracle's, bit for bit: {equal} of {len(found)} partitions",
    ]
    return lines + [f"partition {n}: {text}" for n, each in found.items() for text in [*each.examples, *each.state]]


def hanging(settings: Settings, partitions: int) -> list[str]:
    """Partitions of the output whose committed end is not their end: a transaction is open there."""
    topics = settings.transport.predictions, settings.transport.dead_letters
    places = [TopicPartition(topic, n) for topic in topics for n in range(partitions)]
    ends: list[dict[TopicPartition, int]] = []
    for isolation in ("read_committed", "read_uncommitted"):
        options = {"bootstrap_servers": settings.kafka.bootstrap_servers[0], "isolation_level": isolation}
        with closing(KafkaConsumer(**options)) as consumer:
            ends.append(consumer.end_offsets(places))
    return [f"{place.topic}-{place.partition}" for place, end in ends[0].items() if end != ends[1][place]]


def _commit(settings: Settings, partition: Partition) -> tuple[str, int]:
    options = {"bootstrap_servers": settings.kafka.bootstrap_servers[0], "group_id": settings.kafka.group_id}
    with closing(KafkaConsumer(**options)) as consumer:
        found = consumer.committed(TopicPartition(partition.topic, partition.number), metadata=True)
    return ("", 0) if found is None else (found.metadata, found.offset)


def _read(bootstrap: str, topic: str, partitions: int) -> dict[int, list[Any]]:
    """All committed records of a topic, by partition."""
    places = [TopicPartition(topic, number) for number in range(partitions)]
    options = {"isolation_level": "read_committed", "enable_auto_commit": False}
    with closing(KafkaConsumer(bootstrap_servers=bootstrap, **options)) as consumer:
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        ends = consumer.end_offsets(places)
        found: dict[int, list[Any]] = {number: [] for number in range(partitions)}
        while any(consumer.position(place) < ends[place] for place in places):
            for place, records in consumer.poll(200).items():
                found[place.partition] += records
    return found


def _records(partition: Partition, found: list[Any]) -> Records:
    return Records(
        partition,
        [record.offset for record in found],
        [record.key for record in found],
        [record.value for record in found],
        [record.timestamp / 1000 for record in found],
        found[-1].offset + 1 if found else 0,
    )
