"""What a start would find in topics and consumer group, without joining the group or changing anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from streamrnn.events.columns import Partition
from streamrnn.transport.base import Committed
from streamrnn.transport.kafka.client import CHECK, consumer_options, reached, refused
from streamrnn.transport.kafka.journal import JournalReader
from streamrnn.transport.kafka.topics import Topic

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

CLOSE_MILLISECONDS = 1000


class KafkaLook:
    """The input as `KafkaLog` would meet it, only looked at.

    Attributes
    ----------
    named_at_once : True, for the brokers name their topics

    Parameters
    ----------
    settings : where the brokers are, and the group's name
    topics : those to read from, by name

    Raises
    ------
    TransportError
        From any method, where the brokers do not answer.
    """

    named_at_once = True

    def __init__(self, settings: Settings, topics: dict[str, Topic]) -> None:
        self._topics = {name: topics[name] for name in settings.input_topics}
        self._kafka, self._journal = settings.kafka, settings.journal_topic
        self._reader: JournalReader | None = None
        self._timeout_ms = round(1000 * settings.kafka.request_timeout)
        with reached():
            # As a member would, it waits for commits that are still being completed. It never polls, so it never joins.
            self._consumer = KafkaConsumer(**consumer_options(settings))

    def partitions(self) -> dict[Partition, Committed | None]:
        """All input partitions in order, each with the group's commit."""
        all_of_them = [Partition(topic.name, n) for topic in self._topics.values() for n in range(topic.partitions)]
        return {partition: self.committed(partition) for partition in all_of_them}

    def committed(self, partition: Partition) -> Committed | None:
        """The group's commit."""
        place = TopicPartition(partition.topic, partition.number)
        with refused("read the committed position", CHECK):
            commit = self._consumer.committed(place, metadata=True, timeout_ms=self._timeout_ms)
        return None if commit is None else Committed(commit.offset, commit.metadata)

    def log_start(self, partition: Partition) -> int:
        """The oldest offset that retention has left."""
        place = TopicPartition(partition.topic, partition.number)
        with refused("read where the log starts", CHECK):
            return int(self._consumer.beginning_offsets([place], timeout_ms=self._timeout_ms)[place])

    def log_end(self, partition: Partition) -> int | None:
        """The offset behind the last committed record."""
        place = TopicPartition(partition.topic, partition.number)
        with refused("read where the log ends", CHECK):
            return int(self._consumer.end_offsets([place], timeout_ms=self._timeout_ms)[place])

    def journal_span(self, partition: Partition) -> tuple[int, int]:
        """Offsets."""
        return self._journal_entries.span(partition.number)

    def read_journal(self, partition: Partition, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Committed entries by offset."""
        return self._journal_entries.read(partition.number, start, end)

    def identity(self, partition: Partition) -> str:
        """As of `KafkaLog`."""
        return self._topics[partition.topic].log_identity

    def close(self) -> None:
        """Let go of the connections."""
        with suppress(KafkaError):
            if self._reader is not None:
                self._reader.close()
            self._consumer.close(autocommit=False, timeout_ms=CLOSE_MILLISECONDS)

    @property
    def _journal_entries(self) -> JournalReader:
        if self._reader is None:
            self._reader = JournalReader(self._kafka, str(self._journal))
        return self._reader
