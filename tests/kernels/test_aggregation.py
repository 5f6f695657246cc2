"""The mixture is never much worse than its best expert, whoever sleeps and whatever the adversary plays."""

import math
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pytest

from streamrnn.kernels import aggregation

Round = tuple[npt.ArrayLike, float | Callable[[float], float]]
ROUNDS = 3000


class Mixture:
    """One mixture of E experts on the absolute error, in units of 1."""

    def __init__(self, experts: int) -> None:
        self.experts = experts
        self.account = np.zeros(aggregation.FIELDS * experts)
        self.weights = np.zeros(experts)
        self.regret, self.squares, self.largest = np.zeros(experts), np.zeros(experts), 0.0

    def play(self, forecasts: npt.ArrayLike, outcome: float | Callable[[float], float]) -> float:
        """Mix, see the outcome (an adversary's answer to the mixture), learn; the mixture."""
        told = np.asarray(forecasts, np.float64)
        aggregation.weigh(self.account, 0, self.experts, told, self.weights)
        mixed = aggregation.combine(self.experts, told, self.weights)
        value = outcome(mixed) if callable(outcome) else outcome
        self.learn(told, mixed, aggregation.absolute_slope(mixed - value))
        return mixed

    def learn(self, forecasts: npt.NDArray[np.float64], mixed: float, slope: float) -> None:
        """Take in a round by the slope of its loss at the mixture."""
        regrets = np.array([aggregation.regret(slope, mixed, forecast, 1.0) for forecast in forecasts])
        aggregation.update(self.account, 0, self.experts, regrets)
        known = np.nan_to_num(regrets)
        self.regret += known
        self.squares += known**2
        self.largest = max(self.largest, float(np.abs(known).max()))


def games() -> dict[str, list[Round]]:
    """Sequences that are hard in one way each."""
    rng = np.random.default_rng(0)
    return {
        "noise": [(rng.normal(size=3), rng.normal()) for _ in range(ROUNDS)],
        "right in turns": [([t % 2, 1 - t % 2], 1.0) for t in range(ROUNDS)],
        "the best one changes": [([0, 1, 2], 0.0 if t < ROUNDS / 2 else 2.0) for t in range(ROUNDS)],
        "against the mixture": [([0, 1, 0.2], lambda mixed: float(mixed < 0.5)) for _ in range(ROUNDS)],
        "heavy tails": [(rng.standard_cauchy(4), rng.normal()) for _ in range(ROUNDS)],
        "ever larger": [(1.002**t * rng.normal(size=2), 0.0) for t in range(ROUNDS)],
        "next to nothing": [([0, 0.01], 0.01 * (rng.random() < 0.8)) for _ in range(ROUNDS)],
        "equal at first": [
            ([1e-9 * rng.normal(), 0, 1e-11] if t < 50 else [rng.normal(), 0, 0.3], 0.0) for t in range(ROUNDS)
        ],
        "one wakes late": [([0, 0.1, 5 if t > 1000 else math.nan], 0.0) for t in range(ROUNDS)],
        "sixteen": [(rng.normal(size=16), rng.normal()) for _ in range(ROUNDS)],
    }


@pytest.mark.parametrize("name", games())
def test_the_regret_against_every_expert_is_bounded(name: str) -> None:
    rounds = games()[name]
    mixture = Mixture(np.size(rounds[0][0]))
    for forecasts, outcome in rounds:
        mixture.play(forecasts, outcome)
    price = math.log(mixture.experts)
    bound = 2 * np.sqrt(mixture.squares * price) + 4 * max(1.0, mixture.largest) * price
    assert (mixture.regret <= bound).all()


def test_an_expert_that_was_a_hair_better_at_first_does_not_keep_the_weight() -> None:
    mixture = Mixture(2)
    for _ in range(50):
        mixture.play([1e-9, 0.0], 1e-9)
    for _ in range(50):
        mixture.play([1.5, 0.0], 0.0)
    assert mixture.weights[0] < 0.01


def some_rounds() -> Iterator[npt.NDArray[np.float64]]:
    rng = np.random.default_rng(1)
    for _ in range(300):
        forecasts = rng.normal(size=5)
        forecasts[rng.random(5) < 0.3] = np.nan
        yield forecasts


def test_weights_sum_to_one_and_sleepers_have_none() -> None:
    mixture = Mixture(5)
    for forecasts in some_rounds():
        mixed = mixture.play(forecasts, 0.3)
        sleeps = np.isnan(forecasts)
        assert (mixture.weights[sleeps] == 0).all() and (mixture.weights >= 0).all()
        if sleeps.all():
            assert np.isnan(mixed)
        else:
            assert mixture.weights.sum() == pytest.approx(1, abs=1e-12)
            assert np.nanmin(forecasts) - 1e-12 <= mixed <= np.nanmax(forecasts) + 1e-12


def test_a_sleepers_account_stands_still() -> None:
    mixture = Mixture(3)
    mixture.play([0.0, 1.0, 2.0], 0.2)
    before = mixture.account.reshape(3, 3)[:, 1].copy()
    mixture.play([0.0, np.nan, 2.0], 0.2)
    np.testing.assert_array_equal(mixture.account.reshape(3, 3)[:, 1], before)


def test_weights_begin_equal_and_are_those_of_the_paper() -> None:
    mixture = Mixture(3)
    mixture.play([0.0, 1.0, 2.0], 0.2)
    np.testing.assert_allclose(mixture.weights, 1 / 3)
    rng = np.random.default_rng(2)
    for _ in range(100):
        mixture.play(rng.normal(size=3), 0.1)
    regrets, squares, largest = mixture.account.reshape(3, 3)
    eta = np.minimum(0.5 / np.maximum(largest, 1), np.sqrt(math.log(3) / squares))
    expected = eta * np.exp(eta * regrets)
    aggregation.weigh(mixture.account, 0, 3, np.zeros(3), mixture.weights)
    np.testing.assert_allclose(mixture.weights, expected / expected.sum(), rtol=1e-12)


def test_experts_that_agree_give_their_very_value() -> None:
    mixture = Mixture(3)
    for forecasts in ([0.1, 0.4, 0.3], [0.7, 0.7, 0.7]):
        mixed = mixture.play(forecasts, 0.3)
    assert mixed == 0.7


def test_any_convex_losss_slope_will_do() -> None:
    # The quantile loss of level .9 on outcomes uniform in 0 to 1: of the constants told, .9 is the one to find.
    rng = np.random.default_rng(3)
    mixture = Mixture(4)
    told = np.array([0.1, 0.5, 0.9, 1.5])
    for outcome in rng.random(ROUNDS):
        aggregation.weigh(mixture.account, 0, 4, told, mixture.weights)
        mixed = aggregation.combine(4, told, mixture.weights)
        mixture.learn(told, mixed, float(outcome <= mixed) - 0.9)
    assert mixed == pytest.approx(0.9, abs=0.05)


@pytest.mark.parametrize("size", [1e-305, 1e-12, 1e8, 1e100])
def test_extreme_forecasts_leave_finite_accounts_and_weights(size: float) -> None:
    mixture = Mixture(3)
    for t in range(200):
        forecasts = [size, -size if t % 3 else np.nan, 0.0]
        assert np.isfinite(mixture.play(forecasts, size if t % 2 else -size))
    assert np.isfinite(mixture.account).all()
    assert mixture.weights.sum() == pytest.approx(1)


def test_infinite_regrets_and_units_of_zero_do_no_harm() -> None:
    assert np.isnan(aggregation.regret(1.0, 2.0, 1.0, 0.0))
    account, weights = np.zeros(6), np.zeros(2)
    for _ in range(1000):
        aggregation.update(account, 0, 2, np.array([np.inf, -np.inf]))
    aggregation.weigh(account, 0, 2, np.zeros(2), weights)
    assert np.isfinite(account).all() and weights.sum() == pytest.approx(1)


def test_one_expert_has_all_the_weight() -> None:
    mixture = Mixture(1)
    assert [mixture.play([x], 0.0) for x in (1.0, 3.0)] == [1.0, 3.0]


def test_logarithms_are_exact() -> None:
    for experts in range(2, aggregation.LARGEST + 1):
        assert aggregation.LOG[experts] == pytest.approx(math.log(experts), rel=1e-15)
