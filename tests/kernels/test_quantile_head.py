"""The compiled quantile head: quantiles never cross, and its gradient is that of the definition."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.kernels import quantile_head
from streamrnn.network.heads import QuantileHead
from streamrnn.rows.network import LOSS, SUMS

HIDDEN = 6
SHARES = [(0.5,), (0.1, 0.5), (0.5, 0.75, 0.9), (0.05, 0.25, 0.5, 0.75, 0.95), (0.01, 0.02, 0.03, 0.5)]
ANY = st.floats(-(2.0**127), 2.0**127, allow_nan=False, width=32)


@settings(deadline=None)  # the first call compiles
@given(st.lists(ANY, min_size=5, max_size=5), ANY, st.floats(1e-300, 1e15))
def test_no_outputs_make_quantiles_cross(outputs: list[float], base: float, rms: float) -> None:
    levels, told = np.array(SHARES[3]), np.empty(5)
    d = np.array(outputs, np.float32)
    v, h = np.zeros((5, HIDDEN), np.float32), np.zeros(HIDDEN, np.float32)
    forecast = quantile_head.say(h, v, d, 0, levels, base, rms, np.empty(5), np.empty(5), told)
    assert not np.isnan(told).any()
    assert (told[1:] >= told[:-1]).all()
    assert forecast == told[2]


@pytest.mark.parametrize("shares", SHARES)
@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_is_autograds(shares: tuple[float, ...], seed: int) -> None:
    rng = np.random.default_rng(seed)
    count, targets, k, share = len(shares), 2, 1, 0.25
    h, v, d = rng.normal(size=HIDDEN), rng.normal(size=(targets * count, HIDDEN)), rng.normal(size=targets * count)
    goal = float(rng.normal())
    dh, gv, gd = np.zeros_like(h), np.zeros_like(v), np.zeros_like(d)
    sums = np.zeros(SUMS)
    quantile_head.add_slopes(
        h, v, d, k, goal, share, 1.0, np.array(shares), np.empty(count), np.empty(count), np.empty(count), sums, dh,
        gv, gd,
    )  # fmt: skip

    state, weights, biases = (torch.from_numpy(each).requires_grad_() for each in (h, v, d))
    outputs = (weights @ state + biases).reshape(targets, count)[k : k + 1]
    loss = QuantileHead(shares).loss(outputs, torch.tensor([goal], dtype=torch.float64)).sum()
    (share * loss).backward()
    assert sums[LOSS] == pytest.approx(float(loss.detach()))
    for ours, theirs in ((dh, state.grad), (gv, weights.grad), (gd, biases.grad)):
        np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-9)


def test_a_goal_that_the_median_hits_does_not_move_it() -> None:
    gd = np.zeros(1)
    quantile_head.add_slopes(
        np.zeros(HIDDEN), np.zeros((1, HIDDEN)), np.zeros(1), 0, 0.0, 1.0, 1.0, np.array([0.5]), np.empty(1),
        np.empty(1), np.empty(1), np.zeros(SUMS), np.zeros(HIDDEN), np.zeros((1, HIDDEN)), gd,
    )  # fmt: skip
    assert gd[0] == 0.0


def test_without_a_scale_there_are_no_quantiles() -> None:
    told, h, v, d = np.empty(1), np.zeros(HIDDEN), np.zeros((1, HIDDEN)), np.ones(1)
    forecast = quantile_head.say(h, v, d, 0, np.array([0.5]), 7.0, 0.0, np.empty(1), np.empty(1), told)
    assert forecast == 7.0
    assert np.isnan(told).all()
