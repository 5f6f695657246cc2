"""Rules and board as the files that Prometheus and Grafana read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from deploy.monitoring.alert import RUNBOOK, Alert
from deploy.monitoring.alerts import alerts
from deploy.monitoring.board import board
from deploy.monitoring.records import records
from deploy.monitoring.windows import Windows

FOLDER = Path(__file__).parents[1]
JOBS = ".*streamrnn.*"
HEAD = "# Made by `make monitoring` from deploy/monitoring. Change it there.\n"


def files() -> dict[Path, str]:
    """What is to stand in which file."""
    shown = json.dumps(board(), indent=1, ensure_ascii=False) + "\n"
    return {FOLDER / "prometheus" / "rules.yaml": rules(), FOLDER / "grafana" / "board.json": shown}


def rules(windows: Windows | None = None, job: str = JOBS, runbook: str = RUNBOOK) -> str:
    """The rules file.

    Parameters
    ----------
    windows : over which rules look back
    job : regular expression of the job label of streamrnn's targets
    runbook : where ``docs/operations.md`` is to be found, as the links begin
    """
    windows = windows or Windows()
    lines = [HEAD, "groups:\n", "  - name: streamrnn-records\n    rules:\n"]
    lines += (_listed({"record": each.name, "expr": each.expression}) for each in records(windows))
    lines.append("\n  - name: streamrnn-alerts\n    rules:\n")
    for alert in alerts(windows, job):
        lines += (f"      # {alert.wait}: {alert.because}.\n", _listed(_rule(alert, runbook)))
    return "".join(lines)


def _rule(alert: Alert, runbook: str) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": alert.expression,
        "for": alert.wait,
        "labels": {"severity": alert.severity},
        "annotations": {
            "summary": alert.summary,
            "description": alert.description,
            "runbook_url": f"{runbook}#{alert.anchor}",
        },
    }


def _listed(rule: dict[str, Any]) -> str:
    """One item of a list of rules."""
    text: str = yaml.safe_dump(rule, sort_keys=False, width=110, allow_unicode=True)
    first, *others = text.splitlines()
    return "".join([f"      - {first}\n", *(f"        {line}\n" for line in others)])
