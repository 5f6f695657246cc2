"""The loop: poll, decode, process, encode, publish, commit; snapshots between commits.

Workers process one poll while this thread encodes the poll before and decodes the next. The order of each partition,
and with it every bit, is that of the log.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from streamrnn import memory
from streamrnn.events.columns import Events, Output, Partition, Predictions, Records
from streamrnn.events.dead_letter import dead_letters
from streamrnn.events.decode import Decoder
from streamrnn.events.encode import encode_predictions
from streamrnn.exits import ExitCode
from streamrnn.observe.sensor import BatchReport, Sensor, Sensors
from streamrnn.observe.watchdog import Watchdog
from streamrnn.recovery import Opened, StateError, begin, make_header, restore
from streamrnn.shard import Shard
from streamrnn.signals import stopped_by_signals
from streamrnn.snapshots.store import DirectoryStore
from streamrnn.snapshots.writer import SnapshotWriter
from streamrnn.transport.base import Committed, Transport, TransportError
from streamrnn.transport.factory import open_transport
from streamrnn.workers import Workers

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.05  # longest wait for records: also how late a signal is seen
WAIT_SECONDS = 1.0  # between two looks at whether a long batch gets on
OUTPUT_BYTES = 1 << 25  # output that waits for its commit; beyond, the commit comes early


@dataclass(slots=True)
class _Held:
    """A partition in hand: its shard, where it stands, and up to where it must be silent.

    ``position`` is the next offset to answer, ``ahead`` the next one that no worker has been given.
    """

    shard: Shard
    position: int
    ahead: int
    silent_until: int
    committed: int
    snapshot_records: int
    snapshot_time: float
    last_time: float | None = None


@dataclass(frozen=True, slots=True)
class _Batch:
    """Records that a worker was given, and what it will make of them."""

    held: _Held
    records: Records
    events: Events
    silent: bool
    answer: Future[tuple[Predictions, BatchReport, float]]


class Daemon:
    """Learns from a log until told to stop.

    Parameters
    ----------
    settings : all settings
    sensors : told of everything that happens
    tap : given the predictions of each live batch after they were published
    transport : the log; None opens the one that the settings name
    new_lineage : begin a new model where the saved state does not fit the log or the settings, rather than stop
    """

    def __init__(
        self,
        settings: Settings,
        sensors: Sequence[Sensor] = (),
        tap: Callable[[Predictions], None] | None = None,
        transport: Transport | None = None,
        new_lineage: bool = False,
    ) -> None:
        self._settings = settings
        self._sensor = Sensors(*sensors)
        self._tap = tap
        self._new_lineage = new_lineage
        self._transport = transport if transport is not None else open_transport(settings)
        self._store = DirectoryStore(settings.snapshot_folder, settings.snapshots.keep)
        self._writer = SnapshotWriter(self._store)
        self._workers = Workers()
        self._under_way: list[_Batch] = []
        self._compiling = True  # until the first batch is answered
        self._decoder = Decoder(settings.events, numbered_time=self._transport.numbered_time)
        self._targets = settings.events.target_names
        self._held: dict[Partition, _Held] = {}
        self._waiting: set[Partition] = set()
        self._pending_bytes = 0  # published since the last commit
        self._stop = threading.Event()
        self._ended = False
        # Without a log that outlasts the process an end helps nobody: the reader of a pipe may pause for hours.
        limit = settings.daemon.watchdog if self._transport.recoverable else float("inf")
        self._watchdog = Watchdog(limit)

    def stop(self) -> None:
        """Ask the loop to finish what is in hand, commit, snapshot and return. May be called from any thread."""
        self._stop.set()

    def not_ready(self) -> str | None:
        """Why the daemon is not ready; None when it is."""
        replaying = [str(p) for p, held in list(self._held.items()) if held.position < held.silent_until]
        if replaying:
            return f"replaying {', '.join(replaying)}"
        return None if self._held or self._waiting else "no partition is assigned"

    def shards(self) -> dict[Partition, Shard]:
        """The shards in hand, for a look at what was learned once ``run`` has returned."""
        return {partition: held.shard for partition, held in self._held.items()}

    def not_live(self) -> str | None:
        """Why the daemon is not alive; None when it is. A stalled loop ends the process by its watchdog."""
        return "stopped" if self._ended else None

    def run(self) -> ExitCode:
        """Run until stopped, the log ends or something breaks; every error is logged with its remedy."""
        self._sensor.on_state("starting")
        try:
            with stopped_by_signals(self._stop), self._watchdog:
                self._loop()
                self._drain()
            return ExitCode.OK
        except StateError as error:
            logger.error(str(error))
            return ExitCode.STATE
        except TransportError as error:
            logger.error(str(error))
            return ExitCode.TRANSPORT
        except OSError as error:
            logger.error(f"{error.filename}: {error.strerror}" if error.filename else str(error))
            return ExitCode.TRANSPORT
        except MemoryError as error:
            # numpy's own says what it could not get, and no remedy
            logger.error(f"{error} (what the streams may need grows with streams.max_live, see streamrnn check)")
            return ExitCode.SETTINGS
        except Exception:
            logger.exception("internal error")
            return ExitCode.INTERNAL
        finally:
            self._ended = True
            self._workers.close()
            self._transport.close()
            self._sensor.on_state("stopped")

    def _loop(self) -> None:
        next_commit = time.monotonic() + self._settings.transport.commit_interval
        self._sensor.on_state("running")
        while not self._stop.is_set():
            self._watchdog.feed()
            self._assign()
            with self._busy("poll_wait"):
                polled = self._transport.poll(0.0 if self._under_way else POLL_SECONDS)
            begun = [batch for records in polled for batch in self._take(records)]
            self._answer()
            self._under_way = begun
            due = time.monotonic() >= next_commit or self._pending_bytes >= OUTPUT_BYTES
            if due or self._transport.finished:
                if any(self._snapshot_due(held) for held in self._held.values()):
                    self._answer()  # a snapshot is of a shard that stands at its commit
                self._commit()
                self._snapshot()
                next_commit = time.monotonic() + self._settings.transport.commit_interval
            if self._transport.finished and not polled:
                return

    def _assign(self) -> None:
        """Open what was assigned, let go of what was revoked."""
        changes = self._transport.changes()
        if changes.revoked:
            self._answer()
            self._commit()
        if changes.lost:
            self._drop(changes.lost)
        for partition in changes.revoked + changes.lost:
            self._held.pop(partition, None)
            self._waiting.discard(partition)
            self._sensor.on_assignment(len(self._held), "revoked")
        if changes.assigned:
            partitions = {*self._held, *self._waiting, *changes.assigned}
            refusal = memory.refusal(self._settings, len(partitions))
            if refusal is not None:
                raise MemoryError(refusal)
        for partition in changes.assigned:
            committed = self._transport.committed(partition)
            if committed is None:
                # Its lineage is named after its first record, so it is opened when that arrives.
                self._waiting.add(partition)
                self._transport.seek(partition, self._transport.first(partition))
                continue
            self._sensor.on_state("restoring")
            opened = self._restore(partition, committed)
            self._hold(partition, opened.shard, opened.position, opened.committed)
            self._transport.seek(partition, opened.position)
            self._sensor.on_state("running")

    def _drop(self, lost: list[Partition]) -> None:
        """Answers to partitions that have another owner are not ours to give."""
        dropped = [batch for batch in self._under_way if batch.records.partition in lost]
        self._under_way = [batch for batch in self._under_way if batch.records.partition not in lost]
        for batch in dropped:
            self._wait_for(batch)

    def _restore(self, partition: Partition, committed: Committed) -> Opened:
        try:
            oldest = self._transport.log_start(partition)
            return restore(self._settings, self._store, partition, committed, oldest)
        except StateError as error:
            if not self._new_lineage:
                raise
            logger.warning("state given up", extra={"partition": str(partition), "error": str(error)})
            return self._begin(partition, committed.position, committed.lineage)

    def _begin(self, partition: Partition, start: int, before: str = "") -> Opened:
        instead_of = before if self._new_lineage else None
        return begin(self._settings, self._store, self._transport, partition, start, instead_of)

    def _hold(self, partition: Partition, shard: Shard, position: int, committed: int) -> None:
        now = time.monotonic()
        self._held[partition] = _Held(shard, position, position, committed, committed, shard.records, now)
        self._sensor.on_assignment(len(self._held), "assigned")

    def _take(self, records: Records) -> Iterator[_Batch]:
        """Give one partition's records to a worker: silently as far as they were answered before, then live."""
        partition = records.partition
        if partition in self._waiting:
            start = records.offsets[0] if records.offsets else records.next_offset
            self._commit()  # what others published must not become visible with this partition's first commit alone
            opened = self._begin(partition, start)
            self._waiting.discard(partition)
            self._hold(partition, opened.shard, start, start)
        held = self._held[partition]
        if held.ahead < held.silent_until:
            silent, records = records.split(held.silent_until)
            yield self._give(held, silent, silent=True)
        if records.next_offset > held.ahead:
            yield self._give(held, records, silent=False)

    def _give(self, held: _Held, records: Records, silent: bool) -> _Batch:
        with self._busy("decode"):
            events = self._decoder.decode(records)
        held.ahead = records.next_offset

        def process() -> tuple[Predictions, BatchReport, float]:
            started = time.perf_counter()
            predictions, report = held.shard.process(events)
            return predictions, report, time.perf_counter() - started

        return _Batch(held, records, events, silent, self._workers.submit(records.partition, process))

    def _answer(self) -> None:
        """Wait for the batches under way, and publish what is new."""
        batches, self._under_way = self._under_way, []
        for batch in batches:
            predictions, report, seconds = self._wait_for(batch)
            held, records = batch.held, batch.records
            if batch.silent:
                done = records.next_offset >= held.silent_until
                self._sensor.on_replay(records.partition, len(records), done)
            else:
                self._sensor.on_busy("process", seconds)
                self._publish(records, batch.events, predictions, report)
                if len(predictions) and np.isfinite(predictions.times[-1]):  # a tombstone may have no time
                    held.last_time = float(predictions.times[-1])
            held.position = records.next_offset

    def _wait_for(self, batch: _Batch) -> tuple[Predictions, BatchReport, float]:
        """A batch's answer. The watchdog is fed while records are being processed, or the first ones compiled."""
        records = -1
        while True:
            try:
                answer = batch.answer.result(timeout=WAIT_SECONDS)
            except TimeoutError:
                if batch.answer.done():
                    raise  # the batch's own error
                if self._compiling or batch.held.shard.records != records:
                    self._watchdog.feed()
                records = batch.held.shard.records
            else:
                self._compiling = False
                return answer

    def _publish(self, records: Records, events: Events, predictions: Predictions, report: BatchReport) -> None:
        partition = records.partition
        with self._busy("encode"):
            output = Output(
                partition, predictions.streams, predictions.offsets.tolist(), predictions.records.tolist(),
                encode_predictions(predictions, self._targets), dead_letters(records, events, predictions),
            )  # fmt: skip
        with self._busy("publish"):
            self._transport.publish(output)
        self._pending_bytes += output.size
        size = sum(len(value) for value in records.values if value is not None)
        self._sensor.on_batch(partition, replace(report, bytes=size))
        self._sensor.on_events(partition, events)
        if output.dead_letters:
            self._sensor.on_refused(partition, output.dead_letters)
        self._sensor.on_published(partition, len(output.predictions), len(output.dead_letters))
        if self._tap is not None:
            self._tap(predictions)

    def _commit(self) -> None:
        """Commit outputs and positions of all partitions that are past their silent replay."""
        now = time.time()
        for partition, held in self._held.items():
            lag = self._transport.lag(partition)
            behind = 0.0 if lag == 0 else None if held.last_time is None else max(0.0, now - held.last_time)
            self._sensor.on_lag(partition, lag, behind)
        self._pending_bytes = 0
        live = {p: held for p, held in self._held.items() if held.position > held.committed}
        if not live:
            return
        started = time.monotonic()
        try:
            with self._busy("commit"):
                self._transport.commit({p: Committed(held.position, held.shard.lineage) for p, held in live.items()})
        except BaseException:
            self._sensor.on_commit(False, time.monotonic() - started)
            raise
        for held in live.values():
            held.committed = held.position
        self._sensor.on_commit(True, time.monotonic() - started)

    def _snapshot(self, all_now: bool = False) -> None:
        """Begin the snapshots that are due, of partitions that stand at their commit; report those that ended."""
        result = self._writer.result()
        if result is not None:
            self._sensor.on_snapshot(result.partition, result.ok, result.seconds, result.size)
            if not result.ok:
                # The log still holds everything: a full disk costs a longer replay, not the service.
                logger.error("snapshot failed", extra={"partition": str(result.partition), "error": result.error})
        # The one that has waited longest first: only one is written at a time.
        for partition, held in sorted(self._held.items(), key=lambda item: item[1].snapshot_time):
            if not self._snapshot_due(held, all_now) or not held.ahead == held.position == held.committed:
                continue
            header = make_header(
                self._settings, partition, held.position, held.shard.records, held.shard.lineage
            )
            held.snapshot_records, held.snapshot_time = held.shard.records, time.monotonic()
            with self._busy("snapshot"):
                self._writer.submit(partition, header, held.shard.freeze(), held.committed)

    def _snapshot_due(self, held: _Held, all_now: bool = False) -> bool:
        records = held.shard.records - held.snapshot_records
        limits = self._settings.snapshots
        due = records >= limits.every_records or time.monotonic() - held.snapshot_time >= limits.every_seconds
        wanted = self._transport.recoverable and records > 0 and (due or all_now)
        return wanted and not self._writer.busy()

    def _drain(self) -> None:
        """Commit what is in hand, then leave a snapshot so that the next start is quick."""
        self._sensor.on_state("draining")
        deadline = time.monotonic() + self._settings.daemon.drain_deadline
        self._answer()
        self._commit()
        while time.monotonic() < deadline:
            self._watchdog.feed()
            if not self._writer.wait(min(WAIT_SECONDS, max(0.0, deadline - time.monotonic()))):
                continue
            self._snapshot(all_now=True)  # one at a time
            if not self._writer.busy():
                return
        logger.warning("the last snapshot missed daemon.drain_deadline: the next start replays more")

    @contextmanager
    def _busy(self, stage: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self._sensor.on_busy(stage, time.perf_counter() - started)
