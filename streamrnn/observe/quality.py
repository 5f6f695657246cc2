"""Metrics of what is learned, and of how good the forecasts are.

Errors are counted as sums, scored before the update, so that skill adds up over replicas and restarts::

    1 - sum by (target) (rate(streamrnn_absolute_error_total[5m]))
      / sum by (target) (rate(streamrnn_baseline_absolute_error_total{baseline="last_value"}[5m]))
"""

from __future__ import annotations

import math
from functools import cache
from itertools import product

from streamrnn.events.columns import Partition
from streamrnn.observe.families import Families, add, add_all
from streamrnn.observe.heads import BASELINE, HeadMetrics
from streamrnn.observe.sensor import BatchReport
from streamrnn.observe.skill import RecentSkill

SCOPES = ("stream", "shard")


class QualityMetrics:
    """Counts learning, errors, experts, intervals, alerts, and what the network's head tells.

    Parameters
    ----------
    families : where the metrics go
    targets : names of the targets, which are the only values of the label ``target``
    horizons : steps ahead that are forecast, the only values of the label ``horizon``
    window : events over which the skill gauge looks back
    """

    def __init__(
        self, families: Families, targets: tuple[str, ...], horizons: tuple[int, ...], window: float
    ) -> None:
        self._skill_window = RecentSkill(window)
        self._rates_by_partition: dict[Partition, float] = {}
        self._make_learning(families)
        self._make_scores(families, targets, horizons)
        self._make_parts(families)
        self._heads = HeadMetrics(families)

    def count(self, partition: Partition, report: BatchReport) -> None:
        """Count one live batch."""
        for scope, count in report.drifts.items():
            add(self._drifts[scope], count)
        self._rates_by_partition[partition] = report.learning_rate
        self._learning_rate.set(max(self._rates_by_partition.values()))
        self._learned(report)
        self._scored(report)
        self._judged(report)
        self._heads.count(report)

    def drop(self, partition: Partition) -> None:
        """Forget a partition that is no longer held."""
        self._rates_by_partition.pop(partition, None)
        self._learning_rate.set(max(self._rates_by_partition.values(), default=math.nan))

    def _learned(self, report: BatchReport) -> None:
        add(self._updates_applied, report.updates)
        add(self._updates_skipped, report.skipped_updates)
        add(self._clips, report.clipped_updates)
        add(self._loss, report.loss)
        add(self._losses, report.losses)
        if report.updates:
            self._gradient_norm.set(report.gradient_norm)

    def _scored(self, report: BatchReport) -> None:
        self._skill_window.add(report.scores)
        for key, score in report.scores.items():
            amounts = (
                score.count, score.absolute_error, score.squared_error, score.baseline_absolute_error,
                score.baseline_squared_error,
            )  # fmt: skip
            add_all(self._scores[key], amounts)
            self._skills[key].set(self._skill_window.of(*key))

    def _judged(self, report: BatchReport) -> None:
        for (target, horizon, expert), score in report.experts.items():
            add_all(self._experts(target, horizon, expert), (score.count, score.error, score.weight))
        for (target, horizon, level), held in report.intervals.items():
            add_all(self._intervals(target, horizon, level), (held.count, held.covered, held.width, held.score))
        add(self._alerts, report.alerts)

    def _make_learning(self, families: Families) -> None:
        updates = families.counter(
            "updates", "Optimiser steps: applied, or skipped because a number in them was not finite.", "result"
        )
        self._updates_applied, self._updates_skipped = updates.labels("applied"), updates.labels("skipped")
        self._clips = families.counter("gradient_clips", "Optimiser steps whose gradient was clipped.")
        self._gradient_norm = families.gauge(
            "gradient_norm", "Norm of the gradient of the last optimiser step, before clipping."
        )
        self._learning_rate = families.gauge(
            "learning_rate", "Step size of the optimiser, the largest of the partitions held."
        )
        drifts = families.counter(
            "drift_detected", "Alarms of drift: of one stream's errors, or of all errors of a shard.", "scope"
        )
        self._drifts = {scope: drifts.labels(scope) for scope in SCOPES}
        self._loss = families.counter("learning_loss", "Loss of the network, summed over its learning passes.")
        self._losses = families.counter("learning_losses", "Learning passes: outcomes that went back through a window.")

    def _make_scores(self, families: Families, targets: tuple[str, ...], horizons: tuple[int, ...]) -> None:
        of = "target", "horizon"
        counters = (
            families.counter("scored_events", "Forecasts whose outcome has come.", *of),
            families.counter("absolute_error", "Absolute error of the forecasts, scored before the update.", *of),
            families.counter("squared_error", "Squared error of the forecasts, scored before the update.", *of),
        )
        naive = (
            families.counter("baseline_absolute_error", "Absolute error of a naive forecast.", *of, "baseline"),
            families.counter("baseline_squared_error", "Squared error of a naive forecast.", *of, "baseline"),
        )
        skill = families.gauge(
            "skill", "1 - absolute error / that of the last value, over about scoring.window events, of this process.",
            *of,
        )  # fmt: skip
        self._scores, self._skills = {}, {}
        for key in product(targets, horizons):
            labels = key[0], str(key[1])
            self._scores[key] = (
                *(counter.labels(*labels) for counter in counters),
                *(counter.labels(*labels, BASELINE) for counter in naive),
            )
            self._skills[key] = skill.labels(*labels)
            self._skills[key].set(math.nan)

    def _make_parts(self, families: Families) -> None:
        of = "target", "horizon", "expert"
        experts = (
            families.counter("expert_settled", "Forecasts of an expert whose outcome has come.", *of),
            families.counter("expert_absolute_error", "Absolute error of an expert's forecasts.", *of),
            families.counter("expert_weight", "Weight that an expert had, summed over its settled forecasts.", *of),
        )
        self._experts = cache(lambda *key: tuple(counter.labels(*map(str, key)) for counter in experts))
        level = "target", "horizon", "level"
        intervals = (
            families.counter("intervals_settled", "Intervals whose outcome has come.", *level),
            families.counter("intervals_covered", "Intervals that held their outcome.", *level),
            families.counter("interval_width", "Width of intervals, summed over the settled ones.", *level),
            families.counter("interval_score", "Interval score (Winkler): width, and what was missed, summed.", *level),
        )
        self._intervals = cache(lambda *key: tuple(counter.labels(*map(str, key)) for counter in intervals))
        self._alerts = families.counter("anomaly_alerts", "Alerts of the anomaly score, one for each excursion.")
