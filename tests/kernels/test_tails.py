"""The tail probability of a forecast error comes true as often as it says."""

import numpy as np
import pytest

from streamrnn.kernels.tails import BINS, YOUNG, observe


def tails(errors: np.ndarray) -> np.ndarray:
    """The tail probability of each absolute error."""
    above, mean = np.zeros(BINS, np.float32), 0.0
    found = []
    for seen, error in enumerate(errors):
        probability, mean = observe(above, mean, seen, error)
        found.append(probability)
    assert np.isfinite(above).all() and np.isfinite(mean)
    return np.array(found)


@pytest.mark.parametrize("shape", ["normal", "laplace", "standard_cauchy"])
def test_it_is_calibrated_whatever_the_errors_distribution(shape: str) -> None:
    rng = np.random.default_rng(0)
    found = tails(np.abs(getattr(rng, shape)(size=40_000)))[1000:]
    assert (found < 0.01).mean() == pytest.approx(0.01, rel=0.3)
    assert (found < 0.1).mean() == pytest.approx(0.1, rel=0.1)


def test_errors_that_grow_and_shrink_together_stay_calibrated() -> None:
    rng = np.random.default_rng(0)
    wave = 10.0 ** np.sin(np.arange(40_000) / 2000)
    found = tails(np.abs(wave * rng.normal(size=40_000)))[1000:]
    assert (found < 0.01).mean() == pytest.approx(0.01, rel=0.3)


def test_it_speaks_after_twenty_errors() -> None:
    found = tails(np.ones(30))
    assert np.isnan(found[:YOUNG]).all()
    assert np.isfinite(found[YOUNG:]).all()


def test_the_first_error_after_none_is_as_rare_as_the_life_is_long() -> None:
    found = tails(np.append(np.zeros(100), 5.0))
    assert (found[YOUNG:100] == 1.0).all()
    assert found[100] == pytest.approx(1 / 101)


def test_larger_errors_have_smaller_tails() -> None:
    rng = np.random.default_rng(0)
    errors = np.abs(rng.normal(size=5000))
    last = [tails(np.append(errors, size))[-1] for size in (0.0, 0.3, 1.0, 2.0, 3.0, 10.0, 1e300)]
    assert last == sorted(last, reverse=True)
    assert last[0] == 1.0 and last[-1] >= 1 / 5001
