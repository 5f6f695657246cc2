"""Processes that stand beside the daemon: the bare client that it is measured by, and readers of its predictions.

`python -m benchmarks.kafka_client bare|follow ...`
"""

import json
import sys
import time

import msgspec
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from streamrnn.events.encode import Anomaly, Forecast, Interval, Prediction, Settled, Source
from streamrnn.settings import load
from streamrnn.settings.schema import Settings
from streamrnn.transport.kafka.client import consumer_options, producer_options

LINEAGE = "b31686f20d21a96d"


class Event(msgspec.Struct, gc=False):
    """What the bare client decodes of an input record."""

    stream: str
    time: float
    value: float


class Timed(msgspec.Struct, gc=False):
    """When a prediction's event was produced."""

    time: float


def made_up(source: Source, event: Event, records: int) -> Prediction:
    """An answer as long as the daemon's at the defaults, with numbers of as many digits, and nothing behind them."""
    value = event.value
    low, high = value / 1.1, value / 0.9
    return Prediction(
        1, source, event.stream, event.time, records,
        [Forecast("value", h, value / 3.0, value, [Interval(0.9, low, high)]) for h in (1, 24)],
        [Settled("value", value, value / 3.0, value / 7.0, value, value / 9.0, h) for h in (1, 24)], LINEAGE, records,
        Anomaly("value", value / 3.0, value / 7.0, value / 9.0, False), False,
    )  # fmt: skip


def bare(settings: Settings) -> None:
    """Consume, decode, encode as the daemon does, produce to the input's partition, commit; no model. Until killed.

    A plain client has one producer; exactly once it is a transactional one.
    """
    chosen, kafka = settings.transport, settings.kafka
    exactly_once = kafka.delivery == "exactly_once"
    producer = KafkaProducer(**producer_options(kafka, kafka.group_id if exactly_once else None))
    if exactly_once:
        producer.init_transactions()
    options = consumer_options(settings) | {"auto_offset_reset": "earliest"}
    consumer = KafkaConsumer(*chosen.input, **options)
    decode, encode = msgspec.json.Decoder(Event).decode, msgspec.json.Encoder().encode
    positions: dict[TopicPartition, OffsetAndMetadata] = {}
    due = 0.0
    records = 0
    while True:
        # Joining the group does not end well where polls are short.
        for place, found in consumer.poll(50 if records else 1000).items():
            if exactly_once and not positions:
                producer.begin_transaction()
            source = [("topic", place.topic.encode()), ("partition", b"%d" % place.partition)]
            for record in found:
                event = decode(record.value)
                records += 1
                answer = encode(made_up(Source(place.topic, place.partition, record.offset), event, records))
                headers = [*source, ("offset", b"%d" % record.offset), ("records", b"%d" % records)]
                producer.send(chosen.predictions, answer, event.stream.encode(), headers, place.partition)
            positions[place] = OffsetAndMetadata(found[-1].offset + 1, LINEAGE, -1)
        if positions and time.monotonic() >= due:
            producer.flush()
            if exactly_once:
                producer.send_offsets_to_transaction(positions, consumer.group_metadata())
                producer.commit_transaction()
            else:
                consumer.commit(positions)
            positions = {}
            due = time.monotonic() + chosen.commit_interval


def follow(settings: Settings, isolation: str, seconds: float) -> None:
    """Read predictions from now on, and print how old their events were, as JSON: n, p50, p99 in milliseconds."""
    topic = settings.transport.predictions
    consumer = KafkaConsumer(bootstrap_servers=list(settings.kafka.bootstrap_servers), isolation_level=isolation)
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
    consumer.assign(partitions)
    for partition, offset in consumer.end_offsets(partitions).items():
        consumer.seek(partition, offset)
    decode = msgspec.json.Decoder(Timed).decode
    ages: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        polled = consumer.poll(20)
        now = time.time()
        ages += [now - decode(record.value).time for found in polled.values() for record in found]
    ages.sort()
    at = {f"p{share}": 1000 * ages[len(ages) * share // 100] for share in (50, 99)} if ages else {}
    print(json.dumps({"n": len(ages)} | at), flush=True)


def main() -> None:
    """Do what the first argument says, with the settings that the others give."""
    what, *rest = sys.argv[1:]
    if what == "bare":
        bare(load(None, rest, {}).settings)
    else:
        follow(load(None, rest[2:], {}).settings, rest[0], float(rest[1]))


if __name__ == "__main__":
    main()
