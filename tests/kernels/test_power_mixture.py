"""The mixture beyond one step follows the better expert, and leaves out who has nothing to say."""

import math

import numpy as np
import numpy.typing as npt
import pytest

from streamrnn.kernels import power_mixture

Floats = npt.NDArray[np.float64]


class Account:
    """One account of three experts, in the middle of a row."""

    def __init__(self) -> None:
        self.quality, self.count, self.weights = np.zeros(5), np.zeros(5), np.zeros(3)

    def settle(self, outcome: float, *forecasts: float, change: float = 1.0) -> None:
        power_mixture.settle(self.quality, self.count, 1, 3, outcome, np.array(forecasts), change)

    def weigh(self, *forecasts: float) -> list[float]:
        power_mixture.weigh(self.quality, self.count, 1, 3, np.array(forecasts), self.weights)
        return list(self.weights)


def test_quality_is_the_mean_squared_error_in_units_of_the_change() -> None:
    account = Account()
    account.settle(10.0, 12.0, 10.0, 110.0, change=2.0)
    account.settle(10.0, 10.0, 14.0, 10.0, change=2.0)
    assert list(account.quality) == [0, 0.5, 2.0, 32.0, 0]
    assert list(account.count) == [0, 2, 2, 2, 0]


def test_weights_fall_with_the_eighth_power_of_the_error() -> None:
    account = Account()
    account.settle(0.0, 1.0, math.sqrt(2), 2.0)
    expected = np.array([1, 2.0**-8, 4.0**-8])
    assert account.weigh(0.0, 0.0, 0.0) == pytest.approx(expected / expected.sum(), rel=1e-4)


def test_the_past_is_forgotten_over_two_thousand_outcomes() -> None:
    account = Account()
    for _ in range(4000):
        account.settle(0.0, 1.0, 0.0, 2.0)
    before = account.quality[1]
    account.settle(0.0, 0.0, 0.0, 0.0)
    assert account.quality[1] == pytest.approx(before * (1 - 1 / 2000))


def test_an_expert_without_a_forecast_is_left_out() -> None:
    account = Account()
    account.settle(0.0, 1.0, math.nan, 1.0)
    assert list(account.count) == [0, 1, 0, 1, 0]
    assert account.weigh(0.0, 0.0, 0.0) == [0.5, 0.0, 0.5]
    assert account.weigh(0.0, 0.0, math.nan) == [1.0, 0.0, 0.0]
    assert account.weigh(math.nan, 0.0, math.nan) == [0.0, 1.0, 0.0]
    assert account.weigh(math.nan, math.nan, math.nan) == [0.0, 0.0, 0.0]


def test_all_count_alike_before_the_first_outcome() -> None:
    account = Account()
    assert account.weigh(1.0, 2.0, math.nan) == [0.5, 0.5, 0.0]


@pytest.mark.parametrize(("outcome", "change"), [(math.nan, 1.0), (1.0, 0.0), (1.0, math.nan)])
def test_nothing_is_learnt_where_nothing_is_known(outcome: float, change: float) -> None:
    account = Account()
    account.settle(outcome, 1.0, 2.0, 3.0, change=change)
    assert not account.quality.any() and not account.count.any()


def test_whatever_comes_it_stays_finite_and_the_weights_sum_to_one() -> None:
    account = Account()
    extremes = [0.0, 1e-305, -1e100, 1e100, 1e305, math.inf, -math.inf, math.nan]
    rng = np.random.default_rng(0)
    for _ in range(500):
        outcome, *forecasts, change = rng.choice(extremes, 5)
        account.settle(outcome, *forecasts, change=abs(change))
        assert np.isfinite(account.quality).all()
    assert sum(account.weigh(1.0, 2.0, 3.0)) == pytest.approx(1.0)
