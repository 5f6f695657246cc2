"""What the metrics count is what stands in the output, over restarts and replays too."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry

from streamrnn.daemon import Daemon
from streamrnn.exits import ExitCode
from streamrnn.observe.metrics import metrics_of
from streamrnn.settings.schema import Settings
from streamrnn.transport.script import Broker, ScriptLog, Token
from tests.helpers import settings

OVERRIDES = [
    "forecast.horizons=[1,4]", "forecast.levels=[0.9]", "anomaly.enabled=true", "anomaly.warm_up=100",
    "snapshots.every_records=150", "snapshots.every_seconds=1000", "streams.max_live=4",
    "transport.commit_interval=0.001",
]  # fmt: skip


def log(n: int) -> list[dict[str, object] | bytes]:
    source = random.Random(0)
    made: list[dict[str, object] | bytes] = []
    for i in range(n):
        level = 50 if i % 400 > 380 else 0
        made.append({"stream": f"s{source.randrange(4)}", "time": i, "value": round(level + source.gauss(0, 1), 3)})
        if source.random() < 0.05:
            made.append(b"{")
    return made


def run(broker: Broker, chosen: Settings) -> CollectorRegistry:
    """One process, until the script's next end."""
    metrics = metrics_of(chosen, {"streamrnn": "0"})
    daemon = Daemon(chosen, metrics.sensors, transport=ScriptLog(broker, poll_records=50))
    assert daemon.run() == ExitCode.OK
    return metrics.families.registry


def counted(registries: list[CollectorRegistry]) -> dict[str, float]:
    """Each series' sum over the processes."""
    found: dict[str, float] = defaultdict(float)
    for name, value in (sample for registry in registries for sample in _samples(registry)):
        found[name] += value
    return found


def _samples(registry: CollectorRegistry) -> Iterator[tuple[str, float]]:
    for metric in registry.collect():
        for sample in metric.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            yield f"{sample.name.removeprefix('streamrnn_')}{{{labels}}}", sample.value


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, float], list[dict[str, object]], int]:
    """What was counted, the output, and how many dead letters there are."""
    chosen = settings(f"snapshots.path={tmp_path_factory.mktemp('snapshots')}", *OVERRIDES)
    records = log(2000)
    broker = Broker([*records[:900], Token.EOF, *records[900:], Token.EOF], 1)
    registries = [run(broker, chosen), run(broker, chosen)]
    output = [json.loads(text) for texts in broker.predictions.values() for _, text in texts]
    return counted(registries), output, sum(map(len, broker.dead_letters.values()))


def test_events_and_predictions(both) -> None:
    found, output, refused = both
    assert found["events_consumed_total{}"] == found["predictions_published_total{}"] == len(output) > 1500
    assert sum(value for name, value in found.items() if name.startswith("dead_letters_total")) == refused > 50
    assert found["batch_events_sum{}"] == found["processing_latency_seconds_count{}"] == len(output)


@pytest.mark.parametrize("horizon", [1, 4])
def test_errors_and_those_of_the_last_value(both, horizon: int) -> None:
    found, output, _ = both
    settled = [each for record in output for each in record["settled"] if each["horizon"] == horizon]
    of = f"horizon={horizon},target=value"
    assert found[f"scored_events_total{{{of}}}"] == len(settled) > 1000
    for name, field in (("absolute_error", "error"), ("baseline_absolute_error", "baseline_error")):
        beside = "baseline=last_value," if name.startswith("baseline") else ""
        expected = sum(abs(each[field]) for each in settled)
        assert found[f"{name}_total{{{beside}{of}}}"] == pytest.approx(expected, rel=1e-9)


def test_alerts(both) -> None:
    found, output, _ = both
    assert found["anomaly_alerts_total{}"] == sum(bool((record["anomaly"] or {}).get("alert")) for record in output)


def test_coverage(both) -> None:
    found, output, _ = both
    made = {}
    held = count = 0
    for record in output:
        newest = made.get(record["stream"])
        ahead = {each["horizon"]: each for each in record["forecasts"]}
        for each in record["settled"]:
            if each["horizon"] == 1 and newest is not None and newest["intervals"]:
                interval = newest["intervals"][0]
                count += 1
                held += interval["low"] <= each["outcome"] <= interval["high"]
        made[record["stream"]] = ahead[1]
    of = "horizon=1,level=0.9,target=value"
    assert found[f"intervals_settled_total{{{of}}}"] == count > 500
    assert found[f"intervals_covered_total{{{of}}}"] == held
