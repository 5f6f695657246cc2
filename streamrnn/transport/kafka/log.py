"""Topics as a log: input by a consumer group, output and positions committed together."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import IllegalStateError
from kafka.structs import OffsetAndMetadata

from streamrnn.events.columns import Output, Partition, Records
from streamrnn.transport.base import Assignment, Committed, LogError, OneLog, TransportError
from streamrnn.transport.kafka.answers import Answers
from streamrnn.transport.kafka.background import Background
from streamrnn.transport.kafka.client import RESTART, consumer_options, reached, refused
from streamrnn.transport.kafka.contact import Contact
from streamrnn.transport.kafka.journal import JournalReader
from streamrnn.transport.kafka.membership import Change, Membership
from streamrnn.transport.kafka.outbox import Outbox
from streamrnn.transport.kafka.outboxes import Outboxes
from streamrnn.transport.kafka.polls import Polls
from streamrnn.transport.kafka.topics import describe

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

LOOK_SECONDS = 0.05  # between two looks whether a poll has ended
PATIENCE_SECONDS = 0.5  # between two looks at the brokers while a commit is under way
CLOSE_SECONDS = 5.0


class KafkaLog(OneLog):
    """A member of a consumer group that answers each input partition by an outbox of its own.

    Where labels have a topic of their own, their partition shares the outbox of the events of the same number. The
    journal of such a pair is written in the same transaction as what depends on it; with delivery at least once in one
    of its own, which ends before anything is published that depends on it. So nobody but the pair's owner can write it.

    Raises
    ------
    TransportError
        From any method, where the brokers do not do as asked. The process is to end then: what was not committed comes
        again after a restart.
    """

    #: A record without a time of its own takes the broker's.
    numbered_time = False
    recoverable = True
    finished = False
    #: The brokers name their topics.
    named_at_once = True

    def __init__(self, settings: Settings) -> None:
        logging.getLogger("kafka").setLevel(logging.WARNING)  # it tells of every connection
        logging.getLogger("kafka.net.selector").setLevel(logging.ERROR)  # and of turns that a busy machine makes late
        self._kafka = settings.kafka
        self._exactly_once = self._kafka.delivery == "exactly_once"
        topics = describe(settings)
        self._topics = {name: topics[name] for name in settings.input_topics}
        self._labels, self._journal = settings.labels.topic, settings.journal_topic
        self._answers = Answers(settings, topics)
        self._outboxes = Outboxes(settings, self._answers.most_bytes)
        self._journalling: dict[Partition, Future[None]] = {}  # the last of each, where delivery is not exactly once
        self._journal_reader: JournalReader | None = None
        self._next: dict[Partition, int] = {}  # next offset of each partition that was sought
        self._letting_go: list[Change] = []
        self._committers = Background("commit")
        with reached():
            self._consumer = KafkaConsumer(**consumer_options(settings))
            self._contact = Contact(self._consumer._coordinator, self._kafka)
            self._polls = Polls(self._consumer)
            deadline = settings.daemon.drain_deadline
            self._membership = Membership(self._consumer.pause, self._polls.news.set, deadline)
            self._consumer.subscribe(list(settings.input_topics), listener=self._membership)
            # A member that leads the group without knowing its topics shares out nothing.
            for name in settings.input_topics:
                self._consumer.partitions_for_topic(name)

    def changes(self) -> Assignment:
        """What the group decided. By the next call the daemon has let go of what was revoked."""
        self._let_go()
        assignment = Assignment()
        changes = self._membership.take()
        while any(change.kind == "assigned" for change in changes) and self._polls.under_way:
            # It would set the positions of new partitions to their commits, after the daemon has sought others.
            self._polls.cut()
            self._polls.wait(LOOK_SECONDS)
            changes += self._membership.take()
            if any(change.kind == "revoked" and not change.done.is_set() for change in changes):
                break
        for change in changes:
            partitions = [Partition(each.topic, each.partition) for each in change.partitions]
            if change.kind == "assigned":
                assignment.assigned += partitions
                assignment.settled = True
                continue
            (assignment.revoked if change.kind == "revoked" else assignment.lost).extend(partitions)
            assignment.assigned = [each for each in assignment.assigned if each not in partitions]
            assignment.settled = False
            if change.kind == "lost":
                self._release(change)
            else:
                self._letting_go.append(change)
        if set(assignment.revoked) & set(assignment.assigned):
            raise TransportError(
                "a rebalance went on without this member's last commit: this process ends, restart it", "late"
            )
        self._refuse_more_partitions(assignment.assigned)
        # Side by side, for each ends what its predecessor left open.
        owners = {self._outboxes.owner(partition) for partition in assignment.assigned}
        if self._exactly_once or self._journal is not None:
            for each in [self._committers.submit(self._outboxes.journal, partition) for partition in owners]:
                each.result()
        return assignment

    def partitions(self) -> list[Partition]:
        """Those of all input topics, as of the start."""
        return [Partition(topic.name, number) for topic in self._topics.values() for number in range(topic.partitions)]

    def committed(self, partition: Partition) -> Committed | None:
        """The group's commit, once an earlier owner can no longer change it."""
        self._outboxes.of(partition)
        with refused("read the committed position"):
            found = self._consumer.committed(_of(partition), metadata=True, timeout_ms=self._timeout_ms)
        return None if found is None else Committed(found.offset, found.metadata)

    def log_start(self, partition: Partition) -> int:
        """The oldest offset that retention has left."""
        with refused("read where the log starts"):
            found = self._consumer.beginning_offsets([_of(partition)], timeout_ms=self._timeout_ms)
        return int(found[_of(partition)])

    def log_end(self, partition: Partition) -> int | None:
        """The offset behind the last committed record."""
        with refused("read where the log ends"):
            found = self._consumer.end_offsets([_of(partition)], timeout_ms=self._timeout_ms)
        return int(found[_of(partition)])

    def first(self, partition: Partition) -> int:
        """Where a partition begins that was never committed, by ``kafka.start``."""
        start, topic_partition = self._kafka.start, _of(partition)
        if start == "earliest":
            return self.log_start(partition)
        with refused("find where to start"):
            if start != "latest":
                moment = round(datetime.fromisoformat(start).timestamp() * 1000)
                times = self._consumer.offsets_for_times({topic_partition: moment}, timeout_ms=self._timeout_ms)
                if times[topic_partition] is not None:
                    return int(times[topic_partition].offset)
            ends = self._consumer.end_offsets([topic_partition], timeout_ms=self._timeout_ms)
        return int(ends[topic_partition])

    def identity(self, partition: Partition) -> str:
        """The topic's own id, which a topic made anew under the same name does not share, and its partitions: with
        more of them keys go elsewhere."""
        return self._topics[partition.topic].log_identity

    def seek(self, partition: Partition, offset: int) -> None:
        """Make ``offset`` the next one, and let it be fetched."""
        with refused("seek"):
            self._consumer.seek(_of(partition), offset)
            self._consumer.resume(_of(partition))
        self._next[partition] = offset

    def pause(self, partition: Partition) -> None:
        """Fetch nothing more of it."""
        with suppress(IllegalStateError):  # revoked meanwhile
            self._consumer.pause(_of(partition))

    def resume(self, partition: Partition) -> None:
        """Fetch it again."""
        with suppress(IllegalStateError):
            self._consumer.resume(_of(partition))

    def poll(self, timeout: float) -> list[Records]:
        """New records of the partitions in hand."""
        self._contact.look()
        self._let_go()
        self._polls.begin()
        if self._polls.under_way and not self._membership.waiting:
            self._polls.news.wait(timeout)
        records = self._polls.take(timeout)
        self._next.update((each.partition, each.next_offset) for each in records)
        return records

    def publish(self, output: Output) -> None:
        """Send it in the partition's transaction."""
        if output.partition in self._journalling:
            self._await([self._journalling.pop(output.partition)])
        self._answers.send(self._outboxes.of(output.partition), output)

    def commit(self, positions: dict[Partition, Committed]) -> None:
        """Make output and positions visible together; the partitions do so side by side."""
        offsets: dict[Partition, dict[TopicPartition, OffsetAndMetadata]] = {}
        for partition, committed in positions.items():
            offset = OffsetAndMetadata(committed.position, committed.lineage, -1)
            offsets.setdefault(self._outboxes.owner(partition), {})[_of(partition)] = offset
        if self._exactly_once:
            group = self._consumer.group_metadata()
            boxes = {owner: self._outboxes.held(owner) for owner in offsets}
            self._await([self._committers.submit(boxes[owner].commit, each, group) for owner, each in offsets.items()])
            return
        together = {place: offset for each in offsets.values() for place, offset in each.items()}
        self._await([self._committers.submit(self._commit_alone, together)])

    def write_journal(self, partition: Partition, entries: list[bytes]) -> None:
        """Send them in the partition's transaction, or at once in one of their own."""
        assert self._journal is not None
        if self._exactly_once:
            _send_entries(self._outboxes.journal(partition), self._journal, partition.number, entries)
            return
        if partition in self._journalling:
            self._await([self._journalling[partition]])
        box = self._outboxes.journal(partition)

        def write() -> None:
            _send_entries(box, str(self._journal), partition.number, entries)
            box.commit({}, None)

        self._journalling[partition] = self._committers.submit(write)

    def journal_span(self, partition: Partition) -> tuple[int, int]:
        """Offsets, once an earlier owner can no longer add to them."""
        self._outboxes.journal(partition)
        return self._journal_entries.span(partition.number)

    def read_journal(self, partition: Partition, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Committed entries by offset."""
        return self._journal_entries.read(partition.number, start, end)

    def lag(self, partition: Partition) -> int | None:
        """Records between the position and the log's end, as of the last fetch."""
        if partition not in self._next:
            return None
        # Not the client's position(): amid a rebalance it blocks until its timeout.
        try:
            end = self._consumer.highwater(_of(partition))
        except IllegalStateError:  # revoked meanwhile
            return None
        return None if end is None else max(0, int(end) - self._next[partition])

    def out_of_touch(self) -> float | None:
        """Seconds since the group's coordinator answered: an outage shows in nothing else."""
        return self._contact.silence

    def close(self) -> None:
        """Leave the group. Nothing here may hold up the end of the process."""
        closing = threading.Thread(target=self._close, name="closing", daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)

    def _commit_alone(self, offsets: dict[TopicPartition, OffsetAndMetadata]) -> None:
        """Outside transactions: first what was answered, then how far."""
        self._outboxes.settle()
        with refused("commit the position"):
            self._consumer.commit(offsets, timeout_ms=self._timeout_ms)

    def _await(self, commits: list[Future[None]]) -> None:
        """Until all have ended; with an eye on the brokers, which a commit would outwait."""
        under_way, deadline = set(commits), time.monotonic() + 2 * self._kafka.request_timeout
        while under_way:
            ended, under_way = wait(under_way, PATIENCE_SECONDS, FIRST_EXCEPTION)
            for commit in ended:
                commit.result()
            if under_way:
                self._contact.look()
                if time.monotonic() > deadline:
                    raise TransportError(
                        f"a commit did not end within kafka.request_timeout: its outcome is unknown. {RESTART}",
                        "timeout",
                    )

    def _refuse_more_partitions(self, assigned: list[Partition]) -> None:
        for partition in assigned:
            topic = self._topics[partition.topic]
            if partition.number >= topic.partitions:
                raise LogError(
                    f"topic {topic.name} has more partitions than the {topic.partitions} it had at the start, so that "
                    "streams may have moved to others. To go on with new models, start all instances once with "
                    "--new-lineage"
                )

    @property
    def _timeout_ms(self) -> int:
        return round(self._kafka.request_timeout * 1000)

    def _close(self) -> None:
        logging.getLogger("kafka").setLevel(logging.CRITICAL)  # all that counts has been said
        self._membership.close()
        self._let_go()
        deadline = time.monotonic() + CLOSE_SECONDS / 2
        for outbox in self._outboxes.all():
            outbox.close(max(0.0, deadline - time.monotonic()))
        if self._journal_reader is not None:
            self._journal_reader.close()
        self._committers.close()
        self._polls.close()
        self._consumer.close(autocommit=False, timeout_ms=round(CLOSE_SECONDS * 1000))

    def _let_go(self) -> None:
        for change in self._letting_go:
            self._release(change)
        self._letting_go.clear()

    def _release(self, change: Change) -> None:
        for each in change.partitions:
            partition = Partition(each.topic, each.partition)
            self._next.pop(partition, None)
            self._journalling.pop(partition, None)
            self._outboxes.release(partition)
        change.done.set()

    @property
    def _journal_entries(self) -> JournalReader:
        if self._journal_reader is None:
            self._journal_reader = JournalReader(self._kafka, str(self._journal))
        return self._journal_reader


def _send_entries(outbox: Outbox, topic: str, number: int, entries: list[bytes]) -> None:
    for entry in entries:
        outbox.send(topic, number, None, entry, [])


def _of(partition: Partition) -> TopicPartition:
    return TopicPartition(partition.topic, partition.number)
