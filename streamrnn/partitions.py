"""The partitions in hand: opened as they are assigned, kept over a rebalance, dropped when another has them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from streamrnn import memory
from streamrnn.events.columns import Partition, Records
from streamrnn.genesis import Opened
from streamrnn.learned import few
from streamrnn.observe.sensor import Sensor
from streamrnn.recovery import begin, restore, skipped
from streamrnn.shard import Shard
from streamrnn.snapshots.base import SnapshotStore
from streamrnn.snapshots.header import Header
from streamrnn.state_errors import ANEW, AnotherLogError, StateError
from streamrnn.transport.base import Assignment, Committed, LogError, Transport

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

logger = logging.getLogger(__name__)


class NoPartitionError(Exception):
    """A person named a partition that the log does not have; the message names those that there are."""


@dataclass(slots=True)
class Held:
    """A partition in hand: its shard, where it stands, and up to where it must be silent.

    ``position`` is the next offset to answer, ``ahead`` the next one that no worker has been given; ``header`` says
    what does not change along its lineage. ``last_time`` is that of the newest record, where the log has times, and
    ``caught_up`` when it last stood at the log's end (or was opened), in seconds since 1970. ``skip_to`` is where to go
    on from ``silent_until``, by a person's word.
    """

    shard: Shard
    header: Header
    position: int
    ahead: int
    silent_until: int
    committed: int
    snapshot_position: int
    snapshot_time: float
    caught_up: float
    last_time: float | None = None
    skip_to: int | None = None

    @property
    def replaying(self) -> bool:
        """Whether it has yet to reach what was answered before."""
        return self.position < self.silent_until

    @property
    def settled(self) -> bool:
        """Whether the shard stands at its commit."""
        return self.ahead == self.position == self.committed


class Partitions:
    """Shards of the partitions that are this process's own.

    An eager rebalance takes all partitions away and gives most of them back, and a member that was late loses them and
    may get them again. So shards are kept until the next assignment, and go on from where they stand if the log's
    commit is of their own history and not before them.

    Parameters
    ----------
    settings, transport, store, sensor : the daemon's
    new_lineage : begin a new model where the saved state does not fit the log or the settings, rather than stop
    carry_over : go on with what was learned by other settings or another build, rather than stop
    skip_to : offsets to go on at, of partitions that cannot be read where they stand
    alive : told before each partition that is opened

    Raises
    ------
    NoPartitionError
        ``skip_to`` names one that the log does not have.
    """

    def __init__(
        self,
        settings: Settings,
        transport: Transport,
        store: SnapshotStore,
        sensor: Sensor,
        new_lineage: bool,
        carry_over: bool,
        skip_to: Mapping[Partition, int],
        alive: Callable[[], None],
    ) -> None:
        there = transport.partitions() if skip_to else []
        for partition in skip_to.keys() - set(there):
            raise NoPartitionError(f"--skip-to {partition}: the log has no such partition, it has {listed(there)}")
        self._settings = settings
        self._transport = transport
        self._store = store
        self._sensor = sensor
        self._new_lineage = new_lineage
        self._carry_over = carry_over
        self._skip_to = skip_to
        self._alive = alive
        self.held: dict[Partition, Held] = {}
        self.waiting: set[Partition] = set()  # assigned, and without any record yet
        self.restoring: Partition | None = None
        self._kept: dict[Partition, Held] = {}

    def revoke(self, partitions: Sequence[Partition]) -> None:
        """Keep the shards of partitions that the group takes away, for it may give them back."""
        logger.info("partitions revoked", extra={"partitions": listed(partitions)})
        for partition in partitions:
            held = self.held.pop(partition, None)
            if held is not None:
                self._kept[partition] = held
            self.waiting.discard(partition)
            self._sensor.on_assignment(partition, len(self.held), "revoked")

    def drop(self, partitions: Sequence[Partition]) -> None:
        """Let go of partitions that have another owner already. A shard that took in what was not answered is no
        function of its position any more, nor one that took in uncommitted records where their order was made here."""
        logger.warning("partitions lost: others have them", extra={"partitions": listed(partitions)})
        for partition in partitions:
            held = self.held.pop(partition, None)
            counts = held is not None and (self._transport.ordered or held.position <= held.committed)
            if held is not None and held.ahead == held.position and counts:
                self._kept[partition] = held
            self.waiting.discard(partition)
            self._sensor.on_assignment(partition, len(self.held), "lost")

    def assign(self, changes: Assignment) -> None:
        """Open what was assigned, or go on with what was kept.

        Raises
        ------
        MemoryError
            So many partitions may come to need more than there is.
        StateError
            Saved state and log do not fit. Shards that were kept are held by then, so that they can be saved: another
            member may go on with them.
        """
        if changes.settled:
            for partition in self._kept.keys() - set(changes.assigned):
                del self._kept[partition]
        if not changes.assigned:
            return
        logger.info("partitions assigned", extra={"partitions": listed(changes.assigned)})
        refusal = memory.refusal(self._settings, len({*self.held, *self.waiting, *self._kept, *changes.assigned}))
        if refusal is not None:
            raise MemoryError(refusal)
        refused: StateError | None = None
        for partition in changes.assigned:
            kept = self._kept.pop(partition, None)
            if refused is not None and kept is None:
                continue
            self._alive()
            try:
                self._open(partition, kept)
            except StateError as error:
                refused = refused or error
        if refused is not None:
            raise refused

    def begin(self, records: Records) -> None:
        """Open a waiting partition, whose lineage is named after its first record."""
        partition = records.partition
        opened = self._begin(partition, records.first)
        self.waiting.discard(partition)
        self._hold(partition, opened)

    def skip(self, partition: Partition) -> None:
        """Leave out what lies between the commit and where a person said to go on.

        What was learned goes on under a new lineage, which names the hole: a replay never crosses it.
        """
        held = self.held[partition]
        assert held.skip_to is not None and held.skip_to > held.position
        self._refuse_behind_end(partition, held.skip_to)
        header = skipped(held.header, held.position, held.skip_to)
        opened = Opened(held.shard, replace(header, records=held.shard.records), held.skip_to)
        held.shard.lineage = header.lineage
        opened.save(self._store)
        self._transport.commit({partition: Committed(held.skip_to, header.lineage)})
        logger.warning(
            "records left out", extra={"partition": str(partition), "from": held.position, "to": held.skip_to}
        )
        self._transport.seek(partition, held.skip_to)
        self._hold(partition, opened)

    def refuse_in_replay(self, error: LogError) -> None:
        """Raise ``StateError`` where what cannot be read was answered before: there is nothing to skip to, for the
        commit lies behind it. With a person's word a new lineage is begun there, for the next start to go on with."""
        partition = error.partition
        held = None if partition is None else self.held.get(partition)
        if partition is None or held is None or not held.replaying:
            return
        remedy = ANEW
        if self._new_lineage:
            self._begin(partition, held.committed, held.shard.lineage)
            remedy = "a new lineage has begun there: start again, without --new-lineage"
        raise StateError(
            f"{error}. But it lies within what was answered, up to {held.committed}, which must be replayed and cannot "
            f"be left out: {remedy}"
        )

    def _open(self, partition: Partition, kept: Held | None) -> None:
        committed = self._transport.committed(partition)
        if committed is None:
            self._start(partition)
            return
        if kept is not None and self._goes_on(partition, kept, committed):
            kept.ahead, kept.committed, kept.silent_until = kept.position, committed.position, committed.position
            kept.skip_to = None
            self._take(partition, kept)
        else:
            self._sensor.on_state("restoring")
            self.restoring = partition
            self._hold(partition, self._restore(partition, committed))
            self.restoring = None
            self._sensor.on_state("running")
        held, target = self.held[partition], self._transport.target(partition, self._skip_to)
        if target is not None and target <= held.committed:
            logger.warning("--skip-to lies before the commit: it has no effect", extra={"partition": str(partition)})
        elif target is not None:
            held.skip_to = target
            if not held.replaying:
                self.skip(partition)
                return
        self._transport.seek(partition, held.position)

    def _start(self, partition: Partition) -> None:
        """Begin where nothing is committed: at once, so that a restart goes on from here, or with the first record
        where the log has no name before that."""
        start, target = self._transport.first(partition), self._transport.target(partition, self._skip_to)
        if target is not None and target > start:
            self._refuse_behind_end(partition, target)
            start = target
        if self._transport.identity(partition):
            self._hold(partition, self._begin(partition, start))
        else:
            self.waiting.add(partition)
        self._transport.seek(partition, start)

    def _goes_on(self, partition: Partition, kept: Held, committed: Committed) -> bool:
        """Whether a kept shard is what a snapshot at its position would give."""
        return (
            kept.shard.lineage == committed.lineage
            and kept.position <= committed.position
            and self._transport.log_start(partition) <= kept.position
        )

    def _restore(self, partition: Partition, committed: Committed) -> Opened:
        started = time.monotonic()
        start, log = self._transport.log_start(partition), self._transport.identity(partition)
        left_out = (self._transport.target(partition, self._skip_to) or 0) > committed.position  # by a person's word
        oldest = min(start, committed.position) if left_out else start
        try:
            opened = restore(self._settings, self._store, partition, committed, oldest, log, self._carry_over)
            self._refuse_short(partition, committed)
        except StateError as error:
            if not self._new_lineage:
                raise
            logger.warning("state given up", extra={"partition": str(partition), "error": str(error)})
            # A commit to another log, or to what this one no longer holds, does not tell where to go on.
            elsewhere = isinstance(error, AnotherLogError) or committed.position < start
            return self._begin(partition, start if elsewhere else committed.position, committed.lineage)
        if not opened.saved:
            opened.save(self._store)
        if opened.header.lineage != committed.lineage:
            self._carry(partition, opened)
        self._sensor.on_restore(partition, time.monotonic() - started)
        return opened

    def _carry(self, partition: Partition, opened: Opened) -> None:
        """Commit the lineage of what was carried over, once it is saved: a process that dies before goes on from the
        old one's snapshot, and does the same again."""
        header, last = opened.header, opened.header.carried_over[-1]
        self._transport.commit({partition: Committed(opened.committed, header.lineage)})
        logger.warning(
            "carried over",
            extra={
                "partition": str(partition), "position": header.position, "from": last.origin.lineage,
                "lineage": header.lineage, "changed": few(last.changed), "told": opened.told,
            },
        )  # fmt: skip

    def _refuse_short(self, partition: Partition, committed: Committed) -> None:
        end = self._transport.log_end(partition)
        if end is not None and committed.position > end:
            raise AnotherLogError(
                f"{partition} is committed at {committed.position}, but its log ends at {end}: it lost its end, or was "
                f"made anew, and what comes next would be taken for what was answered. To go on, {ANEW}"
            )

    def _refuse_behind_end(self, partition: Partition, target: int) -> None:
        end = self._transport.log_end(partition)
        if end is not None and target > end:
            raise StateError(f"--skip-to {partition}:{target} lies behind the log's end, {end}: name a place within it")

    def _begin(self, partition: Partition, start: int, before: str = "") -> Opened:
        instead_of = before if self._new_lineage else None
        return begin(self._settings, self._store, self._transport, partition, start, instead_of)

    def _hold(self, partition: Partition, opened: Opened) -> None:
        position, committed, now = opened.header.position, opened.committed, time.monotonic()
        held = Held(opened.shard, opened.header, position, position, committed, committed, position, now, time.time())
        self._take(partition, held)

    def _take(self, partition: Partition, held: Held) -> None:
        self.held[partition] = held
        self._sensor.on_assignment(partition, len(self.held), "assigned")
        self._sensor.on_streams(partition, held.shard.live_streams)
        self._sensor.on_replay(partition, 0, max(0, held.silent_until - held.position))


def listed(partitions: Iterable[Partition]) -> str:
    """Partitions in few words: ``events-0 to events-7, events-9``; ``none`` where there are none."""
    runs: list[list[Partition]] = []
    for partition in sorted(partitions):
        if runs and (runs[-1][-1].topic, runs[-1][-1].number + 1) == (partition.topic, partition.number):
            runs[-1].append(partition)
        else:
            runs.append([partition])
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs) or "none"
