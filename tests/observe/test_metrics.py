"""The metrics of every mode keep Prometheus' rules, and what is turned off has no series."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from docs.reference import MODES
from streamrnn.events.columns import Partition
from streamrnn.observe.metrics import Metrics, metrics_of
from streamrnn.observe.sensor import (
    BatchReport,
    DistributionScore,
    ExpertScore,
    IntervalScore,
    LabelReport,
    LabelScore,
    QuantileExpertScore,
    QuantileScore,
    TargetScore,
)
from tests.helpers import settings

PARTITION = Partition("events", 0)
# Whatever else a label is called, its values are of a closed list, or those of the settings.
LABELS = {
    "expert", "horizon", "level", "share", "reason", "scope", "target", "baseline", "stage", "topic", "partition",
    "event", "result", "state", "kind", "le", "streamrnn",
}  # fmt: skip
KEY = "value", 1


def filled(mode: str, make_report: Callable[..., BatchReport]) -> CollectorRegistry:
    """All metrics of a mode, each with a series."""
    chosen = settings(*MODES[mode])
    metrics: Metrics = metrics_of(chosen, {"streamrnn": "0"})
    score = LabelScore(9, 8, 1.0, 6, 2.0, 5, 3.0) if chosen.labels.kind == "class" else None
    key = next(((target, horizon) for target in chosen.target_names for horizon in chosen.horizons), None)
    report = make_report(
        scores={} if key is None else {key: TargetScore(10, 2.0, 0.5, 4.0, 2.0)},
        experts={(*KEY, "network"): ExpertScore(5, 1.0, 2.0)},
        intervals={(*KEY, 0.9): IntervalScore(5, 4, 1.0, 2.0)},
        quantiles={("value", 0.5): QuantileScore(5, 2.5, 1.0, 2.0)},
        quantile_experts={("value", 0.5, "tracked"): QuantileExpertScore(5, 2.5, 1.0, 2.0)},
        distributions={"value": DistributionScore(5, -1.0, -2.0)},
        labels=LabelReport(score, 9, 1, 1, 20, {"network": ExpertScore(9, 1.0, 2.0)}),
        alerts=1,
    )
    for sensor in metrics.sensors:
        sensor.on_assignment(PARTITION, 1, "assigned")
        sensor.on_batch(PARTITION, report)
        sensor.on_lag(PARTITION, 5, 0.1)
        sensor.on_replay(PARTITION, 5, 1)
        sensor.on_unsaved(PARTITION, 5)
        sensor.on_failure("fenced")
    return metrics.families.registry


@pytest.mark.parametrize("mode", MODES)
def test_names_keep_the_rules(mode: str, make_report: Callable[..., BatchReport]) -> None:
    for metric in filled(mode, make_report).collect():
        if not metric.name.startswith("streamrnn_"):
            assert metric.name.startswith("process_")
            continue
        assert re.fullmatch(r"[a-z][a-z0-9_]*", metric.name), metric.name
        assert metric.documentation.endswith("."), metric.name
        assert not re.search(r"_(ms|millis|milliseconds|minutes|kb|mib|megabytes|percent)(_|$)", metric.name)
        assert not metric.name.endswith(("_total", "_count", "_sum", "_bucket")), metric.name
        assert metric.samples or not settings(*MODES[mode]).target_names, f"{metric.name}: give it a series here"
        for sample in metric.samples:
            if metric.type == "counter":
                assert sample.name == f"{metric.name}_total"
            assert set(sample.labels) <= LABELS
        if re.search("duration|timestamp|busy|latency", metric.name):
            assert metric.name.endswith("_seconds")


@pytest.mark.parametrize("mode", MODES)
def test_what_is_described_is_what_is_shown(mode: str, make_report: Callable[..., BatchReport]) -> None:
    described = {family.name: family for family in metrics_of(settings(*MODES[mode]), {}).families.described}
    for metric in filled(mode, make_report).collect():
        ending = {"counter": "_total", "info": "_info"}.get(metric.type, "")
        family = described[metric.name + ending]
        assert family.text == metric.documentation or metric.name.startswith("process_")
        for sample in metric.samples:
            assert metric.type == "info" or set(sample.labels) - {"le"} == set(family.labels)


@pytest.mark.tools
@pytest.mark.skipif(shutil.which("promtool") is None, reason="there is no promtool on the path")
@pytest.mark.parametrize("mode", MODES)
def test_promtool_finds_no_fault(mode: str, make_report: Callable[..., BatchReport]) -> None:
    shown = generate_latest(filled(mode, make_report))
    done = subprocess.run(["promtool", "check", "metrics"], input=shown, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()


def test_no_created_series_double_the_counters(make_report: Callable[..., BatchReport]) -> None:
    assert b"_created" not in generate_latest(filled("forecasts", make_report))


def test_without_a_model_nothing_tells_of_learning() -> None:
    shown = generate_latest(metrics_of(settings("model.kind=none"), {"streamrnn": "0"}).families.registry).decode()
    assert "streamrnn_events_consumed_total" in shown
    assert not re.search("updates|scored|interval_level|horizon_steps", shown)
