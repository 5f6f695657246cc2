"""Idea 1 in label modes: whatever happens on the way, readers see the same answers and the same is learned."""

from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings

from streamrnn.settings.schema import Settings
from streamrnn.transport.script import Token
from tests.label_logs import MODES, label_settings, records
from tests.mishaps import EVERY, MISHAPS, POLLS, calm_run, wild_run

CALM: dict[str, tuple[object, str]] = {}


def chosen(mode: str, folder: str, every: int = 150) -> Settings:
    letters = ["labels.dead_letters=true"] if "labels.mode=delayed" in MODES[mode] else []
    return label_settings(
        *MODES[mode], *letters, f"snapshots.path={Path(folder)}", f"snapshots.every_records={every}",
        "transport.commit_interval=0.001", "labels.max_classes=2" if mode == "delayed, class" else "seed=1",
    )  # fmt: skip


def log(mode: str) -> list[object]:
    made: list[object] = list(records(chosen(mode, "."), 250, seed=9))
    made[60:60] = [b'{"stream": "s1", "time": ', {"stream": "s2", "time": 3, "id": {}, "label": []}]
    return made


@pytest.mark.parametrize(
    "mode",
    [
        "field, class, traits", "field, class", "delayed, class", "delayed, number", "sequences, delayed number",
        "lookahead, number", "lookahead, delayed class",
    ],
)
@settings(max_examples=6, deadline=None)
@given(polls=POLLS, every=EVERY, mishaps=MISHAPS)
def test_polls_crashes_rebalances_and_snapshot_times_change_no_bit(
    mode: str, polls: int, every: int, mishaps: list[tuple[int, Token]]
) -> None:
    by_folder = partial(chosen, mode)
    if mode not in CALM:
        CALM[mode] = calm_run(log(mode), by_folder)
    assert wild_run(log(mode), by_folder, polls, every, mishaps) == CALM[mode]
