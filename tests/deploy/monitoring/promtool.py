"""Runs promtool, Prometheus' own judge of rules."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy.monitoring.write import rules
from tests.deploy.monitoring.healthy import series

FIRING = 'count by (alertname) (ALERTS{alertstate="firing"})'

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="there is no promtool on the path")


def promtool(*arguments: str, given: bytes = b"") -> str:
    """Its output; fails where it finds fault."""
    done = subprocess.run(["promtool", *arguments], input=given, capture_output=True, timeout=60)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said
    return said


def firing(folder: Path, changes: dict[str, str], expected: dict[str, set[str]]) -> None:
    """Fails unless just these alerts fire at these times, in the product's own rules."""
    tests = [
        {"expr": FIRING, "eval_time": at, "exp_samples": [_sample(name) for name in sorted(names)]}
        for at, names in expected.items()
    ]
    _test(folder, changes, {"promql_expr_test": tests})


def annotations(folder: Path, changes: dict[str, str], alert: str, at: str) -> str:
    """What Prometheus makes of an alert's texts, as promtool prints it where it expected none."""
    with pytest.raises(AssertionError) as refused:
        _test(folder, changes, {"alert_rule_test": [{"eval_time": at, "alertname": alert, "exp_alerts": []}]})
    return str(refused.value).partition("got:")[2]


def _sample(name: str) -> dict[str, Any]:
    return {"labels": f'{{alertname="{name}"}}', "value": 1}


def _test(folder: Path, changes: dict[str, str], what: dict[str, Any]) -> None:
    (folder / "rules.yaml").write_text(rules())
    case = {"interval": "1m", "input_series": series(changes)} | what
    tests = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [case]}
    (folder / "test.yaml").write_text(json.dumps(tests))  # which is YAML too
    promtool("test", "rules", str(folder / "test.yaml"))
