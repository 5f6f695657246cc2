"""Draws are of the distribution that is told, with the same bits everywhere."""

from math import log, nan, pi, sqrt

import numpy as np
import pytest

from streamrnn.drawing import Law, NextNumber, Points, Uniforms
from streamrnn.portable import cosine_of_turn, exp
from streamrnn.portable import log as portable_log
from streamrnn.rows.intervals import laplace_quantiles

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


def points(*values: float, shares: tuple[float, ...] = SHARES) -> Points:
    return Points(tuple(laplace_quantiles(shares).tolist()), values)


def drawn(law: Points | Law, n: int = 20_000) -> np.ndarray:
    uniforms = Uniforms(0)
    return np.array([law.value(*uniforms.pair()) for _ in range(n)])


def test_uniform_numbers_are_the_generators_own_integers() -> None:
    uniforms = Uniforms(3)
    assert [*uniforms.pair(), *uniforms.pair()] == [
        (raw // 4096 + 0.5) / 2**52 for raw in np.random.PCG64(3).random_raw(4).tolist()
    ]
    found = np.array([uniforms.pair() for _ in range(5000)])
    assert 0.0 < found.min() < 0.001 and 0.999 < found.max() < 1.0
    assert found.mean() == pytest.approx(0.5, abs=0.01)


def test_the_same_seed_gives_these_bits_on_every_machine() -> None:
    told = NextNumber("value", 20.0, (), points(17.0, 19.0, 20.0, 20.5, 23.0))
    uniforms = Uniforms(0)
    values = [told.draw(uniforms.pair(), 1.0).hex() for _ in range(2)]
    values += [Law(1.0, 2.0, nan).value(*uniforms.pair()).hex(), Law(1.0, 2.0, 3.5).value(*uniforms.pair()).hex()]
    assert values == ["0x1.43b1c77e7e3c9p+4", "0x1.0bd97f522f357p+4", "0x1.0c7a6ccce6f0ap+1", "0x1.727e452abbd61p-1"]


def test_points_are_met_and_shares_between_and_beyond_them_are_as_laplaces() -> None:
    law = points(-3.0, -1.0, 0.0, 2.0, 8.0)
    assert [law.value(share) for share in SHARES] == pytest.approx([-3.0, -1.0, 0.0, 2.0, 8.0])
    assert law.value(0.005) == pytest.approx(-3.0 * log(0.01) / log(0.1))
    assert law.value(0.85) == pytest.approx(2.0 + 6.0 * (log(0.5) - log(0.3)) / (log(0.5) - log(0.1)))
    found = drawn(law)
    for share, value in zip(SHARES, law.values, strict=True):
        assert (found < value).mean() == pytest.approx(share, abs=0.01)


def test_points_that_coincide_and_a_middle_alone_are_no_trouble() -> None:
    flat = points(5.0, 5.0, 5.0, 5.0, 6.0)
    assert [flat.value(share) for share in (0.01, 0.3, 0.6)] == [5.0, 5.0, 5.0]
    assert drawn(points(7.0, shares=(0.5,)), 5).tolist() == [7.0] * 5
    one_sided = points(1.0, 2.0, shares=(0.5, 0.9))
    assert one_sided.value(0.2) == 1.0 and one_sided.value(0.9) == pytest.approx(2.0)


def test_a_gaussian_and_students_distribution_have_their_shares() -> None:
    gaussian = drawn(Law(3.0, 2.0, nan))
    assert (gaussian.mean(), gaussian.std()) == pytest.approx((3.0, 2.0), abs=0.05)
    assert (np.abs(gaussian - 3.0) < 2.0 * 1.6448536).mean() == pytest.approx(0.9, abs=0.01)
    student = drawn(Law(3.0, 2.0, 3.0))
    assert (np.abs(student - 3.0) < 2.0 * 2.3533634).mean() == pytest.approx(0.9, abs=0.01)
    assert (np.abs(student - 3.0) < 2.0 * 5.8409093).mean() == pytest.approx(0.99, abs=0.003)


def test_temperature_scales_the_distance_from_the_forecast() -> None:
    told = NextNumber("value", 1.0, (), Law(3.0, 2.0, nan))
    pair = Uniforms(0).pair()
    plain = told.draw(pair, 1.0)
    assert told.draw(pair, 0.0) == 1.0
    assert told.draw(pair, 0.5) == pytest.approx(1.0 + 0.5 * (plain - 1.0))
    assert NextNumber("value", 1.0, (), None).draw(pair, 1.0) == 1.0


def test_portable_functions_are_the_functions() -> None:
    for x in (1e-12, 0.3, 1.0, 7.5, 700.0):
        assert portable_log(x) == pytest.approx(log(x), rel=1e-14, abs=1e-15)
        assert exp(-x) == pytest.approx(np.exp(-x), rel=1e-14)
        assert cosine_of_turn(x) == pytest.approx(np.cos(2 * pi * x), abs=1e-9)
    assert exp(0.5) == pytest.approx(sqrt(np.e))
