"""Each alert comes when it should, alone, and its twin stays silent; and what is well wakes nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.monitoring.alerts import alerts
from deploy.monitoring.windows import Windows
from tests.deploy.monitoring.cases import ALSO_FIRING, PAIRS, SILENT, all_of
from tests.deploy.monitoring.promtool import annotations, firing, needs_promtool

ALERTS = {alert.name: alert for alert in alerts(Windows(), "streamrnn")}
EVER = ("1m", "5m", "15m", "30m", "1h", "90m", "2h", "3h")
tools = [pytest.mark.tools, needs_promtool]


def test_every_alert_has_a_pair() -> None:
    assert list(PAIRS) == list(ALERTS)


@pytest.mark.parametrize("name", PAIRS)
class TestEach:
    pytestmark = tools

    def test_comes_and_comes_alone(self, name: str, tmp_path: Path) -> None:
        firing(tmp_path, all_of(PAIRS[name].firing), {PAIRS[name].at: {name}})

    def test_its_twin_is_silent(self, name: str, tmp_path: Path) -> None:
        firing(tmp_path, all_of(PAIRS[name].quiet), {PAIRS[name].at: set()})

    def test_its_texts_are_filled_in(self, name: str, tmp_path: Path) -> None:
        said = annotations(tmp_path, all_of(PAIRS[name].firing), name, PAIRS[name].at)
        assert f"docs/operations.md#{name.lower()}" in said
        assert ALERTS[name].severity in said
        assert "error" not in said
        assert "<no value>" not in said
        assert "{{" not in said


@pytest.mark.parametrize("case", ALSO_FIRING)
class TestFurther:
    pytestmark = tools

    def test_comes_too(self, case: str, tmp_path: Path) -> None:
        name, changes, at = ALSO_FIRING[case]
        firing(tmp_path, all_of(changes), {at: {name}})


@pytest.mark.parametrize("case", SILENT)
class TestNobodyIsWoken:
    pytestmark = tools

    def test_at_any_time(self, case: str, tmp_path: Path) -> None:
        firing(tmp_path, all_of(SILENT[case]), {at: set() for at in EVER})
