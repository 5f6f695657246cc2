"""From settings to the client's own options, and from its errors to ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kafka import errors
from kafka.errors import KafkaError

from streamrnn.transport.base import TransportError

if TYPE_CHECKING:
    from streamrnn.settings.logs import Kafka
    from streamrnn.settings.schema import Settings

BATCH_BYTES = 1 << 19  # while more than one batch waits, the client writes to its wake-up socket at each record
REQUEST_BYTES = 1 << 20  # of a request; brokers take a record as large by default
LINGER_SECONDS = 0.05  # a commit flushes anyway: this is for those who do not wait for commits
RECONNECT_SECONDS = 1.0  # longest wait before the next try; the client's own grows to half a minute
WATCHDOG_MARGIN = 5.0  # seconds by which the group's patience with a poll outlasts the watchdog's
RETRY_SECONDS = 0.02  # a transactional request sleeps it out at each retry; the client's own is five times as long
HEARTBEAT_SECONDS = 3.0  # longest time between two: an outage, or a successor of the same name, shows no sooner
RESTART = "This process ends; a restart goes on from the last commit"
CHECK = "Check that the brokers run, kafka.bootstrap_servers, and what this user may do there"

_WORD = re.compile(r"\w+")
_KINDS = {
    kind: {known.__name__ for known in group}
    for kind, group in {
        "fenced": (errors.ProducerFencedError, errors.InvalidProducerEpochError, errors.FencedInstanceIdError),
        "stale_generation": (
            errors.CommitFailedError, errors.IllegalGenerationError, errors.UnknownMemberIdError,
            errors.RebalanceInProgressError,
        ),
        "timeout": (errors.KafkaTimeoutError, errors.RequestTimedOutError),
        "unreachable": (
            errors.NodeNotReadyError, errors.KafkaConnectionError, errors.CoordinatorNotAvailableError,
            errors.NetworkExceptionError,
        ),
    }.items()
}  # fmt: skip


class TokenFile:
    """Hands the client the token that a file holds at the time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def token(self) -> str:
        """The token, without white space around it."""
        return self._path.read_text().strip()


def connection(kafka: Kafka) -> dict[str, Any]:
    """Options that every client takes."""
    options: dict[str, Any] = {
        "bootstrap_servers": list(kafka.bootstrap_servers),
        "security_protocol": kafka.security_protocol,
        "ssl_check_hostname": kafka.ssl_check_hostname,
        "request_timeout_ms": _milliseconds(kafka.request_timeout),
        "bootstrap_timeout_ms": _milliseconds(kafka.request_timeout),
        "reconnect_backoff_max_ms": _milliseconds(RECONNECT_SECONDS),
    }
    for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile"):
        path = getattr(kafka, name)
        options[name] = None if path is None else str(path)
    for name in ("ssl_password", "sasl_mechanism", "sasl_plain_username", "sasl_plain_password"):
        options[name] = getattr(kafka, name)
    if kafka.sasl_oauth_token_file is not None:
        options["sasl_oauth_token_provider"] = TokenFile(kafka.sasl_oauth_token_file)
    return options


def consumer_options(settings: Settings) -> dict[str, Any]:
    """Options of the input's consumer: raw bytes, no commits of its own, and never a silent earliest or latest.

    It reads committed even where the input is not transactional: only such a consumer waits for a commit of its
    predecessor that is still being completed. A join may take as long as the slowest member's poll, and the client
    waits so long for an answer that was lost: no longer than the watchdog lets a poll take.
    """
    kafka = settings.kafka
    from kafka.coordinator.assignors.range import RangePartitionAssignor
    from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

    assignor = RangePartitionAssignor if kafka.assignment == "range" else StickyPartitionAssignor
    return connection(kafka) | {
        "group_id": kafka.group_id,
        "group_instance_id": kafka.group_instance_id,
        "enable_auto_commit": False,
        "auto_offset_reset": "none",
        "isolation_level": "read_committed",
        "allow_auto_create_topics": False,
        "partition_assignment_strategy": (assignor,),
        "session_timeout_ms": _milliseconds(kafka.session_timeout),
        "heartbeat_interval_ms": _milliseconds(heartbeat_seconds(kafka)),
        "max_poll_interval_ms": _milliseconds(settings.daemon.watchdog + WATCHDOG_MARGIN),
        "max_poll_records": settings.poll_records,
    }


def heartbeat_seconds(kafka: Kafka) -> float:
    """Between two heartbeats."""
    return min(kafka.session_timeout / 4, HEARTBEAT_SECONDS)


def producer_options(kafka: Kafka, transactional_id: str | None, batch_bytes: int = BATCH_BYTES) -> dict[str, Any]:
    """Options of an output's producer; with an id it is transactional."""
    options = connection(kafka) | {
        "acks": "all",
        "compression_type": None if kafka.compression == "none" else kafka.compression,
        "linger_ms": _milliseconds(LINGER_SECONDS),
        "batch_size": batch_bytes,
        "max_request_size": REQUEST_BYTES,
        "allow_auto_create_topics": False,
        "retry_backoff_ms": _milliseconds(RETRY_SECONDS),
        "delivery_timeout_ms": 2 * _milliseconds(kafka.request_timeout),
        "max_block_ms": _milliseconds(kafka.request_timeout),
    }
    if transactional_id is not None:
        options["transactional_id"] = transactional_id
        options["transaction_timeout_ms"] = _milliseconds(kafka.transaction_timeout)
    return options


@contextmanager
def refused(doing: str, remedy: str = RESTART) -> Iterator[None]:
    """Turn the client's errors into ours, with what was being done and what is to be done now."""
    try:
        yield
    except KafkaError as error:
        raise TransportError(f"cannot {doing}: {error}. {remedy}", kind_of(error)) from error


def reached() -> AbstractContextManager[None]:
    """`refused` where a client is made, which waits for its first answer."""
    return refused("reach the brokers", CHECK)


def kind_of(error: object, unknown: str = "other") -> str:
    """One word for the client's error, to count it by; ``unknown`` where there is none."""
    # By the names in its text: the client writes what really happened into the text of a more general error.
    names = {type(error).__name__, *_WORD.findall(str(error))}
    return next((kind for kind, known in _KINDS.items() if not names.isdisjoint(known)), unknown)


def free_slot(consumer: Any) -> None:
    """Let records of partitions that were paused come again; to be called between two polls.

    The client lays aside what it had fetched of a paused partition, and takes that up only into an empty slot. What it
    has used up it leaves in the slot, so that a partition once paused would be silent for ever.
    """
    fetcher = consumer._fetcher
    if not fetcher._next_partition_records:
        fetcher._next_partition_records = None


def let_go(producer: Any, seconds: float) -> None:
    """Close a producer; what the brokers have not taken by then is given up.

    Without a word: left to itself it would try again while the interpreter ends, and leave a stack as the last words.
    """
    try:
        producer.close(timeout=seconds)
    except KafkaError:
        producer._sender.force_close()
        producer._closed = True


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
