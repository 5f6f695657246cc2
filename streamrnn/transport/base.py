"""What a log must offer so that the daemon can read, answer and recover."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from streamrnn.events.columns import Output, Partition, Records


class TransportError(Exception):
    """The log cannot be read or written as promised; the message names the remedy.

    ``kind`` is one of few words to count it by.
    """

    def __init__(self, message: str, kind: str = "other") -> None:
        super().__init__(message)
        self.kind = kind


class LogError(TransportError):
    """The log is not what it was, or cannot be read at a place: a restart meets the same, and a person must choose.

    ``partition`` is whose, where it is one's.
    """

    def __init__(self, message: str, partition: Partition | None = None) -> None:
        super().__init__(message)
        self.partition = partition


@dataclass(frozen=True, slots=True)
class Committed:
    """The last commit of a partition: the next offset to process and the lineage it belongs to."""

    position: int
    lineage: str


@dataclass(slots=True)
class Assignment:
    """Partitions that changed hands since the last call.

    Attributes
    ----------
    assigned : new to this process
    revoked : of them a last commit is possible, until the next call
    lost : they have another owner already, so nothing of them may be committed
    settled : what was revoked before and is not among those assigned has gone to others for good
    """

    assigned: list[Partition] = field(default_factory=list)
    revoked: list[Partition] = field(default_factory=list)
    lost: list[Partition] = field(default_factory=list)
    settled: bool = False


class Transport(Protocol):
    """One log with its output topics. All calls come from the daemon's thread.

    The daemon's order is: ``changes`` -> for each assigned partition ``committed``, ``log_start``, ``seek`` ->
    ``poll`` -> ``publish`` -> ``commit``. What was published is visible to readers only with the commit after it.
    """

    def changes(self) -> Assignment:
        """Partitions newly assigned and newly revoked since the last call."""

    def partitions(self) -> list[Partition]:
        """All that the log has now, this process's own or not."""

    def committed(self, partition: Partition) -> Committed | None:
        """The partition's last commit; None if there never was one."""

    def log_start(self, partition: Partition) -> int:
        """The oldest offset that can still be read."""

    def log_end(self, partition: Partition) -> int | None:
        """The offset behind the last record; None where the log itself sees to it that none was lost."""

    def first(self, partition: Partition) -> int:
        """The offset at which a partition begins that was never committed."""

    def identity(self, partition: Partition) -> str:
        """A name for the log as it is laid out, which one made anew under the same name does not share.

        Where partitions can be added, their number stands behind a slash."""

    def seek(self, partition: Partition, offset: int) -> None:
        """Make ``offset`` the next one that ``poll`` returns. Replay seeks too, and publishes nothing."""

    def poll(self, timeout: float) -> list[Records]:
        """New records, some for each partition that has any; empty after ``timeout`` seconds without."""

    def publish(self, output: Output) -> None:
        """Append predictions and dead letters of one input partition."""

    def commit(self, positions: dict[Partition, Committed]) -> None:
        """Make all that was published, and these positions, the truth, together."""

    def lag(self, partition: Partition) -> int | None:
        """Records between the read position and the log's end; None where there is no end to know."""

    def lags(self, partition: Partition) -> Mapping[Partition, int | None]:
        """The same of each log that the partition's shard reads."""

    def target(self, partition: Partition, named: Mapping[Partition, int]) -> int | None:
        """The position at which the partition goes on where a person named offsets; None where none is its own."""

    @property
    def ordered(self) -> bool:
        """False where the order of records is settled as they are read, so that it counts only once it is committed."""

    @property
    def numbered_time(self) -> bool:
        """True where a record without a time of its own takes its offset as its event time."""

    @property
    def recoverable(self) -> bool:
        """True where commits and records outlive the process, so that snapshots and replay make sense."""

    @property
    def finished(self) -> bool:
        """True when the log has ended for good (end of standard input, a script's EOF)."""

    def out_of_touch(self) -> float | None:
        """Seconds since the other side last gave a sign of life; None where there is no other side."""

    def close(self) -> None:
        """Let go of files and connections. Uncommitted output is abandoned."""


class OneLog:
    """What holds of a transport whose shards read one log each."""

    ordered = True

    def lag(self, partition: Partition) -> int | None:
        """See `Transport`."""
        raise NotImplementedError

    def lags(self, partition: Partition) -> Mapping[Partition, int | None]:
        """That of the one log."""
        return {partition: self.lag(partition)}

    def target(self, partition: Partition, named: Mapping[Partition, int]) -> int | None:
        """The offset itself."""
        return named.get(partition)


class TwoTopics(Transport, Protocol):
    """A transport whose input is two topics and that keeps a journal for each pair of partitions of one number.

    What is published and committed of a pair is so in one step, with what was written to its journal.
    """

    def pause(self, partition: Partition) -> None:
        """Let ``poll`` return nothing more of a partition, until `resume` or ``seek``."""

    def resume(self, partition: Partition) -> None:
        """Let ``poll`` return its records again."""

    def write_journal(self, partition: Partition, entries: list[bytes]) -> None:
        """Append entries, which outlast the process at the latest with what is published or committed after them."""

    def journal_span(self, partition: Partition) -> tuple[int, int]:
        """The place of the oldest entry, about, and the one behind the newest that counts."""

    def read_journal(self, partition: Partition, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Entries at or after ``start`` and before ``end``, each with its place."""

    @property
    def named_at_once(self) -> bool:
        """Whether ``identity`` is known before the first record."""
