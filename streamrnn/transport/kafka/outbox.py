"""What is published of one input partition, and how it becomes visible."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from kafka import KafkaProducer

from streamrnn.transport.base import TransportError
from streamrnn.transport.kafka.client import BATCH_BYTES, RESTART, kind_of, let_go, producer_options, reached, refused

if TYPE_CHECKING:
    from streamrnn.settings.logs import Kafka

CLOSE_SECONDS = 1.0

Headers = list[tuple[str, bytes]]


class Outbox:
    """A producer whose sends are all checked before they count.

    Parameters
    ----------
    kafka : how to reach the brokers
    transactional_id : ends an earlier owner's transaction and fences it; None sends outside transactions
    most_bytes : of a batch that the topics take
    """

    def __init__(self, kafka: Kafka, transactional_id: str | None, most_bytes: int = BATCH_BYTES) -> None:
        self._timeout = kafka.request_timeout
        self._most = kafka.in_flight_records
        self._sent: list[Any] = []
        self._transactional = transactional_id is not None
        self._open = False
        with reached():
            self._producer = KafkaProducer(**producer_options(kafka, transactional_id, min(most_bytes, BATCH_BYTES)))
            if self._transactional:
                _forbid_epoch_bump(self._producer)
                self._producer.init_transactions()
                self._identity = self._producer._transaction_manager.producer_id_and_epoch

    def send(self, topic: str, partition: int | None, key: bytes | None, value: bytes, headers: Headers) -> None:
        """Publish one record; with ``partition`` None its key chooses."""
        if self._transactional and not self._open:
            with refused("begin a transaction"):
                self._producer.begin_transaction()
            self._open = True
        if len(self._sent) >= self._most:
            self.settle()
        with refused(f"publish to {topic}"):
            self._sent.append(self._producer.send(topic, value, key, headers, partition))

    def settle(self) -> None:
        """Wait until all that was sent is acknowledged.

        Raises
        ------
        TransportError
            Where one was not: it must not be left out, nor sent again in the same transaction.
        """
        with refused("have output acknowledged"):
            self._producer.flush(self._timeout)
        for future in self._sent:
            if not future.succeeded():
                why = future.exception or "no acknowledgement in time"
                raise TransportError(
                    f"output was not acknowledged ({why}). {RESTART}", kind_of(future.exception, "not_acknowledged")
                )
        self._sent.clear()

    def commit(self, offsets: dict[Any, Any], group: Any) -> None:
        """All that was sent and these positions, where there are any, become visible together."""
        self.settle()
        started = time.monotonic()
        with refused("commit a transaction"):
            if not self._open:
                self._producer.begin_transaction()
                self._open = True
            if offsets:
                self._producer.send_offsets_to_transaction(offsets, group)
            if self._producer._transaction_manager.producer_id_and_epoch != self._identity:
                text = "the transaction was aborted behind this process, which ends: restart it"
                raise TransportError(text, "aborted")
            self._producer.commit_transaction()
        self._open = False
        if time.monotonic() - started > self._timeout:
            text = "a commit took longer than kafka.request_timeout: its outcome is not trusted"
            raise TransportError(text, "timeout")

    def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Let go; an open transaction is left to its successor, which ends it at once."""
        let_go(self._producer, seconds)


def _forbid_epoch_bump(producer: Any) -> None:
    """Make errors in the middle of a transaction fatal.

    By itself the client would ask for a new epoch, return success for a commit of which nothing was kept, and on some
    brokers take its id back from a successor.
    """
    manager = producer._transaction_manager
    if not callable(getattr(manager, "_supports_epoch_bump", None)):
        raise TransportError("this kafka-python has no switch for epoch bumps: install the pinned version")
    manager._supports_epoch_bump = lambda: False
