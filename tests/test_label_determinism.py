"""Idea 1 in label modes: whatever happens on the way, readers see the same answers and the same is learned."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.settings.schema import Settings
from streamrnn.transport.script import Broker, Token
from tests.label_logs import MODES, label_settings, records
from tests.test_daemon import outputs, run_through

MISHAPS = [Token.CRASH, Token.REBALANCE, Token.LOST, Token.STALL]
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
@given(
    polls=st.integers(1, 150),
    every=st.integers(20, 300),
    mishaps=st.lists(st.tuples(st.integers(0, 250), st.sampled_from(MISHAPS)), max_size=5),
)
def test_polls_crashes_rebalances_and_snapshot_times_change_no_bit(
    mode: str, polls: int, every: int, mishaps: list[tuple[int, Token]]
) -> None:
    if mode not in CALM:
        with tempfile.TemporaryDirectory() as folder:
            broker = Broker([*log(mode), Token.EOF], 1)  # type: ignore[list-item]
            digest = run_through(broker, chosen(mode, folder), polls=1000)
            CALM[mode] = outputs(broker), digest
    wild = log(mode)
    for place, token in sorted(mishaps, key=lambda mishap: -mishap[0]):
        wild.insert(place, token)
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker([*wild, Token.EOF], 1)  # type: ignore[list-item]
        digest = run_through(broker, chosen(mode, folder, every), polls)
        assert (outputs(broker), digest) == CALM[mode]
