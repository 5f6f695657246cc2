"""The kernel's distance is the recipe's, in float32 and for series that lie anywhere."""

import numpy as np
import pytest

from benchmarks.plain_anomaly import Detector
from streamrnn.kernels import novelty
from streamrnn.rows.anomaly import NOVELTY_FIELDS


def test_the_least_of_numbers_is_found_by_their_bits() -> None:
    rng = np.random.default_rng(0)
    for n in (1, 2, 7, 8, 260):
        numbers = (10.0 ** rng.uniform(-30, 30, n)).astype(np.float32)
        numbers[rng.random(n) < 0.1] = 0.0
        assert novelty.smallest(numbers.copy()) == numbers.min()


@pytest.mark.parametrize("blocks", [40, 59, 60, 61, 69, 70, 200])
def test_distance_is_that_of_the_plain_definition(blocks: int) -> None:
    memory = 50
    rng = np.random.default_rng(blocks)
    written = rng.normal(size=(blocks, novelty.PARTS)).astype(np.float32)
    plain = Detector(3, memory)
    plain.blocks = written.tolist()
    length = memory + novelty.WINDOW
    ring = np.zeros((novelty.PARTS, length + novelty.WINDOW - 1), np.float32)
    for i, block in enumerate(written):
        ring[:, i % length] = block
    ring[:, length:] = ring[:, : novelty.WINDOW - 1]
    deviation, rms = 1.5, 0.4
    found = novelty.distance(ring, blocks, deviation**-2, (0.2 / rms) ** 2, np.empty(length, np.float32))
    assert found == pytest.approx(plain.distance(deviation, rms), rel=1e-5)


def test_weights_are_what_they_stand_for() -> None:
    assert pytest.approx(4 * sum(novelty.DECAY**q for q in range(novelty.WINDOW)), rel=1e-15) == novelty.WEIGHTS


@pytest.mark.parametrize(("mean", "deviation"), [(1e6, 1.0), (0.0, 1e-5), (-3.0, 1e7), (100.0, 50.0)])
def test_a_new_anchor_and_unit_leave_the_series_where_it_was(mean: float, deviation: float) -> None:
    rng = np.random.default_rng(0)
    ring = rng.normal(size=(novelty.PARTS, 69)).astype(np.float32)
    account = np.zeros(NOVELTY_FIELDS)
    account[novelty.ANCHOR], account[novelty.UNIT] = 4.0, 2.0
    offsets = np.array([1.0, 1.0, 1.0, 0.0])[:, None]  # errors are not measured from the anchor
    before = ring * 2.0 + 4.0 * offsets
    novelty.set_scale(account, 0, 5, mean, deviation, ring)
    anchor, unit = account[novelty.ANCHOR], account[novelty.UNIT]
    assert abs(mean - anchor) <= novelty.FAR_OFF * deviation
    assert deviation / novelty.FAR_APART <= unit <= deviation * novelty.FAR_APART
    after = ring.astype(np.float64) * unit + anchor * offsets
    np.testing.assert_allclose(after, before, rtol=1e-6, atol=1e-6 * max(unit, abs(mean)))
