"""The rules are ones that Prometheus takes, and lead to what is written of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from deploy.monitoring.alerts import alerts
from deploy.monitoring.windows import Windows
from deploy.monitoring.write import rules
from tests.deploy.monitoring.promtool import needs_promtool, promtool

ROOT = Path(__file__).parents[3]
ALERTS = alerts(Windows(), "streamrnn")


@pytest.mark.tools
@needs_promtool
def test_promtool_finds_no_fault(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(rules())
    promtool("check", "rules", "--lint=all", "--lint-fatal", str(tmp_path / "rules.yaml"))


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_every_alert_has_a_runbook(alert) -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    heading = next((part for part in text.split("\n### ") if part.startswith(f"{alert.name}\n")), None)
    assert heading is not None, f"docs/operations.md has no heading {alert.name}"
    for word in ("**Means**", "**Look**", "**Do**", "**Ignore**"):
        assert word in heading


def test_no_runbook_is_of_an_alert_that_is_gone() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    assert re.findall(r"\n### (Streamrnn\w+)", text) == [alert.name for alert in ALERTS]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_every_alert_says_what_it_is(alert) -> None:
    assert alert.severity in ("critical", "warning")
    assert re.fullmatch(r"\d+[mh]", alert.wait) and alert.because
    assert alert.description.endswith(".") and not alert.summary.endswith(".")


def test_the_links_go_where_they_are_told_to() -> None:
    made = yaml.safe_load(rules(runbook="https://example.org/operations"))
    rows = [rule for group in made["groups"] for rule in group["rules"] if "alert" in rule]
    links = [rule["annotations"]["runbook_url"] for rule in rows]
    assert links[0] == "https://example.org/operations#streamrnnabsent" and len(links) == len(ALERTS)


def test_the_windows_are_those_asked_for() -> None:
    windows = Windows("7s", "8s", "9s", "10s", "11s")
    assert set(re.findall(r"\[(\d+[smh])\]", rules(windows))) == {"7s", "8s", "9s", "10s", "11s"}
