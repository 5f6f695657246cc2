"""Metrics for Prometheus, with label children bound once so that a batch costs microseconds.

Errors are counted as sums, scored before the update, so that skill adds up over replicas and restarts::

    1 - sum by (target) (rate(streamrnn_absolute_error_total[5m]))
      / sum by (target) (rate(streamrnn_baseline_absolute_error_total{baseline="last_value"}[5m]))

No label takes its values from the data: reasons, stages, states and targets are few, partitions are those held.
"""

import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from itertools import product

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)

from streamrnn.events.columns import Partition
from streamrnn.observe.heads import HeadMetrics
from streamrnn.observe.sensor import BatchReport, Sensor
from streamrnn.observe.skill import RecentSkill

STATES = ("starting", "restoring", "running", "draining", "stopped")
SCOPES = ("stream", "shard")
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

    Attributes
    ----------
    registry : to be served by ``HttpServer``
    """

    def __init__(
        self,
        targets: tuple[str, ...],
        horizons: tuple[int, ...],
        build: Mapping[str, str],
        window: float = 10_000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series beside each counter, of no use here
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._clock = clock
        self._skill_window = RecentSkill(window)
        self._streams_by_partition: dict[Partition, int] = {}
        self._rates_by_partition: dict[Partition, float] = {}
        Info("streamrnn_build", "Version of this build and its parts.", registry=self.registry).info(dict(build))
        self._make_flow()
        self._make_learning()
        self._make_scores(targets, horizons)
        self._make_parts()
        self._heads = HeadMetrics(self.registry)
        self._make_service()

    def on_batch(self, partition: Partition, report: BatchReport) -> None:
        _add(self._events, report.events)
        _add(self._bytes, report.bytes)
        _add(self._late, report.late)
        self._batch_events.observe(report.events)
        for reason, count in report.dead_letters.items():
            _add(self._dead_letters(reason), count)
        for reason, count in report.expired.items():
            _add(self._expired(reason), count)
        for scope, count in report.drifts.items():
            _add(self._drifts[scope], count)
        self._count_streams(partition, report.live_streams)
        self._rates_by_partition[partition] = report.learning_rate
        self._learning_rate.set(max(self._rates_by_partition.values()))
        self._learned(report)
        self._scored(report)
        self._judged(report)
        self._heads.count(report)

    def on_restore(self, partition: Partition, seconds: float) -> None:
        self._restore_duration.observe(seconds)

    def on_replay(self, partition: Partition, events: int, left: int) -> None:
        _add(self._replayed, events)
        self._replay_left(partition).set(left)

    def on_busy(self, stage: str, seconds: float) -> None:
        _add(self._busy(stage), seconds)
        if stage == "poll_wait":
            self._last_poll.set(self._clock())

    def on_published(self, partition: Partition, predictions: int, dead_letters: int) -> None:
        _add(self._published, predictions)

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
            self._last_snapshot.set(self._clock())

    def on_assignment(self, partition: Partition, assigned: int, event: str) -> None:
        self._assigned.set(assigned)
        self._rebalances(event).inc()
        if event == "assigned":
            return
        place = partition.topic, str(partition.number)
        for gauge in (self._lag_records, self._lag_seconds, self._replay_left_records):
            with suppress(KeyError):
                gauge.remove(*place)
        self._lag.cache_clear()
        self._replay_left.cache_clear()
        self._streams_by_partition.pop(partition, None)
        self._streams.set(sum(self._streams_by_partition.values()))
        self._rates_by_partition.pop(partition, None)
        self._learning_rate.set(max(self._rates_by_partition.values(), default=math.nan))

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

    def _learned(self, report: BatchReport) -> None:
        _add(self._updates_applied, report.updates)
        _add(self._updates_skipped, report.skipped_updates)
        _add(self._clips, report.clipped_updates)
        _add(self._loss, report.loss)
        _add(self._losses, report.losses)
        if report.updates:
            self._gradient_norm.set(report.gradient_norm)

    def _scored(self, report: BatchReport) -> None:
        self._skill_window.add(report.scores)
        for (target, horizon), score in report.scores.items():
            counters = self._scores[target, horizon]
            for counter, amount in zip(
                counters,
                (
                    score.count,
                    score.absolute_error,
                    score.squared_error,
                    score.baseline_absolute_error,
                    score.baseline_squared_error,
                ),
                strict=True,
            ):
                _add(counter, amount)
            self._skills[target, horizon].set(self._skill_window.of(target, horizon))

    def _judged(self, report: BatchReport) -> None:
        for (target, horizon, expert), score in report.experts.items():
            counters = self._experts(target, horizon, expert)
            for counter, amount in zip(counters, (score.count, score.error, score.weight), strict=True):
                _add(counter, amount)
        for (target, horizon, level), held in report.intervals.items():
            counters = self._intervals(target, horizon, level)
            amounts = held.count, held.covered, held.width, held.score
            for counter, amount in zip(counters, amounts, strict=True):
                _add(counter, amount)
        _add(self._alerts, report.alerts)

    def _count_streams(self, partition: Partition, live: int) -> None:
        self._streams_by_partition[partition] = live
        self._streams.set(sum(self._streams_by_partition.values()))

    def _make_flow(self) -> None:
        self._events = self._counter("events_consumed", "Events processed, without replay.")
        self._bytes = self._counter("consumed_bytes", "Bytes of the records processed, without replay.")
        self._published = self._counter("predictions_published", "Predictions handed to the log.")
        self._late = self._counter("late_events", "Events older than their stream allows.")
        self._replayed = self._counter("replayed_events", "Events replayed silently to reach the committed offset.")
        self._replay_left_records = self._gauge(
            "replay_left_records", "Offsets that a silent replay has yet to pass.", "topic", "partition"
        )
        self._replay_left = cache(
            lambda partition: self._replay_left_records.labels(partition.topic, str(partition.number))
        )
        self._batch_events = self._histogram("batch_events", "Events in one processed batch.", _BATCH_BUCKETS)
        dead = self._counter("dead_letters", "Records refused, by reason.", "reason")
        self._dead_letters = cache(lambda reason: dead.labels(reason))
        expired = self._counter("expired_streams", "Streams let go, by reason.", "reason")
        self._expired = cache(lambda reason: expired.labels(reason))
        self._streams = self._gauge("streams", "Live streams.")
        self._lag_records = self._gauge(
            "consumer_lag_records", "Records between position and log end.", "topic", "partition"
        )
        self._lag_seconds = self._gauge("consumer_lag_seconds", "Age of the last record read.", "topic", "partition")
        self._lag = cache(
            lambda partition: tuple(
                gauge.labels(partition.topic, str(partition.number)) for gauge in (self._lag_records, self._lag_seconds)
            )
        )

    def _make_learning(self) -> None:
        updates = self._counter("updates", "Optimiser steps, applied or skipped as not finite.", "result")
        self._updates_applied, self._updates_skipped = updates.labels("applied"), updates.labels("skipped")
        self._clips = self._counter("gradient_clips", "Optimiser steps whose gradient was clipped.")
        self._gradient_norm = self._gauge("gradient_norm", "Norm of the last gradient, before clipping.")
        self._learning_rate = self._gauge(
            "learning_rate", "Step size of the optimiser, the largest of the partitions held."
        )
        drifts = self._counter("drift_detected", "Alarms of drift, of a stream or of a shard's network.", "scope")
        self._drifts = {scope: drifts.labels(scope) for scope in SCOPES}
        self._loss = self._counter("learning_loss", "Loss summed over learning passes.")
        self._losses = self._counter("learning_losses", "Learning passes.")

    def _make_scores(self, targets: tuple[str, ...], horizons: tuple[int, ...]) -> None:
        of = "target", "horizon"
        scored = self._counter("scored_events", "Forecasts whose outcome came.", *of)
        absolute = self._counter("absolute_error", "Absolute error, scored before the update.", *of)
        squared = self._counter("squared_error", "Squared error, scored before the update.", *of)
        base_absolute = self._counter("baseline_absolute_error", "Absolute error of a naive forecast.", *of, "baseline")
        base_squared = self._counter("baseline_squared_error", "Squared error of a naive forecast.", *of, "baseline")
        skill = self._gauge("skill", "1 - error / error of the last value, over recent events.", *of)
        self._scores, self._skills = {}, {}
        for key in product(targets, horizons):
            labels = key[0], str(key[1])
            self._scores[key] = (
                scored.labels(*labels), absolute.labels(*labels), squared.labels(*labels),
                base_absolute.labels(*labels, "last_value"), base_squared.labels(*labels, "last_value"),
            )  # fmt: skip
            self._skills[key] = skill.labels(*labels)
            self._skills[key].set(math.nan)

    def _make_parts(self) -> None:
        of = "target", "horizon", "expert"
        experts = (
            self._counter("expert_settled", "Forecasts of an expert whose outcome came.", *of),
            self._counter("expert_absolute_error", "Absolute error of an expert.", *of),
            self._counter("expert_weight", "Weight of an expert, summed over settled forecasts.", *of),
        )
        self._experts = cache(lambda *key: tuple(counter.labels(*map(str, key)) for counter in experts))
        level = "target", "horizon", "level"
        intervals = (
            self._counter("intervals_settled", "Intervals whose outcome came.", *level),
            self._counter("intervals_covered", "Intervals that held their outcome.", *level),
            self._counter("interval_width", "Summed width of settled intervals.", *level),
            self._counter("interval_score", "Summed interval score (Winkler): width, and what was missed.", *level),
        )
        self._intervals = cache(lambda *key: tuple(counter.labels(*map(str, key)) for counter in intervals))
        self._alerts = self._counter("anomaly_alerts", "Alerts of the anomaly score, one for each excursion.")

    def _make_service(self) -> None:
        busy = self._counter("busy_seconds", "Time spent, by stage: its rate is the share of wall time.", "stage")
        self._busy = cache(lambda stage: busy.labels(stage))
        for stage in STAGES:
            self._busy(stage)
        self._assigned = self._gauge("assigned_partitions", "Partitions held.")
        rebalances = self._counter("rebalances", "Times that partitions changed hands.", "event")
        self._rebalances = cache(lambda event: rebalances.labels(event))
        commits = self._counter("commits", "Commits, by result.", "result")
        self._commits = {True: commits.labels("ok"), False: commits.labels("failed")}
        failures = self._counter("failures", "Failures that end the process, by kind.", "kind")
        self._failures = cache(lambda kind: failures.labels(kind))
        self._last_contact = self._gauge(
            "last_contact_timestamp_seconds", "When the log's other side (Kafka: the coordinator) last answered."
        )
        self._commit_duration = self._histogram("commit_duration_seconds", "Time that a commit took.", _COMMIT_BUCKETS)
        snapshots = self._counter("snapshots", "Snapshots, by result.", "result")
        self._snapshots = {True: snapshots.labels("ok"), False: snapshots.labels("failed")}
        self._snapshot_duration = self._histogram(
            "snapshot_duration_seconds", "From first byte to durable.", _SNAPSHOT_BUCKETS
        )
        self._restore_duration = self._histogram(
            "restore_duration_seconds", "From the commit read to the state loaded.", _SNAPSHOT_BUCKETS
        )
        self._snapshot_size = self._gauge("snapshot_size_bytes", "Size of the last snapshot.")
        self._last_poll = self._gauge("last_poll_timestamp_seconds", "When the log was last asked for records.")
        self._last_commit = self._gauge("last_commit_timestamp_seconds", "When the last commit succeeded.")
        self._last_snapshot = self._gauge("last_snapshot_timestamp_seconds", "When the last snapshot was durable.")
        state = self._gauge("state", "1 for the state that the daemon is in.", "state")
        self._states = {name: state.labels(name) for name in STATES}

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"streamrnn_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"streamrnn_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"streamrnn_{name}", text, buckets=buckets, registry=self.registry)


def _add(counter: Counter, amount: float) -> None:
    """Add to a counter, which a NaN would spoil for good and a negative amount would make raise."""
    if 0.0 < amount < math.inf:
        counter.inc(amount)
