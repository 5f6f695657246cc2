"""The clients that send to the snapshot topic and read from it; made when first used."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from streamrnn.transport.base import TransportError
from streamrnn.transport.kafka.client import connection, let_go, producer_options, refused
from streamrnn.transport.kafka.unreadable import unreadable

if TYPE_CHECKING:
    from streamrnn.settings.logs import Kafka

logger = logging.getLogger(__name__)

REMEDY = "Check the brokers (kafka.bootstrap_servers) and their rights"
IN_FLIGHT = 4  # chunks that may await their acknowledgement, which bounds the memory of a write
CLOSE_SECONDS = 1.0
POLL_MILLISECONDS = 200
FETCH_BYTES = 1 << 22  # read ahead; several chunks, so that a scan does not wait for the brokers at each


@dataclass(frozen=True, slots=True)
class Sent:
    """A record that all replicas have; ``written`` in seconds since 1970."""

    offset: int
    key: bytes
    value: bytes | None
    written: float


class Sender:
    """Sends records to a topic; any thread may use it."""

    def __init__(self, kafka: Kafka, topic: str) -> None:
        self._kafka, self._topic = kafka, topic
        self._lock = threading.Lock()
        self._producer: Any = None

    def send(self, number: int, records: Iterable[tuple[bytes, bytes | None]]) -> Iterator[Sent]:
        """Send keys and values to a partition, a few at a time; each comes back once it is acknowledged.

        Raises
        ------
        TransportError
            One was not. Records sent before it may be there, and it itself may still arrive.
        """
        waiting: deque[tuple[Any, bytes, bytes | None]] = deque()
        with self._sending():
            producer = self._client()
            for key, value in records:
                if len(waiting) >= IN_FLIGHT:
                    yield self._acknowledged(*waiting.popleft())
                waiting.append((producer.send(self._topic, value, key, partition=number), key, value))
            while waiting:
                yield self._acknowledged(*waiting.popleft())

    def close(self) -> None:
        """Let go of the connections; what was not acknowledged is given up."""
        with self._lock:
            producer, self._producer = self._producer, None
        if producer is not None:
            let_go(producer, CLOSE_SECONDS)

    @contextmanager
    def _sending(self) -> Iterator[None]:
        try:
            with refused(f"write to topic {self._topic} (snapshots.topic)", REMEDY):
                yield
        except TransportError:
            self.close()  # after some errors a producer never sends again: the next snapshot takes a new one
            raise

    def _acknowledged(self, future: Any, key: bytes, value: bytes | None) -> Sent:
        # The client itself gives a record up after twice the request timeout.
        metadata = future.get(timeout=2 * self._kafka.request_timeout + CLOSE_SECONDS)
        return Sent(metadata.offset, key, value, metadata.timestamp / 1000)

    def _client(self) -> Any:
        with self._lock:
            if self._producer is None:
                # Weights do not compress, and a chunk fills a request by itself.
                options = producer_options(self._kafka, None) | {"compression_type": None, "linger_ms": 0}
                self._producer = KafkaProducer(**options)
            return self._producer


class Reader:
    """Reads a topic's partitions from any offset; one thread at a time."""

    def __init__(self, kafka: Kafka, topic: str) -> None:
        self._kafka, self._topic = kafka, topic
        self._consumer: Any = None
        self._assigned: TopicPartition | None = None

    def partitions(self) -> int:
        """How many the topic has."""
        with refused(f"read topic {self._topic} (snapshots.topic)", REMEDY):
            numbers = self._client().partitions_for_topic(self._topic)
        if not numbers:
            raise TransportError(
                f"there is no topic {self._topic}: `streamrnn topics create` makes it, or set snapshots.topic"
            )
        return len(numbers)

    def end(self, number: int) -> int:
        """Offset behind a partition's last record."""
        place = TopicPartition(self._topic, number)
        with refused(f"read topic {self._topic} (snapshots.topic)", REMEDY):
            return int(self._client().end_offsets([place], timeout_ms=self._timeout_ms)[place])

    def records(self, number: int, start: int, end: int) -> Iterator[Any]:
        """All records between two offsets that can be read."""
        place = TopicPartition(self._topic, number)
        self._go(place, start)
        last = time.monotonic()
        while self._position(place) < end:
            found = self._poll(place, None)
            if found:
                last = time.monotonic()
            self._refuse_silence(last)
            yield from found

    def record(self, number: int, offset: int) -> Any:
        """The record at an offset; the next one where it is gone, None where there is none either."""
        place = TopicPartition(self._topic, number)
        self._go(place, offset)
        asked = time.monotonic()
        while self._position(place) == offset:
            found = self._poll(place, 1)
            if found:
                return found[0]
            self._refuse_silence(asked)
        return None

    def close(self) -> None:
        """Let go of the connections."""
        consumer, self._consumer, self._assigned = self._consumer, None, None
        if consumer is not None:
            with suppress(KafkaError):
                consumer.close(autocommit=False, timeout_ms=round(1000 * CLOSE_SECONDS))

    def _poll(self, place: TopicPartition, limit: int | None) -> list[Any]:
        try:
            with refused(f"read topic {self._topic} (snapshots.topic)", REMEDY):
                found: list[Any] = self._client().poll(POLL_MILLISECONDS, limit).get(place, [])
                return found
        except Exception as error:  # of its codecs too, or of a record's layout
            self.close()  # its polls would never return again
            lost = unreadable(error.__cause__ or error)
            if lost is None:
                raise
            told = {"partition": f"{place.topic}-{place.partition}", "offset": lost.offset, "error": str(error)}
            logger.error("part of the snapshot topic cannot be read, and is passed over", extra=told)
            self._go(place, lost.next_offset)
            return []

    def _go(self, place: TopicPartition, offset: int) -> None:
        with refused(f"read topic {self._topic} (snapshots.topic)", REMEDY):
            consumer = self._client()
            if self._assigned != place:
                consumer.assign([place])
                self._assigned = place
                consumer.seek(place, offset)
            elif self._position(place) != offset:
                consumer.seek(place, offset)

    def _position(self, place: TopicPartition) -> int:
        with refused(f"read topic {self._topic} (snapshots.topic)", REMEDY):
            return int(self._client().position(place, timeout_ms=self._timeout_ms))

    def _refuse_silence(self, since: float) -> None:
        if time.monotonic() - since > self._kafka.request_timeout:
            text = f"the brokers hand out nothing of topic {self._topic} (kafka.request_timeout)"
            raise TransportError(text, "timeout")

    def _client(self) -> Any:
        if self._consumer is None:
            self._consumer = _consumer(
                **connection(self._kafka), group_id=None, enable_auto_commit=False,
                allow_auto_create_topics=False, auto_offset_reset="earliest",
                fetch_max_bytes=FETCH_BYTES, max_partition_fetch_bytes=FETCH_BYTES, max_poll_records=IN_FLIGHT,
            )  # fmt: skip
        return self._consumer

    @property
    def _timeout_ms(self) -> int:
        return round(1000 * self._kafka.request_timeout)


def _consumer(**options: Any) -> Any:
    """A consumer; one that cannot be made leaves no thread behind, as the client's own would at each attempt."""
    made: list[Any] = []

    def client(**given: Any) -> Any:
        made.append(KafkaConsumer.DEFAULT_CONFIG["kafka_client"](**given))
        return made[-1]

    try:
        return KafkaConsumer(**options, kafka_client=client)
    except BaseException:
        for each in made:
            each.close()
        raise
