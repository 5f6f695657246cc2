"""Records of a topic: of a directory log from its start, of Kafka the newest."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamrnn.presets.files import json_object, line_records
from streamrnn.presets.record import Record
from streamrnn.replay.options import SourceError
from streamrnn.transport.base import TransportError
from streamrnn.transport.failures import READ, explained

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

POLL_MILLISECONDS = 500
_SHOWN = 12  # topics in a message


def topic_records(settings: Settings, most: int) -> Iterator[Record]:
    """Records of the input topic that the settings name, the partitions in turn.

    Parameters
    ----------
    settings : where the log is
    most : records to read of Kafka, over all partitions, from behind

    Raises
    ------
    SourceError
        There is no such topic.
    TransportError
        It cannot be read.
    """
    if settings.transport.kind == "kafka":
        try:
            return _newest(settings, most)
        except ModuleNotFoundError:
            raise TransportError("kafka-python is not installed: pip install '.[kafka]'") from None
    return _directory(settings)


def _directory(settings: Settings) -> Iterator[Record]:
    from streamrnn.transport.directory import partition_files

    folder = settings.transport.path / settings.transport.only_input
    with explained("read", folder, READ):
        files = partition_files(folder) if folder.is_dir() else {}
    if not files:
        raise SourceError(
            f"{folder} holds no <number>.jsonl: give --from-topic the folder of a directory log's topic, or add "
            "--bootstrap HOST:PORT for a topic of Kafka"
        )
    for together in zip_longest(*(_lines(files[number]) for number in sorted(files))):
        yield from (record for record in together if record is not None)


def _lines(path: Path) -> Iterator[Record]:
    with explained("read", path, READ), path.open("rb") as file:
        yield from line_records(file)


def _newest(settings: Settings, most: int) -> Iterator[Record]:
    """Up to ``most`` records that stand last in the topic's partitions, without joining any group."""
    from kafka import KafkaConsumer, TopicPartition

    from streamrnn.transport.kafka.client import CHECK, connection, reached, refused

    topic = settings.transport.only_input
    timeout = settings.kafka.request_timeout
    options = connection(settings.kafka) | {
        "group_id": None, "enable_auto_commit": False, "isolation_level": "read_committed",
        "allow_auto_create_topics": False,
    }  # fmt: skip
    with reached():
        consumer = KafkaConsumer(**options)
    with closing(consumer), refused(f"look into topic {topic}", CHECK):
        if topic not in (known := consumer.topics()):
            shown = ", ".join(sorted(name for name in known if not name.startswith("__"))[:_SHOWN])
            raise SourceError(f"there is no topic {topic} in Kafka; there are: {shown or 'none'}. Check --from-topic")
        places = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic))]
        consumer.assign(places)
        starts, ends = (
            ask(places, timeout_ms=round(1000 * timeout)) for ask in (consumer.beginning_offsets, consumer.end_offsets)
        )
        for place in places:
            consumer.seek(place, max(starts[place], ends[place] - max(1, most // len(places))))
        deadline = time.monotonic() + timeout
        # Holes that transactions leave count as read, so it is the position that tells.
        while any(consumer.position(place) < ends[place] for place in places) and time.monotonic() < deadline:
            for records in consumer.poll(POLL_MILLISECONDS).values():
                yield from filter(None, map(_record, records))


def _record(found: Any) -> Record | None:
    fields = json_object(found.value)
    if fields is None:
        return None
    seconds = found.timestamp / 1000 if found.timestamp >= 0 else math.nan
    return Record(fields, None if found.key is None else found.key.decode(errors="replace"), seconds)
