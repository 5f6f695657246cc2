"""The journal's topic, read from wherever it is needed: by its own client, which belongs to no group."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, TopicPartition

from streamrnn.transport.base import TransportError
from streamrnn.transport.kafka.client import CHECK, connection, reached, refused

if TYPE_CHECKING:
    from streamrnn.settings.logs import Kafka

POLL_MILLISECONDS = 200
CLOSE_MILLISECONDS = 1000


class JournalReader:
    """Entries of committed transactions.

    Parameters
    ----------
    kafka : how to reach the brokers
    topic : the journal's
    """

    def __init__(self, kafka: Kafka, topic: str) -> None:
        self._topic = topic
        self._patience = kafka.request_timeout
        with reached():
            self._consumer = KafkaConsumer(
                **connection(kafka), isolation_level="read_committed",
                group_id=None, enable_auto_commit=False, auto_offset_reset="earliest", allow_auto_create_topics=False,
            )  # fmt: skip

    def span(self, number: int) -> tuple[int, int]:
        """The first offset that retention has left, and the one behind the last committed transaction."""
        place, milliseconds = TopicPartition(self._topic, number), round(1000 * self._patience)
        with refused("read where the journal begins and ends"):
            starts = self._consumer.beginning_offsets([place], timeout_ms=milliseconds)
            ends = self._consumer.end_offsets([place], timeout_ms=milliseconds)
        return int(starts[place]), int(ends[place])

    def read(self, number: int, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Entries at or after ``start`` and before ``end``, by offset. Others may be read between two of them."""
        place = TopicPartition(self._topic, number)
        while start < end:
            found, start = self._piece(place, start, end)
            yield from ((record.offset, record.value or b"") for record in found if record.offset < end)

    def close(self) -> None:
        """Let go of the connections."""
        self._consumer.close(autocommit=False, timeout_ms=CLOSE_MILLISECONDS)

    def _piece(self, place: TopicPartition, start: int, end: int) -> tuple[list[Any], int]:
        """Some entries, and where the next ones begin. Offsets have holes, of commits and aborted records."""
        deadline = time.monotonic() + self._patience
        with refused("read the journal", CHECK):
            self._consumer.assign([place])
            self._consumer.seek(place, start)
            while time.monotonic() < deadline:
                found = self._consumer.poll(POLL_MILLISECONDS).get(place, [])
                reached_to = int(self._consumer.position(place))
                if found or reached_to >= end:
                    return found, found[-1].offset + 1 if found else reached_to
        raise TransportError(f"the brokers hand out nothing of topic {self._topic} (kafka.request_timeout). {CHECK}")
