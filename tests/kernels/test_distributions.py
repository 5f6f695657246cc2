"""Log likelihoods by our own functions are those of torch's distributions."""

import math

import numpy as np
import pytest
import torch

from streamrnn.kernels.distributions import LEAST, likelihood, process
from streamrnn.rows import ABSENT
from streamrnn.rows.quantiles import BASELINE_LIKELIHOOD, COUNT, DISTRIBUTION_SUMS, LIKELIHOOD

NAN = math.nan


def wide(value: float) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64)


@pytest.mark.parametrize("outcome", [-3.0, 0.1, 7.0])
@pytest.mark.parametrize("scale", [0.4, 3.0])
def test_a_gaussian(outcome: float, scale: float) -> None:
    expected = torch.distributions.Normal(wide(0.5), wide(scale)).log_prob(wide(outcome))
    assert likelihood(outcome, 0.5, scale, ABSENT, 1.0) == pytest.approx(max(float(expected), LEAST), abs=1e-9)


@pytest.mark.parametrize("outcome", [-3.0, 0.1, 7.0])
@pytest.mark.parametrize("degrees", [2.1, 5.0, 100.0])
def test_students(outcome: float, degrees: float) -> None:
    expected = float(torch.distributions.StudentT(wide(degrees), wide(0.5), wide(0.7)).log_prob(wide(outcome)))
    assert likelihood(outcome, 0.5, 0.7, degrees, 1.0) == pytest.approx(expected, abs=1e-7)


def test_the_unit_does_not_matter() -> None:
    assert likelihood(5.0, 2.0, 3.0, 4.0, 2.0) == pytest.approx(likelihood(500.0, 200.0, 300.0, 4.0, 200.0))


def test_one_outcome_counts_no_less_than_the_least() -> None:
    assert likelihood(1e15, 0.0, 1e-3, ABSENT, 1.0) == LEAST


def run(outcomes: list[float], told: list[tuple[float, float, float]], advance: list[int]) -> np.ndarray:
    n = len(outcomes)
    slab, sums = np.zeros((1, 5)), np.zeros((1, DISTRIBUTION_SUMS))
    process(
        np.zeros(n, np.int64), np.arange(n) == 0, np.array(advance, np.int64), np.array(outcomes)[:, None],
        np.array(outcomes)[:, None], np.ones((n, 1)), np.array(told)[:, None], slab, sums,
    )  # fmt: skip
    return sums[0]


def test_what_was_told_before_is_judged_beside_the_last_value() -> None:
    sums = run([0.0, 1.0], [(1.0, 2.0, NAN), (0.0, 1.0, NAN)], [1, 1])
    assert sums[COUNT] == 1
    assert sums[LIKELIHOOD] == pytest.approx(-math.log(2.0) - 0.5 * math.log(2 * math.pi))
    assert sums[BASELINE_LIKELIHOOD] == pytest.approx(-0.5 - 0.5 * math.log(2 * math.pi))


def test_nothing_told_and_missed_cells_settle_nothing() -> None:
    assert not run([0.0, 1.0], [(NAN, NAN, NAN)] * 2, [1, 1]).any()
    assert not run([0.0, 1.0], [(0.0, 1.0, NAN)] * 2, [1, 3]).any()
    assert run([0.0, 1.0, 2.0], [(0.0, 1.0, NAN)] * 3, [1, 0, 1])[COUNT] == 1
