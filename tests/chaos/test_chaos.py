"""Whatever befalls the group, each record is answered once, in order, and the models are those of the log."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.plans import BRIEF, QUICK
from tests.chaos.suite import Report, Suite
from tests.kafka.broker import NoBroker


def run(folder: Path, plan: dict[str, int]) -> Report:
    try:
        return Suite(folder, 0, "directory").run(plan)
    except NoBroker as reason:
        pytest.skip(f"needs Apache Kafka itself, which it freezes and kills: {reason}")


@pytest.mark.timeout(240)
def test_a_kill_a_zombie_an_outage_and_lost_responses_cost_nothing(tmp_path: Path) -> None:
    report = run(tmp_path, QUICK)
    assert report.good, str(report)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_each_kind_of_act_costs_nothing(tmp_path: Path) -> None:
    report = run(tmp_path, BRIEF)
    assert report.good, str(report)
