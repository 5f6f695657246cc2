"""What the carried state is for: a sign set by a flag far longer ago than any window reaches."""

import numpy as np
import pytest

from benchmarks.long_memory import last_quarter
from streamrnn.events.columns import Events, Partition
from streamrnn.loops.chain import Chain
from streamrnn.network.forecaster import initial_weights
from streamrnn.rows.cells import NAMES
from streamrnn.rows.network import NetworkRows
from tests.engine.test_engines_agree import process
from tests.helpers import settings


@pytest.mark.parametrize("cell", NAMES)
def test_the_carried_state_solves_what_a_window_from_zero_cannot(cell: str) -> None:
    # Without a memory nothing does better than the outcome's mean, whose squared error is 0.58.
    # A linear state cannot let go of a flag when the next one comes: it forgets, and the older ones are its noise.
    assert last_quarter(True, f"model.cell={cell}") < (0.16 if cell == "lru" else 0.08)
    assert last_quarter(False, f"model.cell={cell}") > 0.5


FAR, SPAN, STREAMS = 200, 210, 8


def far_flags(spans: int) -> Events:
    """In each span of events one flag, and 200 events later an outcome of its sign, which falls back to 0 soon after;
    no other outcome is known. A cue says when the outcome comes, and not what it is."""
    steps = spans * SPAN
    flags, cues = np.zeros((2, steps, STREAMS))
    outcomes = np.full((steps, STREAMS), np.nan)
    flags[::SPAN] = outcomes[FAR::SPAN] = np.random.default_rng(3).choice([-1.0, 1.0], (spans, STREAMS))
    cues[FAR - 1 :: SPAN] = 1.0
    outcomes[FAR + 5 :: SPAN] = 0.0
    n = steps * STREAMS
    return Events(
        partition=Partition("far", 0), offsets=np.arange(n), streams=[f"s{i}" for i in range(STREAMS)] * steps,
        times=np.arange(n, dtype=np.float64), timestamps=np.full(n, np.nan),
        features=np.stack([flags.ravel(), cues.ravel(), outcomes.ravel()], 1), ends=np.zeros(n, np.bool_),
    )  # fmt: skip


@pytest.mark.parametrize(("cell", "solves"), [("lru", True), ("gru", False)])
def test_a_flag_200_events_back_is_learned_by_traces_and_not_by_a_window_of_8(cell: str, solves: bool) -> None:
    chosen = settings(
        "events.features=[flag,cue,y]", "events.targets=[y]", "events.withheld=[y]", f"model.cell={cell}", "model.k2=8",
        "experts.ridge=false", "experts.linear=[]", "forecast.horizons=[1]",
    )  # fmt: skip
    log = far_flags(300)
    chain = Chain(chosen, initial_weights(NetworkRows.from_settings(chosen), 3, chosen.model.precision))
    said = process(chain, chosen, log).experts[:, 0, 0, chosen.expert_names.index("network")]
    outcomes = log.features[:, 2]
    late = np.flatnonzero(np.abs(outcomes) == 1.0)[-600:]
    right = float(np.mean(np.sign(said[late - STREAMS]) == outcomes[late]))  # said at the stream's event before
    assert right > 0.95 if solves else right < 0.65
