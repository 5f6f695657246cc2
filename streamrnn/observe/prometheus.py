"""Metrics of the flow and of the service, with label children bound once so that a batch costs microseconds.

No label takes its values from the data: reasons, stages, states and targets are few, partitions are those held.
"""

import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache

from prometheus_client import CollectorRegistry, Info

from streamrnn.events.columns import Partition
from streamrnn.events.reasons import EXPLANATIONS
from streamrnn.observe.families import PREFIX, Families, Family, add
from streamrnn.observe.process import watch_process
from streamrnn.observe.quality import QualityMetrics
from streamrnn.observe.sensor import BatchReport, Sensor

EXPIRED = ("time", "capacity", "tombstone")
HANDS = ("assigned", "revoked", "lost")
STATES = ("starting", "restoring", "running", "draining", "stopped")
STAGES = ("poll_wait", "decode", "process", "encode", "publish", "commit", "snapshot")
_BATCH_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
_COMMIT_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_SNAPSHOT_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300)


class PrometheusSensor(Sensor):
    """Turns the daemon's hooks into metrics of its own registry.

    Parameters
    ----------
    targets : names of the targets, which are the only values of the label ``target``
    horizons : steps ahead that are forecast, the only values of the label ``horizon``
    build : what ``streamrnn_build_info`` states, such as version and engine
    window : events over which the skill gauge looks back (``scoring.window``)
    clock : seconds since 1970, for the ``..._timestamp_seconds`` gauges
    families : where the metrics go; None makes a registry of their own
    learns : whether there is a model; without one there are no metrics of it
    """

    def __init__(
        self,
        targets: tuple[str, ...],
        horizons: tuple[int, ...],
        build: Mapping[str, str],
        window: float = 10_000,
        clock: Callable[[], float] = time.time,
        families: Families | None = None,
        learns: bool = True,
    ) -> None:
        self._families = families = families or Families()
        self._clock = clock
        self._held: set[Partition] = set()
        self._streams_by_partition: dict[Partition, int] = {}
        watch_process(families)
        about = "Versions of streamrnn and of what decides its bits, and the engine; always 1."
        families.describe(Family(f"{PREFIX}build_info", "info", about, tuple(sorted(build))))
        Info(f"{PREFIX}build", about, registry=families.registry).info(dict(build))
        self._make_flow(families)
        self._quality = QualityMetrics(families, targets, horizons, window) if learns else None
        self._make_service(families)
        self._make_recovery(families)
        self._by_partition = (
            self._lag_records, self._lag_seconds, self._replay_left_records, self._last_snapshot, self._unsaved_records,
        )  # fmt: skip

    @property
    def registry(self) -> CollectorRegistry:
        """Where the metrics are."""
        return self._families.registry

    def on_batch(self, partition: Partition, report: BatchReport) -> None:
        add(self._events, report.events)
        add(self._bytes, report.bytes)
        add(self._late, report.late)
        self._batch_events.observe(report.events)
        for reason, count in report.dead_letters.items():
            add(self._dead_letters[reason], count)
        for reason, count in report.expired.items():
            add(self._expired[reason], count)
        self.on_streams(partition, report.live_streams)
        if self._quality is not None:
            self._quality.count(partition, report)

    def on_streams(self, partition: Partition, live: int) -> None:
        self._streams_by_partition[partition] = live
        self._streams.set(sum(self._streams_by_partition.values()))

    def on_restore(self, partition: Partition, seconds: float) -> None:
        self._restore_duration.observe(seconds)

    def on_replay(self, partition: Partition, events: int, left: int) -> None:
        add(self._replayed, events)
        self._replay_left(partition).set(left)

    def on_busy(self, stage: str, seconds: float) -> None:
        add(self._busy(stage), seconds)
        if stage == "poll_wait":
            self._last_poll.set(self._clock())

    def on_published(self, partition: Partition, predictions: int, dead_letters: int) -> None:
        add(self._published, predictions)

    def on_commit(self, ok: bool, seconds: float) -> None:
        self._commits[ok].inc()
        self._commit_duration.observe(seconds)
        if ok:
            self._last_commit.set(self._clock())

    def on_snapshot(self, partition: Partition, ok: bool, seconds: float, size: int) -> None:
        self._snapshots[ok].inc()
        self._snapshot_duration.observe(seconds)
        if ok:
            self._snapshot_size.set(size)
            if partition in self._held:  # one that was handed over may end later
                self._saved(partition).set(self._clock())

    def on_unsaved(self, partition: Partition, records: int) -> None:
        self._unsaved(partition).set(records)

    def on_rebalance(self, seconds: float) -> None:
        self._rebalance_duration.observe(seconds)

    def on_assignment(self, partition: Partition, assigned: int, event: str) -> None:
        self._assigned.set(assigned)
        self._rebalances[event].inc()
        if event == "assigned":
            self._held.add(partition)
            self._saved(partition).set(self._clock())
            return
        self._held.discard(partition)
        place = partition.topic, str(partition.number)
        for gauge in self._by_partition:
            with suppress(KeyError):
                gauge.remove(*place)
        for children in (self._lag, self._replay_left, self._saved, self._unsaved):
            children.cache_clear()
        self._streams_by_partition.pop(partition, None)
        self._streams.set(sum(self._streams_by_partition.values()))
        if self._quality is not None:
            self._quality.drop(partition)

    def on_contact(self, seconds: float | None) -> None:
        self._last_contact.set(math.nan if seconds is None else self._clock() - seconds)

    def on_failure(self, kind: str) -> None:
        self._failures(kind).inc()

    def on_lag(self, partition: Partition, records: int | None, seconds: float | None) -> None:
        in_records, in_seconds = self._lag(partition)
        in_records.set(math.nan if records is None else records)
        in_seconds.set(math.nan if seconds is None else seconds)

    def on_state(self, state: str) -> None:
        for name, gauge in self._states.items():
            gauge.set(name == state)

    def _make_flow(self, families: Families) -> None:
        self._events = families.counter("events_consumed", "Events that the shards took in, without replay.")
        self._bytes = families.counter("consumed_bytes", "Bytes of the records that were read, without replay.")
        self._published = families.counter("predictions_published", "Predictions handed to the log.")
        self._late = families.counter("late_events", "Events that were taken though older than their stream's newest.")
        self._batch_events = families.histogram("batch_events", "Events in one processed batch.", _BATCH_BUCKETS)
        dead = families.counter("dead_letters", "Records refused, by reason.", "reason")
        self._dead_letters = {reason: dead.labels(reason) for reason in EXPLANATIONS}
        expired = families.counter(
            "expired_streams", "Streams let go: for silence, to make room for others, or by a tombstone.", "reason"
        )
        self._expired = {reason: expired.labels(reason) for reason in EXPIRED}
        self._streams = families.gauge("streams", "Live streams of the partitions held.")
        self._lag_records = families.gauge(
            "consumer_lag_records", "Records between the position and the log's end.", "topic", "partition"
        )
        self._lag_seconds = families.gauge(
            "consumer_lag_seconds",
            "0 at the log's end, else the age of the last record read; in files, since the end was last reached.",
            "topic", "partition",
        )  # fmt: skip
        self._lag = cache(
            lambda partition: tuple(
                gauge.labels(partition.topic, str(partition.number)) for gauge in (self._lag_records, self._lag_seconds)
            )
        )

    def _make_service(self, families: Families) -> None:
        busy = families.counter("busy_seconds", "Time spent by stage; its rate is the share of wall time.", "stage")
        self._busy = cache(lambda stage: busy.labels(stage))
        for stage in STAGES:
            self._busy(stage)
        self._assigned = families.gauge("assigned_partitions", "Partitions held.")
        rebalances = families.counter("rebalances", "Partitions that changed hands, each counted.", "event")
        self._rebalances = {event: rebalances.labels(event) for event in HANDS}
        self._rebalance_duration = families.histogram(
            "rebalance_duration_seconds",
            "Time that the loop stood still for a change of partitions: to finish, commit and save, or to restore.",
            _SNAPSHOT_BUCKETS,
        )
        commits = families.counter("commits", "Commits, by result; one that fails ends the process.", "result")
        self._commits = {True: commits.labels("ok"), False: commits.labels("failed")}
        self._commit_duration = families.histogram("commit_duration_seconds", "Time a commit took.", _COMMIT_BUCKETS)
        failures = families.counter("failures", "Failures that end the process, by kind.", "kind")
        self._failures = cache(lambda kind: failures.labels(kind))
        self._last_contact = families.gauge(
            "last_contact_timestamp_seconds", "When the coordinator last answered; NaN without Kafka."
        )
        self._last_poll = families.gauge(
            "last_poll_timestamp_seconds", "When the loop last asked the log for records; 0 before that."
        )
        self._last_commit = families.gauge(
            "last_commit_timestamp_seconds", "When a commit last succeeded; 0 before that."
        )
        state = families.gauge("state", "1 for the state that the daemon is in, 0 for the others.", "state")
        self._states = {name: state.labels(name) for name in STATES}

    def _make_recovery(self, families: Families) -> None:
        snapshots = families.counter("snapshots", "Snapshots, by result.", "result")
        self._snapshots = {True: snapshots.labels("ok"), False: snapshots.labels("failed")}
        self._snapshot_duration = families.histogram(
            "snapshot_duration_seconds", "From a snapshot's first byte until it is durable.", _SNAPSHOT_BUCKETS
        )
        self._snapshot_size = families.gauge("snapshot_size_bytes", "Size of the last snapshot, of one partition.")
        self._last_snapshot = families.gauge(
            "last_snapshot_timestamp_seconds",
            "When the partition's last snapshot was durable; before that, when it was taken over.",
            "topic", "partition",
        )  # fmt: skip
        self._saved = cache(lambda partition: self._last_snapshot.labels(partition.topic, str(partition.number)))
        self._unsaved_records = families.gauge(
            "unsaved_records", "Records since the last snapshot, which a restart replays.", "topic", "partition"
        )
        self._unsaved = cache(lambda partition: self._unsaved_records.labels(partition.topic, str(partition.number)))
        self._restore_duration = families.histogram(
            "restore_duration_seconds", "From the partition's commit read until its state is loaded.", _SNAPSHOT_BUCKETS
        )
        self._replayed = families.counter(
            "replayed_events", "Records replayed silently, to reach the committed offset."
        )
        self._replay_left_records = families.gauge(
            "replay_left_records", "Offsets that a silent replay has yet to pass.", "topic", "partition"
        )
        self._replay_left = cache(
            lambda partition: self._replay_left_records.labels(partition.topic, str(partition.number))
        )
