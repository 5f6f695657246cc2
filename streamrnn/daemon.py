"""The loop: poll, decode, process, encode, publish, commit; snapshots between commits.

Workers process one poll while this thread encodes the poll before and decodes the next. The order of each partition,
and with it every bit, is that of the log.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from streamrnn import endings
from streamrnn.endings import Ending
from streamrnn.events.columns import Events, Output, Partition, Predictions, Records
from streamrnn.events.dead_letter import dead_letters
from streamrnn.events.decode import Decoder
from streamrnn.events.encode import encode_predictions
from streamrnn.exits import ExitCode
from streamrnn.garbage import Garbage
from streamrnn.lookup import Lookup
from streamrnn.observe.readiness import Readiness
from streamrnn.observe.sensor import BatchReport, Sensor, Sensors
from streamrnn.observe.watchdog import Watchdog
from streamrnn.partitions import Held, Partitions
from streamrnn.saving import QUICK_REPLAY, Saving
from streamrnn.shard import Shard
from streamrnn.signals import stopped_by_signals
from streamrnn.snapshots.factory import open_store
from streamrnn.state_errors import StateError
from streamrnn.transport.base import Committed, LogError, Transport
from streamrnn.transport.factory import open_transport
from streamrnn.workers import Workers

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.05  # longest wait for records: also how late a signal is seen
WAIT_SECONDS = 1.0  # between two looks at whether a long batch gets on
OUTPUT_BYTES = 1 << 25  # output that waits for its commit; beyond, the commit comes early


@dataclass(frozen=True, slots=True)
class _Batch:
    """Records that a worker was given, and what it will make of them."""

    held: Held
    records: Records
    events: Events
    silent: bool
    polled: float  # when it was at hand, by time.perf_counter
    answer: Future[tuple[Predictions, BatchReport, float]]


class Daemon:
    """Learns from a log until told to stop.

    Parameters
    ----------
    settings : all settings
    sensors : told of everything that happens
    transport : the log; None opens the one that the settings name
    new_lineage : begin a new model where the saved state does not fit the log or the settings, rather than stop
    carry_over : go on with what was learned by other settings or another build, rather than stop
    skip_to : offsets to go on at, of partitions that cannot be read where they stand
    """

    def __init__(
        self,
        settings: Settings,
        sensors: Sequence[Sensor] = (),
        transport: Transport | None = None,
        new_lineage: bool = False,
        carry_over: bool = False,
        skip_to: Mapping[Partition, int] | None = None,
    ) -> None:
        self._settings = settings
        self._sensor = Sensors(*sensors)
        self._transport = transport if transport is not None else open_transport(settings)
        self._store = open_store(settings)
        self._workers = Workers()
        self._garbage = Garbage()
        self._under_way: list[_Batch] = []
        self._compiling = True  # until the first batch is answered
        self._decoder = Decoder.from_settings(settings, self._transport.numbered_time)
        self._targets = settings.target_names
        self._pending_bytes = 0  # published since the last commit
        self._stop = threading.Event()
        self._ended = False
        # Without a log that outlasts the process an end helps nobody: the reader of a pipe may pause for hours.
        limit = settings.daemon.watchdog if self._transport.recoverable else float("inf")
        self._watchdog = Watchdog(limit)
        self._partitions = Partitions(
            settings, self._transport, self._store, self._sensor, new_lineage, carry_over, skip_to or {}, self._alive
        )
        self._readiness = Readiness(settings.http, self._partitions)
        self.lookup = Lookup(self._partitions, self._workers)
        self._saving = Saving(
            settings, self._store, self._sensor, self._transport.recoverable, self._alive, self._busy
        )

    def stop(self) -> None:
        """Ask the loop to finish what is in hand, commit, snapshot and return. May be called from any thread."""
        self._stop.set()

    def not_ready(self) -> str | None:
        """Why the daemon is not ready; None when it is."""
        return self._readiness.refusal()

    def shards(self) -> dict[Partition, Shard]:
        """The shards in hand, for a look at what was learned once ``run`` has returned."""
        return {partition: held.shard for partition, held in list(self._partitions.held.items())}

    def not_live(self) -> str | None:
        """Why the daemon is not alive; None when it is. A stalled loop ends the process by its watchdog."""
        return "stopped" if self._ended else None

    def run(self) -> ExitCode:
        """Run until stopped, the log ends or something breaks; what broke is the last line logged, with its remedy."""
        self._sensor.on_state("starting")
        ending = Ending(ExitCode.OK)
        try:
            with stopped_by_signals(self._stop), self._watchdog, self._garbage:
                self._loop()
                self._drain()
        except Exception as error:
            ending = endings.by(error)
            self._sensor.on_failure(ending.kind)
        finally:
            self._ended = True
            self._sensor.on_state("stopped")
            ending.tell()
            self._workers.close()
            self._transport.close()
            self._store.close()
        return ending.code

    def _loop(self) -> None:
        next_commit = time.monotonic() + self._settings.transport.commit_interval
        self._sensor.on_state("running")
        while not self._stop.is_set():
            self._alive()
            self._assign()
            polled, now = self._poll(), time.perf_counter()
            begun = [batch for records in polled for batch in self._take(records, now)]
            self._answer()
            self._under_way = begun
            self._skip()
            due = time.monotonic() >= next_commit or self._pending_bytes >= OUTPUT_BYTES
            if due or self._transport.finished:
                if any(self._saving.due(held) for held in self._partitions.held.values()):
                    self._answer()  # a snapshot is of a shard that stands at its commit
                self._commit()
                self._saving.begin_due(self._partitions.held)
                self._garbage.collect()
                next_commit = time.monotonic() + self._settings.transport.commit_interval
            if self._transport.finished and not polled:
                return

    def _alive(self) -> None:
        """Tell who watches that the loop goes round."""
        self._watchdog.feed()
        self._sensor.on_turn()

    def _poll(self) -> list[Records]:
        try:
            with self._busy("poll_wait"):
                return self._transport.poll(0.0 if self._under_way else POLL_SECONDS)
        except LogError as error:  # of what comes next: what came before is answered
            self._answer()
            self._commit()
            self._partitions.refuse_in_replay(error)
            raise

    def _assign(self) -> None:
        """Let go of what was lost or revoked, and open what was assigned."""
        changes, started = self._transport.changes(), time.monotonic()
        if changes.lost:
            self._abandon(changes.lost)
            self._partitions.drop(changes.lost)
        if changes.revoked:
            deadline = time.monotonic() + self._settings.daemon.drain_deadline
            self._answer()
            self._commit()
            going = {p: self._partitions.held[p] for p in changes.revoked if p in self._partitions.held}
            # Another member may have newer settings, and can go on from nothing but a snapshot at the commit.
            self._saving.leave(going, deadline, QUICK_REPLAY if self._settings.snapshots.revision is None else 0)
            self._partitions.revoke(changes.revoked)
        for partition in (*changes.lost, *changes.revoked):
            for log in self._transport.lags(partition).keys() - {partition}:
                self._sensor.on_lag(log, None, None)  # no longer ours to know
        try:
            self._partitions.assign(changes)
        except StateError:
            self._drain()  # of one partition; another member may go on with the others
            raise
        if changes.assigned or changes.revoked or changes.lost:
            self._sensor.on_rebalance(time.monotonic() - started)

    def _abandon(self, lost: list[Partition]) -> None:
        """Answers to partitions that have another owner are not ours to give."""
        dropped = [batch for batch in self._under_way if batch.records.partition in lost]
        self._under_way = [batch for batch in self._under_way if batch.records.partition not in lost]
        for batch in dropped:
            self._wait_for(batch)

    def _take(self, records: Records, polled: float) -> Iterator[_Batch]:
        """Give one partition's records to a worker: silently as far as they were answered before, then live."""
        partition = records.partition
        if partition in self._partitions.waiting:
            self._commit()  # what others published must not become visible with this partition's first commit alone
            self._partitions.begin(records)
        held = self._partitions.held[partition]
        if records.first < held.ahead:  # of a poll that a seek came between
            _, records = records.split(held.ahead)
        if held.ahead < held.silent_until:
            silent, records = records.split(held.silent_until)
            yield self._give(held, silent, polled, silent=True)
        if records.next_offset > held.ahead and held.skip_to is None:
            yield self._give(held, records, polled, silent=False)

    def _skip(self) -> None:
        """Jump where a person said so, once all that was answered before is replayed."""
        for partition, held in self._partitions.held.items():
            if held.skip_to is not None and held.ahead >= held.silent_until:
                self._answer()
                self._commit()
                self._partitions.skip(partition)

    def _give(self, held: Held, records: Records, polled: float, silent: bool) -> _Batch:
        with self._busy("decode"):
            events = self._decoder.decode(records)
        held.ahead = records.next_offset

        def process() -> tuple[Predictions, BatchReport, float]:
            started = time.perf_counter()
            predictions, report = held.shard.process(events)
            return predictions, report, time.perf_counter() - started

        return _Batch(held, records, events, silent, polled, self._workers.submit(records.partition, process))

    def _answer(self) -> None:
        """Wait for the batches under way, and publish what is new."""
        batches, self._under_way = self._under_way, []
        for batch in batches:
            predictions, report, seconds = self._wait_for(batch)
            held, records = batch.held, batch.records
            if batch.silent:
                left = max(0, held.silent_until - records.next_offset)
                self._sensor.on_replay(records.partition, len(records), left)
            else:
                self._sensor.on_busy("process", seconds)
                self._publish(records, batch.events, predictions, report)
                self._sensor.on_answered(records.partition, report.events, time.perf_counter() - batch.polled)
                if len(records) and math.isfinite(records.timestamps[-1]):
                    held.last_time = records.timestamps[-1]
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
                    self._alive()
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
                records.beside,
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
        self._sensor.on_answers(partition, predictions)

    def _commit(self) -> None:
        """Commit outputs and positions of all partitions that are past their silent replay."""
        self._look_around()
        self._pending_bytes = 0
        live = {p: held for p, held in self._partitions.held.items() if held.position > held.committed}
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
        self._readiness.committed()
        self._sensor.on_commit(True, time.monotonic() - started)

    def _look_around(self) -> None:
        """Tell how far behind and out of touch this process is."""
        now, most, known = time.time(), 0, True
        for partition, held in self._partitions.held.items():
            self._sensor.on_unsaved(partition, held.position - held.snapshot_position)
            lags = self._transport.lags(partition)
            if not any(lags.values()):
                held.caught_up = now
            for log, lag in lags.items():
                since = held.caught_up if held.last_time is None else held.last_time
                self._sensor.on_lag(log, lag, 0.0 if lag == 0 else max(0.0, now - since))
                most, known = max(most, lag or 0), known and lag is not None
        silence = self._transport.out_of_touch()
        self._readiness.seen(most if known or not self._transport.recoverable else None, silence)
        self._sensor.on_contact(silence)

    def _drain(self) -> None:
        """Commit what is in hand, then leave a snapshot so that the next start is quick."""
        self._sensor.on_state("draining")
        deadline = time.monotonic() + self._settings.daemon.drain_deadline
        self._answer()
        self._commit()
        if self._saving.leave(self._partitions.held, deadline):
            return
        logger.warning("the last snapshot missed daemon.drain_deadline: the next start replays more")

    @contextmanager
    def _busy(self, stage: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self._sensor.on_busy(stage, time.perf_counter() - started)
