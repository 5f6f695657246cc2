"""Many small systems are solved at once, and what cannot be solved stays harmless."""

import numpy as np
import numpy.typing as npt
import pytest

from streamrnn.kernels.cholesky import solve
from streamrnn.rows.ridge import LANES

Floats = npt.NDArray[np.float64]


def solved(matrices: list[Floats], sides: list[Floats]) -> Floats:
    size = len(sides[0])
    packed = size * (size + 1) // 2 + size
    blocks = -(-len(matrices) // LANES)
    systems = np.zeros((blocks, packed, LANES))
    for number, (matrix, side) in enumerate(zip(matrices, sides, strict=True)):
        rows = [np.append(matrix[i, i:], side[i]) for i in range(size)]
        systems[number // LANES, :, number % LANES] = np.concatenate(rows)
    solutions = np.full((blocks * LANES, size), 7.0)
    solve(systems.ravel(), blocks, size, np.empty((size, LANES)), solutions)
    return solutions


@pytest.mark.parametrize("size", [1, 2, 6, 9])
def test_it_agrees_with_a_library(size: int) -> None:
    rng = np.random.default_rng(size)
    factors = [rng.normal(size=(size + 3, size)) for _ in range(6)]
    matrices = [factor.T @ factor + 0.1 * np.eye(size) for factor in factors]
    sides = [rng.normal(size=size) for _ in matrices]
    expected = [np.linalg.solve(matrix, side) for matrix, side in zip(matrices, sides, strict=True)]
    np.testing.assert_allclose(solved(matrices, sides)[:6], expected, rtol=1e-9)


@pytest.mark.parametrize("bad", [np.ones((2, 2)), -np.eye(2), np.full((2, 2), np.nan), np.full((2, 2), np.inf)])
def test_a_system_that_cannot_be_solved_gives_zeros_and_leaves_its_neighbours_alone(bad: Floats) -> None:
    good, side = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([1.0, -1.0])
    solutions = solved([good, bad, good], [side, side, side])
    np.testing.assert_allclose(solutions[[0, 2]], [np.linalg.solve(good, side)] * 2)
    assert (solutions[1] == 0.0).all()


def test_a_solution_beyond_all_numbers_is_none() -> None:
    assert (solved([1e-200 * np.eye(2)], [np.array([1e200, 0.0])])[0] == 0.0).all()
