"""What a start would find in topics and consumer group, without joining the group or changing anything."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from streamrnn.events.columns import Partition
from streamrnn.transport.base import Committed
from streamrnn.transport.kafka.client import CHECK, consumer_options, reached, refused
from streamrnn.transport.kafka.topics import Topic

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

CLOSE_MILLISECONDS = 1000


class KafkaLook:
    """The input as `KafkaLog` would meet it, only looked at.

    Parameters
    ----------
    settings : where the brokers are, and the group's name
    topics : the input topics, by name

    Raises
    ------
    TransportError
        From any method, where the brokers do not answer.
    """

    def __init__(self, settings: Settings, topics: dict[str, Topic]) -> None:
        self._topics = {name: topics[name] for name in settings.transport.input}
        self._timeout_ms = round(1000 * settings.kafka.request_timeout)
        with reached():
            # As a member would, it waits for commits that are still being completed. It never polls, so it never joins.
            self._consumer = KafkaConsumer(**consumer_options(settings))

    def partitions(self) -> dict[Partition, Committed | None]:
        """All input partitions in order, each with the group's commit."""
        found: dict[Partition, Committed | None] = {}
        for topic in self._topics.values():
            for number in range(topic.partitions):
                with refused("read the committed position", CHECK):
                    commit = self._consumer.committed(
                        TopicPartition(topic.name, number), metadata=True, timeout_ms=self._timeout_ms
                    )
                committed = None if commit is None else Committed(commit.offset, commit.metadata)
                found[Partition(topic.name, number)] = committed
        return found

    def log_start(self, partition: Partition) -> int:
        """The oldest offset that retention has left."""
        place = TopicPartition(partition.topic, partition.number)
        with refused("read where the log starts", CHECK):
            return int(self._consumer.beginning_offsets([place], timeout_ms=self._timeout_ms)[place])

    def identity(self, partition: Partition) -> str:
        """As of `KafkaLog`."""
        return self._topics[partition.topic].log_identity

    def close(self) -> None:
        """Let go of the connections."""
        with suppress(KafkaError):
            self._consumer.close(autocommit=False, timeout_ms=CLOSE_MILLISECONDS)
