"""The counting expert of sets: how often a token was there, by whether it was there before."""

import numpy as np

from streamrnn.kernels import set_counts
from streamrnn.rows.tokens import COUNTS, FEW, MANY, NETWORK, RECENT, USUAL

CODES = 4


def run(steps: list[list[int]], order: int, restarts: frozenset[int] = frozenset()) -> np.ndarray:
    """What is held likely after each step [n, experts, codes]."""
    n = len(steps)
    backoffs = np.ones((order + 1, FEW, MANY, 2))
    backoffs[..., 1] = 2.0
    said = np.empty((n, 3, CODES))
    flags = np.zeros(n, np.bool_)
    set_counts.process(
        np.zeros(n, np.int64), flags, ~flags, np.array([place in restarts for place in range(n)]),
        np.array([code for step in steps for code in step], np.int64), np.cumsum([0, *map(len, steps)]),
        np.full(n, CODES), order, np.zeros((1, RECENT + CODES), np.int64),
        np.zeros((CODES, (2 << order) - 1, 2), np.int64), backoffs, said,
    )  # fmt: skip
    return said


def test_a_token_that_alternates_is_foretold_and_its_share_is_known() -> None:
    said = run([[1], [2], [1], [2]] * 100, 3)
    assert said[-1, COUNTS, 1] > 0.95
    assert said[-1, COUNTS, 2] < 0.05
    np.testing.assert_allclose(said[-1, USUAL, 1:3], 0.5, atol=0.02)
    assert said[-1, USUAL, 3] < 0.02


def test_without_contexts_all_is_as_usual() -> None:
    said = run([[1], [2], [1, 2], []] * 50, 0)
    np.testing.assert_array_equal(said[:, COUNTS], said[:, USUAL])


def test_a_restart_forgets_what_was_before_and_counts_nothing() -> None:
    whole = run([[1], [2]] * 50 + [[], [1]], 2, frozenset({100}))
    np.testing.assert_allclose(whole[100, COUNTS], whole[100, USUAL])
    assert (whole[:, :NETWORK] >= 0).all() and (whole[:, :NETWORK] <= 1).all()
