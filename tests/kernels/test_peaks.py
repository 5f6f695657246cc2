"""The capped stack of peaks tells how long ago a series was as high, exactly or a little too long."""

import numpy as np
import pytest

from streamrnn.kernels.peaks import PEAKS, push


def gaps(series: np.ndarray) -> tuple[list[int], int]:
    """What the stack answers for each value, and its largest size."""
    heights, times, size, largest = np.zeros(PEAKS, np.float32), np.zeros(PEAKS, np.int64), 0, 0
    found = []
    for now, height in enumerate(series, 1):
        gap, size = push(heights, times, size, height, now)
        found.append(int(gap))
        largest = max(largest, size)
    return found, largest


def exact(series: np.ndarray) -> list[int]:
    """By search: steps since a value at least as high, or the number of values so far."""
    found = []
    for now, height in enumerate(series):
        as_high = np.flatnonzero(series[:now] >= height)
        found.append(now - int(as_high[-1]) if len(as_high) else now + 1)
    return found


def test_it_is_exact_on_series_without_trend() -> None:
    for seed in range(5):
        noise = np.random.default_rng(seed).normal(size=3000).astype(np.float32)
        found, largest = gaps(noise)
        assert found == exact(noise)
        assert largest < PEAKS


def test_equal_heights_count_as_large_and_take_one_place() -> None:
    found, largest = gaps(np.array([2, 1, 1, 1, 2, 0, 1], np.float32))
    assert found == [1, 1, 1, 1, 4, 1, 2]
    assert largest == 2


@pytest.mark.parametrize("noise", [0.0, 0.5, 5.0])
def test_a_full_stack_errs_upwards_and_within_its_bound(noise: float) -> None:
    rng = np.random.default_rng(0)
    falling = -np.arange(2000.0)
    falling[rng.random(2000) < 0.05] += 2000 * rng.random()
    series = (falling + noise * rng.normal(size=2000)).astype(np.float32)
    series[1500:] = rng.permutation(series[:500])
    ratio = np.array(gaps(series)[0]) / np.array(exact(series))
    assert ratio.min() == 1.0
    assert 1.0 < ratio.max() <= 2000 ** (1 / (PEAKS - 1))


def test_the_highest_peak_is_never_forgotten() -> None:
    series = np.append(1000.0 - np.arange(1000.0), 1000.0).astype(np.float32)
    assert gaps(series)[0][-1] == 1000
