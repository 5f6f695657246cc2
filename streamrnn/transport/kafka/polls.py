"""The client's polls, in a thread of their own."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import NoOffsetForPartitionError, RetriableError
from kafka.util import Timer

from streamrnn.events.columns import Partition, Records
from streamrnn.transport.base import LogError, TransportError
from streamrnn.transport.kafka.background import Background
from streamrnn.transport.kafka.client import free_slot, refused
from streamrnn.transport.kafka.unreadable import unreadable

NO_TIMESTAMP = -1
POLL_MILLISECONDS = 1000  # of the client; joining a group does not end well where polls are much shorter


class Polls:
    """One poll at a time, for which the daemon waits no longer than it likes.

    The client's poll waits for its listener whatever its timeout, and the listener for the daemon's last commit.

    Parameters
    ----------
    consumer : the client

    Attributes
    ----------
    news : set once there are records, or a change of the group
    """

    def __init__(self, consumer: KafkaConsumer) -> None:
        self._consumer = consumer
        self._threads = Background("poll")
        self._poll: Future[dict[TopicPartition, list[Any]]] | None = None
        self.news = threading.Event()
        self._cut = threading.Event()

    @property
    def under_way(self) -> bool:
        """Whether the client is at work."""
        return self._poll is not None and not self._poll.done()

    def begin(self) -> None:
        """Start one, unless there is one to take."""
        self.news.clear()
        if self._poll is None:
            free_slot(self._consumer)
            self._cut.clear()
            self._poll = self._threads.submit(self._round)
            self._poll.add_done_callback(lambda _: self.news.set())

    def cut(self) -> None:
        """Let the one under way end soon: it holds up who has just been assigned something."""
        self._cut.set()

    def wait(self, timeout: float) -> None:
        """Until there is news, for so many seconds at most."""
        self.news.wait(timeout)
        self.news.clear()

    def take(self, timeout: float) -> list[Records]:
        """What the poll found; nothing where a rebalance still holds it up.

        Raises
        ------
        LogError
            Where the log has records that no client of this kind can read.
        TransportError
            Where the brokers refuse.
        """
        if self._poll is None or not self._poll.done():
            return []
        poll, self._poll = self._poll, None
        try:
            with refused("read the input"):
                polled = poll.result()
        except TransportError as error:
            # The client looks for a commit as soon as a partition is assigned. There may be none: we always seek.
            if isinstance(error.__cause__, NoOffsetForPartitionError):
                return []
            # Where it looks for its coordinator, it tries again after some errors and gives up after others, which hit
            # the refresh of its metadata meanwhile. How long an outage may last is not for it to say.
            if isinstance(error.__cause__, RetriableError) and error.kind in ("unreachable", "timeout"):
                self.news.clear()
                self.wait(timeout)
                return []
            _refuse_unreadable(error.__cause__)
            raise
        except Exception as error:  # of its codecs, or of a record's layout
            _refuse_unreadable(error)
            raise
        return [_records(topic_partition, found) for topic_partition, found in polled.items()]

    def close(self) -> None:
        """Let the thread go once it is idle."""
        self._cut.set()
        self._threads.close()

    def _round(self) -> dict[TopicPartition, list[Any]]:
        """As the client's own poll, which cannot be cut short: with all partitions paused it sleeps out its time."""
        timer, most = Timer(POLL_MILLISECONDS), self._consumer.config["max_poll_records"]
        while True:
            records: dict[TopicPartition, list[Any]] = self._consumer._poll_once(timer, most)
            if records or timer.expired or self._cut.is_set():
                return records


def _records(topic_partition: TopicPartition, found: list[Any]) -> Records:
    return Records(
        Partition(topic_partition.topic, topic_partition.partition),
        [record.offset for record in found],
        [record.key for record in found],
        [record.value for record in found],
        [float("nan") if record.timestamp == NO_TIMESTAMP else record.timestamp / 1000 for record in found],
        found[-1].offset + 1,
    )


def _refuse_unreadable(error: BaseException | None) -> None:
    found = None if error is None else unreadable(error)
    if found is not None:
        place = Partition(found.partition.topic, found.partition.partition)
        raise LogError(
            f"{place} cannot be read from offset {found.offset} on ({type(error).__name__}: {error}). All before it is "
            f"answered. To go on behind its batch, and without its records, start once with "
            f"--skip-to {place}:{found.next_offset}",
            place,
        ) from error
