"""A log read through whatever may happen on the way, compared with the same log read in calm."""

import tempfile
from collections.abc import Callable

from hypothesis import strategies as st

from streamrnn.settings.schema import Settings
from streamrnn.transport.script import Broker, Token
from tests.test_daemon import outputs, run_through

Chosen = Callable[[str, int], Settings]
"""Settings by the folder of the snapshots, and the events between these."""

POLLS, EVERY = st.integers(1, 150), st.integers(20, 300)
MISHAPS = st.lists(
    st.tuples(st.integers(0, 250), st.sampled_from([Token.CRASH, Token.REBALANCE, Token.LOST, Token.STALL])), max_size=5
)


def calm_run(log: list[object], chosen: Chosen) -> tuple[object, str]:
    """What readers see, and the digest of what was learned."""
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker([*log, Token.EOF], 1)  # type: ignore[list-item]
        digest = run_through(broker, chosen(folder, 150), polls=1000)
        return outputs(broker), digest


def wild_run(
    log: list[object], chosen: Chosen, polls: int, every: int, mishaps: list[tuple[int, Token]]
) -> tuple[object, str]:
    """The same with mishaps at these places of the log."""
    wild = list(log)
    for place, token in sorted(mishaps, key=lambda mishap: -mishap[0]):
        wild.insert(place, token)
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker([*wild, Token.EOF], 1)  # type: ignore[list-item]
        digest = run_through(broker, chosen(folder, every), polls)
        return outputs(broker), digest
