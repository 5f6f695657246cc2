"""A rolling restart under load loses nothing, doubles nothing, and moves no partition of a static member."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.judging import told
from tests.chaos.rolling import Rolling


@pytest.mark.timeout(240)
def test_a_rolling_restart_of_static_members_costs_nothing_and_moves_nothing(bootstrap: str, tmp_path: Path) -> None:
    small = ["model.hidden_size=8", "streams.max_live=200", "scoring.window=200", "kafka.session_timeout=120"]
    rolled = Rolling(bootstrap, tmp_path, True, 4, 200, 100, *small).run(rounds=1, between=2.0)
    assert rolled.good, "\n".join([*told(rolled.verdicts), *rolled.hanging, *rolled.failed])
    assert [each.revoked for each in rolled.restarts] == [0, 0]
    assert [len(each.partitions) for each in rolled.restarts] == [2, 2]
