"""The stated coverage is the measured one, whatever the data: on heavy tails, jumps, and against an adversary."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from streamrnn.loops.intervals import IntervalLoop
from streamrnn.rows.intervals import THRESHOLDS
from tests.loops.interval_batches import batch, cut, run

Floats = npt.NDArray[np.float64]

N = 10_000
LEVELS = (0.8, 0.9, 0.95)
SHARES = np.array([0.025, 0.05, 0.1, 0.9, 0.95, 0.975])
YOUNG = 100  # events after which all thresholds move by equal steps


def storms(rng: np.random.Generator) -> Floats:
    """A walk whose changes are now 1, now 50 times as large, for 300 steps or so."""
    loud = np.cumsum(rng.random(N) < 1 / 300) % 2
    return np.cumsum(np.where(loud, 50.0, 1.0) * rng.normal(size=N))


def stands_still_at_first(rng: np.random.Generator) -> Floats:
    return np.where(np.arange(N) < N // 2, 3.0, np.cumsum(rng.normal(size=N)))


DATA: dict[str, Callable[[np.random.Generator], Floats]] = {
    "noise": lambda rng: rng.normal(size=N),
    "walk": lambda rng: np.cumsum(rng.normal(size=N)),
    "heavy tails": lambda rng: np.cumsum(rng.standard_cauchy(N)),
    "lopsided": lambda rng: np.cumsum(rng.exponential(size=N) ** 2),
    "jumps": lambda rng: rng.normal(size=N) + np.cumsum(np.where(rng.random(N) < 0.01, 100 * rng.normal(size=N), 0)),
    "storms": storms,
    "alternates": lambda rng: np.where(np.arange(N) % 2, 1.0, -1.0),
    "mostly constant": lambda rng: np.where(rng.random(N) < 0.03, rng.normal(size=N), 0.0),
    "constant": lambda rng: np.full(N, 5.0),
    "whole numbers": lambda rng: rng.poisson(2.0, N).astype(np.float64),
    "stands still at first": stands_still_at_first,
}


def covered(columns: dict[str, Floats], outcomes: Floats, place: int) -> npt.NDArray[np.bool_]:
    """Whether each settled interval of a horizon held its outcome, [settled, levels]."""
    low, high = columns["settled_low"][:, place, 0], columns["settled_high"][:, place, 0]
    at = ~np.isnan(low[:, 0])
    held: npt.NDArray[np.bool_] = (outcomes[at, None] >= low[at]) & (outcomes[at, None] <= high[at])
    return held


@pytest.mark.parametrize("make", DATA.values(), ids=DATA.keys())
def test_over_ten_thousand_steps_coverage_is_close_to_the_stated_one(
    make: Callable[[np.random.Generator], Floats],
) -> None:
    outcomes = make(np.random.default_rng(0))
    loop = IntervalLoop(1, (1, 24), 1, 8, LEVELS)
    columns = run(loop, batch(outcomes, (1, 24), hidden=8), N)
    # Thresholds start at 2 to 3 scales: on a constant series alone their way to 0 costs 2 x 3 / (0.05 x 10,000).
    for place, points in ((0, 0.0125), (1, 0.03)):
        assert covered(columns, outcomes, place).mean(0) == pytest.approx(LEVELS, abs=points)
    np.testing.assert_allclose(loop.sums[0, 0, :, 1] / loop.sums[0, 0, :, 0], covered(columns, outcomes, 0).mean(0))


@pytest.mark.parametrize(("place", "eta"), [(0, 0.05), (1, 0.04)])
@pytest.mark.parametrize("make", DATA.values(), ids=DATA.keys())
def test_a_bound_is_off_by_no_more_than_its_threshold_moved(
    make: Callable[[np.random.Generator], Floats], place: int, eta: float
) -> None:
    # Each outcome moves the threshold by eta (share - [outcome below bound]): so over T outcomes the measured share
    # misses the stated one by exactly (movement) / (eta T), and by at most (range of the thresholds) / (eta T).
    outcomes = make(np.random.default_rng(1))[-3000:]
    whole = batch(outcomes, (1, 24), hidden=8)
    loop = IntervalLoop(1, (1, 24), 1, 8, LEVELS)
    run(loop, cut(whole, 0, YOUNG), YOUNG)

    def thresholds() -> Floats:
        track: Floats = loop.slabs["interval_tracks"][0].reshape(2, -1)[place, THRESHOLDS:].astype(np.float64)
        return track

    before = thresholds()
    columns = run(loop, cut(whole, YOUNG, len(outcomes)), N)
    bounds = np.concatenate([columns["settled_low"][:, place, 0, ::-1], columns["settled_high"][:, place, 0]], axis=1)
    after = outcomes[YOUNG:, None]
    below = np.concatenate([after < bounds[:, :3], after <= bounds[:, 3:]], axis=1).mean(0)
    missed = (thresholds() - before) / (eta * (len(outcomes) - YOUNG))
    np.testing.assert_allclose(below, SHARES - missed, atol=1e-5)


def test_an_adversary_who_sees_each_interval_first_gains_nothing_in_the_long_run() -> None:
    loop = IntervalLoop(1, (1,), 1, 0, LEVELS)
    whole = batch(np.zeros(N))
    whole.rms[:] = 1.0
    held = np.zeros((N, len(LEVELS)), np.bool_)
    low, high = np.zeros(len(LEVELS)), np.zeros(len(LEVELS))
    for i in range(N):
        # Just outside the widest interval that leaves room within -1 and 1, and in the middle where none does.
        outcome = next((bound * 1.001 for bound in (*high[::-1], *low[::-1]) if 0 < abs(bound) < 0.99), 0.0)
        record = cut(whole, i, i + 1)
        record.outcomes[0, 0] = outcome
        held[i] = (low <= outcome) & (outcome <= high)
        loop.process(record)
        low, high = record.low[0, 0, 0], record.high[0, 0, 0]
    assert held.mean(0) == pytest.approx(LEVELS, abs=0.02)


@pytest.mark.parametrize("horizon", [1, 24])
def test_young_streams_are_covered_as_stated_too(horizon: int) -> None:
    streams, life = 120, 50 + horizon
    rng = np.random.default_rng(0)
    slots = np.tile(np.arange(streams), life)
    outcomes = np.cumsum(rng.standard_t(4, (life, streams)) * 10.0 ** rng.uniform(-3, 3, streams), 0).ravel()
    horizons = (1,) if horizon == 1 else (1, horizon)
    columns = run(IntervalLoop(streams, horizons, 1, 0, LEVELS), batch(outcomes, horizons, slots), len(slots))
    shares = covered(columns, outcomes, len(horizons) - 1).mean(0)
    assert (shares > np.array(LEVELS) - 0.03).all() and shares[1] < 0.97
