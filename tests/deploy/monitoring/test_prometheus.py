"""A real Prometheus scrapes real daemons: all that the board and the rules ask for is there."""

from __future__ import annotations

import re
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.monitoring.asked import KAFKA, alerted, kept, marks, panels
from tests.deploy.monitoring.live import Daemon, Feed, Prometheus, prometheus
from tests.deploy.monitoring.promtool import promtool

pytestmark = [
    pytest.mark.tools,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="there is no prometheus on the path"),
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("prometheus"),
]

COMMON = ["streams.max_live=30", "snapshots.every_seconds=1", "scoring.window=1000", "model.hidden_size=8"]
FORECAST = [
    *COMMON, "forecast.horizons=[1,4]", "forecast.levels=[0.5,0.9]", "model.head=quantiles", "anomaly.enabled=true",
    "anomaly.warm_up=100", "drift.shard=report",
]  # fmt: skip
LABELS = [*COMMON, "labels.mode=delayed", "labels.kind=class", "labels.join=id", "labels.within=16"]
TOKENS = [
    *COMMON, "events.features=[]", "tokens.field=text", "tokens.of=words", "tokens.marker=?", "tokens.cells=1024",
    "sequences.record=true",
]  # fmt: skip


@dataclass
class Scene:
    """What runs."""

    forecast: Daemon
    labels: Daemon
    tokens: Daemon
    prometheus: Prometheus


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Daemons under load, one of which was killed in between, so that it restored and replayed."""
    folder = tmp_path_factory.mktemp("scene")
    daemons = []
    with ExitStack() as ends:
        for name, overrides in (("forecast", FORECAST), ("labels", LABELS), ("tokens", TOKENS)):
            (folder / name).mkdir()
            ends.enter_context(closing(Feed(folder / name / "events" / "0.jsonl", name)))
            daemons.append(Daemon(folder / name, f"transport.path={folder / name}", *overrides))
            ends.callback(daemons[-1].end, signal.SIGTERM)
            daemons[-1].start()
        made = ends.enter_context(prometheus(folder, *daemons))
        made.without_data({"some": "rate(streamrnn_snapshot_duration_seconds_count[10s]) > 0"})
        daemons[0].end(signal.SIGKILL)
        daemons[0].start()
        yield Scene(*daemons, made)


def test_every_panel_has_data(scene: Scene) -> None:
    asked = {name: expression for name, expression in panels().items() if name not in KAFKA}
    assert scene.prometheus.without_data(asked) == set()


def test_every_recording_rule_has_data(scene: Scene) -> None:
    assert scene.prometheus.without_data(kept()) == set()


def test_every_series_that_an_alert_looks_at_is_there(scene: Scene) -> None:
    assert scene.prometheus.without_data(alerted()) == set()


def test_every_rule_is_evaluated_without_fault(scene: Scene) -> None:
    found = [rule for group in scene.prometheus.ask("rules")["groups"] for rule in group["rules"]]
    assert len(found) > 30
    assert not [rule for rule in found if rule["health"] == "err"]


def test_a_restart_is_marked(scene: Scene) -> None:
    asked = {name: expression for name, expression in marks().items() if "Restarts" in name or "Snapshots" in name}
    assert scene.prometheus.without_data(asked) == set()


def test_nothing_but_the_narrow_windows_makes_an_alert(scene: Scene) -> None:
    """Neither critical alert has a reason."""
    firing = scene.prometheus.ask("alerts")["alerts"]
    assert [alert for alert in firing if alert["labels"]["severity"] == "critical" and alert["state"] == "firing"] == []


def test_every_query_of_a_runbook_can_be_asked(scene: Scene) -> None:
    page = (Path(__file__).parents[3] / "docs" / "operations.md").read_text()
    queries = {text for text in re.findall(r"`([^`]+)`", page) if re.search(r"streamrnn_\w|up{", text)}
    assert len(queries) > 25
    known = set(scene.prometheus.ask("label/__name__/values"))
    for query in sorted(queries):
        scene.prometheus.ask("format_query", query=query)
        assert set(re.findall(r"streamrnn_\w+", query)) <= known, query


@pytest.mark.parametrize("which", ["forecast", "labels", "tokens"])
def test_promtool_finds_no_fault_in_the_metrics(scene: Scene, which: str) -> None:
    promtool("check", "metrics", given=getattr(scene, which).metrics())


def test_it_is_scraped_in_the_format_that_prometheus_asks_for(scene: Scene) -> None:
    assert scene.forecast.metrics("application/openmetrics-text").endswith(b"# EOF\n")
    assert scene.prometheus.values("up") == [1, 1, 1]
