"""The mixture of quantiles, judged by pinball loss."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.kernels.quantiles import pinball, pinball_slope, process, sort
from streamrnn.rows.quantiles import BASELINE_LOSS, BELOW, COUNT, EXPERTS, LOSS, SUMS, WEIGHT, QuantileRows

SHARES = (0.1, 0.5, 0.9)
NAN = np.nan


@pytest.mark.parametrize(("outcome", "loss", "slope"), [(3.0, 0.9, -0.9), (1.0, 0.1, 0.1), (2.0, 0.0, -0.4)])
def test_the_pinball_loss_weighs_the_two_sides(outcome: float, loss: float, slope: float) -> None:
    assert pinball(2.0 - outcome, 0.9) == pytest.approx(loss)
    assert pinball_slope(2.0 - outcome, 0.9) == pytest.approx(slope)


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.floats(allow_nan=False), max_size=20))
def test_numbers_are_sorted(numbers: list[float]) -> None:
    values = np.array(numbers, np.float64)
    sort(values)
    assert values.tolist() == sorted(numbers)


def run(
    outcomes: list[float],
    opinions: np.ndarray,
    advance: list[int] | None = None,
    cut: int = 10**9,
) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles [n, Q] of one stream and target, and the sums [Q, E + 1, 4], in batches of ``cut`` records."""
    n, sizes = len(outcomes), QuantileRows(1, SHARES)
    slab, sums = np.zeros((1, sizes.width)), np.zeros((1, len(SHARES), len(EXPERTS) + 1, SUMS))
    moved = np.array(advance or [1] * n, np.int64)
    found = np.empty((n, 1, len(SHARES)))
    for start in range(0, n, cut):
        at = slice(start, start + cut)
        fresh = np.arange(n)[at] == 0
        process(
            np.zeros(len(fresh), np.int64), fresh, moved[at], np.array(outcomes)[at, None], np.ones((len(fresh), 1)),
            opinions[at, None], np.array(SHARES), sizes.opinions, slab, sums, found[at],
        )  # fmt: skip
    return found[:, 0], sums[0]


def steady(n: int, *rows: tuple[float, float, float]) -> np.ndarray:
    """Experts that say the same all the time: [n, E, Q]."""
    return np.broadcast_to(np.array(rows), (n, len(EXPERTS), len(SHARES))).copy()


TRUE = (-1.2816, 0.0, 1.2816)  # of the standard normal distribution


def test_the_mixture_comes_to_the_expert_whose_quantiles_are_right() -> None:
    outcomes = np.random.default_rng(0).normal(size=3000).tolist()
    found, sums = run(outcomes, steady(3000, TRUE, (-0.3, 0.0, 0.3), (-4.0, 1.0, 4.0)))
    np.testing.assert_allclose(found[-1], TRUE, atol=0.15)
    losses = sums[..., LOSS].sum(0)
    assert losses[3] < 1.02 * losses[0] < 1.02 * min(losses[1:3])


def test_sums_are_of_what_was_published_before_the_outcome() -> None:
    outcomes = np.random.default_rng(1).normal(size=400)
    found, sums = run(outcomes.tolist(), steady(400, TRUE, (-0.5, 0.1, 0.5), (-3.0, -0.4, 3.0)))
    for place, share in enumerate(SHARES):
        errors = found[:-1, place] - outcomes[1:]
        count, loss, below, naive = sums[place, 3]
        assert count == 399
        assert loss == pytest.approx(sum(pinball(error, share) for error in errors))
        assert below == (errors > 0).sum()
        assert naive == pytest.approx(sums[place, 2, LOSS])
        assert sums[place, :3, WEIGHT].sum() == pytest.approx(399)


def test_an_expert_without_an_opinion_sleeps() -> None:
    opinions = steady(50, TRUE, (NAN, NAN, NAN), (-4.0, 1.0, 4.0))
    found, sums = run([0.0] * 50, opinions)
    assert not np.isnan(found).any()
    assert sums[:, 1].any() == False  # noqa: E712
    nobody, sums = run([0.0] * 5, np.full((5, len(EXPERTS), len(SHARES)), NAN))
    assert np.isnan(nobody).all()
    assert not sums.any()


def test_an_outcome_that_equals_a_quantile_counts_half() -> None:
    _, sums = run([0.0] * 11, steady(11, *[(-1.0, 0.0, 1.0)] * 3))
    assert sums[:, 3, BELOW].tolist() == [0.0, 5.0, 10.0]
    assert sums[:, 3, BASELINE_LOSS].tolist() == sums[:, 3, LOSS].tolist()


def test_a_missed_cell_settles_nothing_and_a_further_record_of_one_keeps_the_first_opinion() -> None:
    opinions = steady(3, TRUE, TRUE, TRUE)
    opinions[1] += 100.0
    _, missed = run([0.0, 0.0, 0.0], opinions, [1, 2, 2])
    assert not missed.any()
    _, kept = run([0.0, NAN, 0.0], opinions, [1, 0, 1])
    assert kept[1, 3, COUNT] == 1
    assert kept[1, 3, LOSS] == 0.0


@settings(deadline=None)  # the first call compiles
@given(
    st.lists(st.lists(st.floats(allow_infinity=True, allow_nan=True), min_size=9, max_size=9), min_size=2, max_size=12),
    st.lists(st.floats(-1e100, 1e100), min_size=12, max_size=12),
    st.integers(1, 5),
)
def test_published_quantiles_rise_whatever_experts_say_and_cuts_change_no_bit(
    said: list[list[float]], outcomes: list[float], cut: int
) -> None:
    opinions = np.array(said).reshape(len(said), len(EXPERTS), len(SHARES))
    whole, sums = run(outcomes[: len(said)], opinions)
    pieces, same = run(outcomes[: len(said)], opinions, cut=cut)
    assert whole.tobytes() == pieces.tobytes() and sums.tobytes() == same.tobytes()
    assert np.isfinite(sums).all()
    for row in whole:
        known = row[~np.isnan(row)]
        assert np.isfinite(known).all()
        assert (np.diff(known) >= 0).all()
