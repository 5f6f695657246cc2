"""An output topic as its consumers read it: all partitions, committed records only, no group and no commits."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError

from streamrnn.events.answers import OutputRecord
from streamrnn.transport.base import TransportError
from streamrnn.transport.kafka.client import CHECK, connection, kind_of, reached
from streamrnn.transport.kafka.unreadable import unreadable
from streamrnn.transport.reader import BEGINNING, Which

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

CLOSE_MILLISECONDS = 1000
POLL_MILLISECONDS = 200
QUIET_SECONDS = 4.0  # without a record, after which the brokers are asked whether they are there
ASK_MILLISECONDS = 1000


class KafkaReader:
    """Follows an output topic.

    Parameters
    ----------
    settings : where the brokers are, and the topics' names
    which : the field of ``transport`` that names the topic: predictions or dead_letters
    last : records of each partition, before its end, to begin with; `BEGINNING` begins with the first there is
    """

    def __init__(self, settings: Settings, which: Which, last: int) -> None:
        logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what goes wrong is raised
        self._topic = getattr(settings.transport, which)
        self._patience = settings.kafka.request_timeout
        milliseconds = round(1000 * self._patience)
        with reached():
            # A topic that retention shortens meanwhile is read on from its new start.
            self._consumer = KafkaConsumer(
                **connection(settings.kafka), isolation_level="read_committed",
                group_id=None, enable_auto_commit=False, auto_offset_reset="earliest", allow_auto_create_topics=False,
            )  # fmt: skip
        self._heard, self.silence = time.monotonic(), 0.0
        try:
            with _refused(f"read topic {self._topic} (transport.{which})"):
                numbers = self._consumer.partitions_for_topic(self._topic)
                if not numbers:
                    raise TransportError(
                        f"there is no topic {self._topic}: `streamrnn topics create` makes it, or set transport.{which}"
                    )
                self._partitions = [TopicPartition(self._topic, number) for number in sorted(numbers)]
                self._consumer.assign(self._partitions)
                self._ready = deque(self._begin(last, milliseconds))
        except BaseException:
            self.close()
            raise

    def read(self, timeout: float) -> list[OutputRecord]:
        """New records."""
        if self._ready:
            records = list(self._ready)
            self._ready.clear()
            return records
        with _refused(f"read topic {self._topic}"):
            polled = self._consumer.poll(round(1000 * timeout))
            self._ask(bool(polled))
        return [_record(found) for records in polled.values() for found in records]

    def _ask(self, answered: bool) -> None:
        """A client whose brokers are away tells nothing of it: its polls are empty, as they are where all is quiet."""
        if not answered and time.monotonic() - self._heard > QUIET_SECONDS:
            try:
                self._consumer.end_offsets(self._partitions[:1], timeout_ms=ASK_MILLISECONDS)
                answered = True
            except KafkaTimeoutError:
                self.silence = time.monotonic() - self._heard
        if answered:
            self._heard, self.silence = time.monotonic(), 0.0
        if self.silence > self._patience:
            raise TransportError(f"the brokers have not answered for {self.silence:.0f} s. {CHECK}", "unreachable")

    def caught_up(self) -> bool:
        """Whether all that readers may see by now was read; False where the brokers do not say."""
        if self._ready:
            return False
        with _refused(f"read topic {self._topic}"):
            try:
                ends = self._consumer.end_offsets(self._partitions, timeout_ms=ASK_MILLISECONDS)
            except KafkaTimeoutError:
                return False
            return all(self._consumer.position(each) >= end for each, end in ends.items())

    def close(self) -> None:
        """Let go of the connections."""
        self._consumer.close(autocommit=False, timeout_ms=CLOSE_MILLISECONDS)

    def _begin(self, last: int, timeout_ms: int) -> Iterator[OutputRecord]:
        """Seek to where reading starts; the records that had to be read for it."""
        starts = self._consumer.beginning_offsets(self._partitions, timeout_ms=timeout_ms)
        ends = self._consumer.end_offsets(self._partitions, timeout_ms=timeout_ms)
        if last == BEGINNING:
            ends = starts
        elif last > 0:
            found = self._last(last, starts, ends)
            yield from (_record(record) for partition in self._partitions for record in found[partition])
        for partition in self._partitions:
            self._consumer.seek(partition, ends[partition])

    def _last(
        self, last: int, starts: dict[TopicPartition, int], ends: dict[TopicPartition, int]
    ) -> dict[TopicPartition, deque[Any]]:
        """The last records of each partition. Offsets have holes, of commits and aborted records: look twice as far
        back until there are enough."""
        found: dict[TopicPartition, deque[Any]] = {}
        back, short = 2 * last, self._partitions
        while short:
            found |= self._window({each: max(starts[each], ends[each] - back) for each in short}, ends, last)
            short = [each for each in short if len(found[each]) < last and ends[each] - back > starts[each]]
            back *= 2
        return found

    def _window(
        self, begins: dict[TopicPartition, int], ends: dict[TopicPartition, int], last: int
    ) -> dict[TopicPartition, deque[Any]]:
        """Up to ``last`` records of each partition, the newest of those from its begin up to its end."""
        found: dict[TopicPartition, deque[Any]] = {each: deque(maxlen=last) for each in begins}
        for partition, offset in begins.items():
            self._consumer.seek(partition, offset)
        quiet_since = time.monotonic()
        under_way = set(begins)
        while under_way := {each for each in under_way if self._consumer.position(each) < ends[each]}:
            polled = self._consumer.poll(POLL_MILLISECONDS)
            for partition, records in polled.items():
                if partition in found:
                    found[partition] += [record for record in records if record.offset < ends[partition]]
            if polled:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > self._patience:
                raise TransportError(f"the brokers hand out nothing of topic {self._topic} (kafka.request_timeout)")
        return found


@contextmanager
def _refused(doing: str) -> Iterator[None]:
    try:
        yield
    except TransportError:
        raise
    except Exception as error:
        found = unreadable(error)
        if found is not None:
            raise TransportError(
                f"{found.partition.topic}-{found.partition.partition} cannot be read at offset {found.offset} "
                f"({type(error).__name__}: {error}): begin behind it, with --last"
            ) from error
        if isinstance(error, KafkaError):
            raise TransportError(f"cannot {doing}: {error}. {CHECK}", kind_of(error)) from error
        raise


def _record(found: Any) -> OutputRecord:
    headers = {name: value for name, value in found.headers if value is not None}
    return OutputRecord(f"{found.topic}-{found.partition} at offset {found.offset}", found.key, found.value, headers)
