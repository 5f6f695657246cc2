"""Topics as a log: input by a consumer group, output and positions committed together."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import IllegalStateError, NoOffsetForPartitionError, RetriableError
from kafka.structs import OffsetAndMetadata

from streamrnn.events.columns import DeadLetter, Output, Partition, Records, origin
from streamrnn.transport.base import Assignment, Committed, LogError, OneLog, TransportError
from streamrnn.transport.kafka.background import Background
from streamrnn.transport.kafka.client import (
    REQUEST_BYTES,
    RESTART,
    consumer_options,
    free_slot,
    reached,
    refused,
)  # fmt: skip
from streamrnn.transport.kafka.contact import Contact
from streamrnn.transport.kafka.journal import JournalReader
from streamrnn.transport.kafka.membership import Change, Membership
from streamrnn.transport.kafka.outbox import Outbox
from streamrnn.transport.kafka.topics import describe
from streamrnn.transport.kafka.unreadable import unreadable

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

MESSAGE_BYTES = 1000  # of what a dead letter says of its reason
LETTER_ROOM = 4096  # of a dead letter for its headers, beside its key
NO_TIMESTAMP = -1
LOOK_SECONDS = 0.05  # between two looks whether a poll has ended
PATIENCE_SECONDS = 0.5  # between two looks at the brokers while a commit is under way
POLL_MILLISECONDS = 1000  # of the client; joining a group does not end well where polls are much shorter
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
        chosen = settings.transport
        self._predictions, self._dead_letters = chosen.predictions, chosen.dead_letters
        self._exactly_once = self._kafka.delivery == "exactly_once"
        topics = describe(settings)
        self._topics = {name: topics[name] for name in settings.input_topics}
        self._labels, self._journal = settings.labels.topic, settings.journal_topic
        self._input = chosen.only_input
        self._answers = topics[self._predictions].partitions
        # Whatever the limits of events and topics, a dead letter must be taken: else its record would come for ever.
        self._most_bytes = min(topics[name].record_bytes for name in (self._predictions, self._dead_letters))
        self._letter_key_bytes = settings.events.max_key_bytes
        room = min(self._most_bytes, REQUEST_BYTES) - self._letter_key_bytes - LETTER_ROOM
        self._letter_bytes = max(0, min(settings.events.max_bytes, room))
        self._outboxes: dict[Partition, Outbox] = {}  # of each partition in hand, where delivery is exactly once
        self._shared: Outbox | None = None  # of all of them, where it is not
        self._journals: dict[Partition, Outbox] = {}  # of each pair in hand, where it is not
        self._journalling: dict[Partition, Future[None]] = {}  # the last entries of each, where it is not
        self._journal_reader: JournalReader | None = None
        self._next: dict[Partition, int] = {}  # next offset of each partition that was sought
        self._letting_go: list[Change] = []
        self._committers = Background("commit")
        # The client's poll waits for its listener whatever its timeout, and the listener for the daemon's last commit:
        # so it runs in a thread of its own, one at a time.
        self._poller = Background("poll")
        self._polling: Future[dict[TopicPartition, list[Any]]] | None = None
        self._news = threading.Event()  # records, or a change
        with reached():
            self._consumer = KafkaConsumer(**consumer_options(settings))
            self._contact = Contact(self._consumer._coordinator, self._kafka)
            self._membership = Membership(
                self._consumer.pause, self._news.set, settings.daemon.drain_deadline
            )
            self._consumer.subscribe(list(settings.input_topics), listener=self._membership)
            # A member that leads the group without knowing its topics shares out nothing.
            for name in settings.input_topics:
                self._consumer.partitions_for_topic(name)

    def changes(self) -> Assignment:
        """What the group decided. By the next call the daemon has let go of what was revoked."""
        self._let_go()
        assignment = Assignment()
        changes = self._membership.take()
        while any(change.kind == "assigned" for change in changes) and self._poll_under_way():
            # It would set the positions of new partitions to their commits, after the daemon has sought others.
            self._news.wait(LOOK_SECONDS)
            self._news.clear()
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
        owners = {self._owner(partition) for partition in assignment.assigned}
        opening: list[Future[Outbox]] = []
        if self._exactly_once:
            opening += [self._committers.submit(self._outbox, partition) for partition in owners]
        elif self._journal is not None:
            opening += [self._committers.submit(self._journal_box, partition) for partition in owners]
        for each in opening:
            each.result()
        return assignment

    def partitions(self) -> list[Partition]:
        """Those of all input topics, as of the start."""
        return [Partition(topic.name, number) for topic in self._topics.values() for number in range(topic.partitions)]

    def committed(self, partition: Partition) -> Committed | None:
        """The group's commit, once an earlier owner can no longer change it."""
        self._outbox(partition)
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
        self._news.clear()
        if self._polling is None:
            free_slot(self._consumer)
            self._polling = self._poller.submit(self._consumer.poll, POLL_MILLISECONDS)
            self._polling.add_done_callback(lambda _: self._news.set())
        if not self._membership.waiting and not self._polling.done():
            self._news.wait(timeout)
        if not self._polling.done():
            return []  # a rebalance holds it up, which goes on once the daemon has seen to its changes
        polling, self._polling = self._polling, None
        try:
            with refused("read the input"):
                polled = polling.result()
        except TransportError as error:
            # The client looks for a commit as soon as a partition is assigned. There may be none: we always seek.
            if isinstance(error.__cause__, NoOffsetForPartitionError):
                return []
            # Where it looks for its coordinator, it tries again after some errors and gives up after others, which hit
            # the refresh of its metadata meanwhile. How long an outage may last is not for it to say.
            if isinstance(error.__cause__, RetriableError) and error.kind in ("unreachable", "timeout"):
                self._news.clear()
                self._news.wait(timeout)
                return []
            _refuse_unreadable(error.__cause__)
            raise
        except Exception as error:  # of its codecs, or of a record's layout
            _refuse_unreadable(error)
            raise
        records = [_records(topic_partition, found) for topic_partition, found in polled.items()]
        self._next.update((each.partition, each.next_offset) for each in records)
        return records

    def publish(self, output: Output) -> None:
        """Send predictions, keyed by stream, and dead letters, keyed as they came, in the partition's transaction."""
        outbox = self._outbox(output.partition)
        if output.partition in self._journalling:
            self._await([self._journalling.pop(output.partition)])
        number = ("partition", b"%d" % output.partition.number)
        same = self._topics[output.partition.topic].partitions == self._answers
        target = output.partition.number if same else None
        rows = zip(output.streams, output.offsets, output.records, output.predictions, strict=True)
        for stream, offset, records, value in rows:
            log, offset = origin(output.partition, output.beside, offset)
            headers = [("topic", log.topic.encode()), number, ("offset", b"%d" % offset), ("records", b"%d" % records)]
            outbox.send(self._predictions, target, stream.encode(), value, headers)
        for letter in output.dead_letters:
            value = (letter.value or b"")[: self._letter_bytes]
            key = None if letter.key is None else letter.key[: self._letter_key_bytes]
            source = ("topic", letter.partition.topic.encode())
            outbox.send(self._dead_letters, None, key, value, [source, number, *_why(letter)])

    def commit(self, positions: dict[Partition, Committed]) -> None:
        """Make output and positions visible together; the partitions do so side by side."""
        offsets: dict[Partition, dict[TopicPartition, OffsetAndMetadata]] = {}
        for partition, committed in positions.items():
            offset = OffsetAndMetadata(committed.position, committed.lineage, -1)
            offsets.setdefault(self._owner(partition), {})[_of(partition)] = offset
        if self._exactly_once:
            group = self._consumer.group_metadata()
            self._await([
                self._committers.submit(self._outboxes[owner].commit, each, group) for owner, each in offsets.items()
            ])  # fmt: skip
            return
        together = {place: offset for each in offsets.values() for place, offset in each.items()}
        self._await([self._committers.submit(self._commit_alone, together)])

    def write_journal(self, partition: Partition, entries: list[bytes]) -> None:
        """Send them in the partition's transaction, or at once in one of their own."""
        assert self._journal is not None
        if self._exactly_once:
            _send_entries(self._outbox(partition), self._journal, partition.number, entries)
            return
        if partition in self._journalling:
            self._await([self._journalling[partition]])
        box = self._journal_box(partition)

        def write() -> None:
            _send_entries(box, str(self._journal), partition.number, entries)
            box.commit({}, None)

        self._journalling[partition] = self._committers.submit(write)

    def journal_span(self, partition: Partition) -> tuple[int, int]:
        """Offsets, once an earlier owner can no longer add to them."""
        (self._outbox if self._exactly_once else self._journal_box)(partition)
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
        if self._shared is not None:
            self._shared.settle()
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

    def _poll_under_way(self) -> bool:
        return self._polling is not None and not self._polling.done()

    @property
    def _timeout_ms(self) -> int:
        return round(self._kafka.request_timeout * 1000)

    def _close(self) -> None:
        logging.getLogger("kafka").setLevel(logging.CRITICAL)  # all that counts has been said
        self._membership.close()
        self._let_go()
        deadline = time.monotonic() + CLOSE_SECONDS / 2
        boxes = [*self._outboxes.values(), *self._journals.values(), *([self._shared] if self._shared else [])]
        for outbox in boxes:
            outbox.close(max(0.0, deadline - time.monotonic()))
        if self._journal_reader is not None:
            self._journal_reader.close()
        self._committers.close()
        self._poller.close()
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
            for boxes in (self._outboxes, self._journals):
                outbox = boxes.pop(partition, None)
                if outbox is not None:
                    outbox.close()
        change.done.set()

    def _owner(self, partition: Partition) -> Partition:
        """The partition of whose outbox a partition is part."""
        return Partition(self._input, partition.number) if partition.topic == self._labels else partition

    @property
    def _journal_entries(self) -> JournalReader:
        if self._journal_reader is None:
            self._journal_reader = JournalReader(self._kafka, str(self._journal))
        return self._journal_reader

    def _journal_box(self, partition: Partition) -> Outbox:
        if partition not in self._journals:
            name = f"{self._kafka.group_id}/{partition}/journal"
            self._journals[partition] = Outbox(self._kafka, name, self._most_bytes)
        return self._journals[partition]

    def _outbox(self, partition: Partition) -> Outbox:
        partition = self._owner(partition)
        if not self._exactly_once:
            self._shared = self._shared or Outbox(self._kafka, None, self._most_bytes)
            return self._shared
        if partition not in self._outboxes:
            self._outboxes[partition] = Outbox(self._kafka, f"{self._kafka.group_id}/{partition}", self._most_bytes)
        return self._outboxes[partition]


def _send_entries(outbox: Outbox, topic: str, number: int, entries: list[bytes]) -> None:
    for entry in entries:
        outbox.send(topic, number, None, entry, [])


def _of(partition: Partition) -> TopicPartition:
    return TopicPartition(partition.topic, partition.number)


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


def _why(letter: DeadLetter) -> list[tuple[str, bytes]]:
    value = letter.value or b""
    return [
        ("offset", b"%d" % letter.offset),
        ("reason", letter.reason.encode()),
        ("message", letter.message.encode()[:MESSAGE_BYTES]),
        ("length", b"%d" % len(value)),
        ("sha256", hashlib.sha256(value).hexdigest().encode()),
    ]

