"""Idea 1 with tokens: whatever happens on the way, readers see the same answers and the same is learned."""

from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings

from streamrnn.settings.schema import Settings
from streamrnn.transport.script import Token
from tests.mishaps import EVERY, MISHAPS, POLLS, calm_run, wild_run
from tests.token_logs import MODES, records, token_settings

CALM: dict[str, tuple[object, str]] = {}


def chosen(mode: str, folder: str, every: int = 150) -> Settings:
    return token_settings(
        *MODES[mode], f"snapshots.path={Path(folder)}", f"snapshots.every_records={every}",
        "transport.commit_interval=0.001",
    )  # fmt: skip


def log(mode: str) -> list[object]:
    made: list[object] = list(records(chosen(mode, "."), 250, seed=9))
    made[60:60] = [b'{"stream": "s1", "time": ', {"stream": "s2", "time": 3, "text": {}}]
    return made


@pytest.mark.parametrize("mode", ["characters, few numbers", "items, silences", "sets, ends"])
@settings(max_examples=6, deadline=None)
@given(polls=POLLS, every=EVERY, mishaps=MISHAPS)
def test_polls_crashes_rebalances_and_snapshot_times_change_no_bit(
    mode: str, polls: int, every: int, mishaps: list[tuple[int, Token]]
) -> None:
    by_folder = partial(chosen, mode)
    if mode not in CALM:
        CALM[mode] = calm_run(log(mode), by_folder)
    assert wild_run(log(mode), by_folder, polls, every, mishaps) == CALM[mode]
