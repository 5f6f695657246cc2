"""The partitions of two topics as pairs of one number: where they stand together, and what they are."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Protocol

from streamrnn.events.columns import Partition
from streamrnn.transport.base import Committed, TransportError
from streamrnn.transport.journal import Journal, JournalSource, Place

logger = logging.getLogger(__name__)


class Logs(JournalSource, Protocol):
    """What must be known of both topics; see `Transport` for each."""

    def committed(self, partition: Partition) -> Committed | None: ...

    def log_start(self, partition: Partition) -> int: ...

    def log_end(self, partition: Partition) -> int | None: ...

    def identity(self, partition: Partition) -> str: ...

    @property
    def named_at_once(self) -> bool: ...


class Pairs:
    """Pairs of partitions, each named by that of the events.

    Parameters
    ----------
    logs : both topics and the journal
    input, labels : the topics' names
    """

    def __init__(self, logs: Logs, input: str, labels: str) -> None:
        self._logs = logs
        self._topics = input, labels

    def both(self, partition: Partition) -> tuple[Partition, Partition]:
        """The partitions of events and of labels."""
        events, labels = (Partition(topic, partition.number) for topic in self._topics)
        return events, labels

    def owner(self, partition: Partition) -> Partition:
        """The pair's name, by either of its partitions."""
        return Partition(self._topics[0], partition.number)

    def turn(self, partition: Partition) -> int:
        """0 of events, 1 of labels."""
        return self._topics.index(partition.topic)

    def whole(self, partitions: Iterable[Partition]) -> list[Partition]:
        """The pairs among partitions, in their order.

        Raises
        ------
        TransportError
            One lacks its other half.
        """
        given = list(partitions)
        for partition in given:
            missing = set(self.both(partition)) - set(given)
            if missing:
                raise TransportError(
                    f"{partition} was given to this member without {missing.pop()}: all members of the group must read "
                    "both topics with kafka.assignment range; give this service a kafka.group_id of its own"
                )
        return [partition for partition in given if partition.topic == self._topics[0]]

    def committed(self, partition: Partition) -> tuple[Place, str] | None:
        """Where a pair was committed, and its lineage; None where its events never were."""
        events, labels = self.both(partition)
        found, beside = self._logs.committed(events), self._logs.committed(labels)
        if found is None:
            return None
        # Events that were committed alone, before there was a topic of labels, belong to another lineage.
        return Place(found.position, self._logs.log_start(labels) if beside is None else beside.position), found.lineage

    def start(self, partition: Partition) -> Place:
        """The oldest place from which both logs and the journal reach on; behind the commit where none does."""
        events, labels = self.both(partition)
        start, committed = Place(self._logs.log_start(events), self._logs.log_start(labels)), self.committed(partition)
        if committed is None:
            return start
        place, lineage = committed
        for each, begins, stands in ((events, start.events, place.events), (labels, start.labels, place.labels)):
            if begins > stands:
                told = {"log": str(each), "committed": stands, "starts": begins}
                logger.error("a log starts behind its commit: what lay between is gone", extra=told)
        if start.events > place.events or start.labels > place.labels:
            return Place(max(start.events, place.events), max(start.labels, place.labels))
        return Journal(self._logs, partition, lineage).oldest(start) or place

    def end(self, partition: Partition) -> Place | None:
        """Where both logs end; below the commit where one has lost its end; None where the log sees to that itself."""
        events, labels = self.both(partition)
        of_events, of_labels = self._logs.log_end(events), self._logs.log_end(labels)
        if of_events is None or of_labels is None:
            return None
        committed = self.committed(partition)
        if committed is None or (of_events >= committed[0].events and of_labels >= committed[0].labels):
            return Place(of_events, of_labels)
        place = committed[0]
        for each, ends, stands in ((events, of_events, place.events), (labels, of_labels, place.labels)):
            if ends < stands:
                told = {"log": str(each), "committed": stands, "ends": ends}
                logger.error("a log ends before its commit", extra=told)
        return Place(min(of_events, place.events), min(of_labels, place.labels))

    def identity(self, partition: Partition) -> str:
        """That of both topics; that of the events alone, where a topic is named only by what stands in it."""
        found = [self._logs.identity(each) for each in self.both(partition)]
        if not self._logs.named_at_once:
            return found[0]
        (events, slash, count), (labels, _, _) = (each.rpartition("/") for each in found)
        return f"{events}+{labels}{slash}{count}"


class Look(Logs, Protocol):
    """A log of one or two topics, only looked at: `DirectoryLook`, `KafkaLook`."""

    def partitions(self) -> dict[Partition, Committed | None]: ...


class PairedLook:
    """Two topics as `PairedLog` would meet them, only looked at.

    Parameters
    ----------
    look : at both
    input, labels : the topics' names
    """

    def __init__(self, look: Look, input: str, labels: str) -> None:
        self._look = look
        self._pairs = Pairs(look, input, labels)

    def partitions(self) -> dict[Partition, Committed | None]:
        """All pairs in order, each with its last commit; partitions without their other half are left out."""
        found = self._look.partitions()
        whole = [each for each in found if set(self._pairs.both(each)) <= found.keys()]
        return {each: self.committed(each) for each in self._pairs.whole(whole)}

    def committed(self, partition: Partition) -> Committed | None:
        """The pair's last commit."""
        found = self._pairs.committed(partition)
        return None if found is None else Committed(found[0].position, found[1])

    def log_start(self, partition: Partition) -> int:
        """As of `PairedLog`."""
        return self._pairs.start(partition).position

    def identity(self, partition: Partition) -> str:
        """As of `PairedLog`."""
        return self._pairs.identity(partition)
