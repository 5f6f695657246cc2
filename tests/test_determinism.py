"""Idea 1 as a property: state and outputs are a function of the log, whatever happens on the way."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.transport.script import Broker, Token
from tests.test_daemon import daemon_settings, outputs, run_through, script

LOG = script(400, seed=9)
MISHAPS = [Token.CRASH, Token.REBALANCE, Token.LOST, Token.STALL]


def calm() -> tuple[object, str]:
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker([*LOG, Token.EOF], 1)
        digest = run_through(broker, daemon_settings(Path(folder)), polls=1000)
        return outputs(broker), digest


EXPECTED: list[tuple[object, str]] = []


@settings(max_examples=15, deadline=None)
@given(
    polls=st.integers(1, 150),
    every=st.integers(20, 300),
    mishaps=st.lists(
        st.tuples(st.integers(0, len(LOG)), st.sampled_from(MISHAPS)), max_size=5
    ),
)
def test_polls_crashes_rebalances_and_snapshot_times_change_no_bit(
    polls: int, every: int, mishaps: list[tuple[int, Token]]
) -> None:
    if not EXPECTED:
        EXPECTED.append(calm())
    log: list[object] = list(LOG)
    for place, token in sorted(mishaps, key=lambda mishap: -mishap[0]):
        log.insert(place, token)
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker([*log, Token.EOF], 1)  # type: ignore[list-item]
        digest = run_through(broker, daemon_settings(Path(folder), f"snapshots.every_records={every}"), polls)
        assert (outputs(broker), digest) == EXPECTED[0]
