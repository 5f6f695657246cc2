"""The counting expert is interpolation of context counts, whatever of them the table of cells can keep."""

import math
import random
from collections import defaultdict

import numpy as np
import pytest

from streamrnn.kernels import token_counts
from streamrnn.kernels.token_counts import size_of
from streamrnn.rows.tokens import CELL_FIELDS, COUNTS, FEW, MANY, RECENT, USUAL

CODES = 12


def run(codes: list[int], order: int, cells: int, restarts: frozenset[int] = frozenset()) -> np.ndarray:
    """What is held likely after each token [n, experts, codes]."""
    n = len(codes)
    backoffs = np.ones((order + 1, FEW, MANY, 2))
    backoffs[..., 1] = 2.0
    said = np.empty((n, 3, CODES))
    slots, flags = np.zeros(n, np.int64), np.zeros(n, np.bool_)
    begins = np.array([place in restarts for place in range(n)])
    token_counts.process(
        slots, flags, ~flags, begins, np.array(codes), np.arange(n + 1), np.full(n, CODES), order,
        np.zeros((1, RECENT + order), np.int64), np.zeros(CODES + 1, np.int64),
        np.zeros((cells, CELL_FIELDS), np.int64), backoffs, said,
    )  # fmt: skip
    return said


def by_hand(codes: list[int], order: int, restarts: frozenset[int] = frozenset()) -> list[list[float]]:
    """The same of the counts, from dictionaries that forget nothing."""
    counts: dict[tuple[int, ...], dict[int, int]] = defaultdict(dict)
    owed = defaultdict(lambda: [1.0, 2.0])
    context: list[int] = []
    made = []

    def likely(code: int, learns: bool) -> float:
        chance = 1.0 / CODES
        for o in range(len(context) + 1):
            row = counts.get(tuple(context[:o]))
            if not row:
                continue
            total = sum(row.values())
            bucket = owed[o, size_of.py_func(len(row), FEW) if o else 0, size_of.py_func(total, MANY)]
            share = bucket[0] / bucket[1]
            whole = (1 - share) * row.get(code, 0) / total + share * chance
            if learns:
                bucket[0] += share * chance / whole
                bucket[1] += 1
            chance = whole
        return chance

    for place, code in enumerate(codes):
        likely(code, True)
        for o in range(len(context) + 1):
            row = counts[tuple(context[:o])]
            row[code] = row.get(code, 0) + 1
        context = [code, *([] if place in restarts else context)][:order]
        made.append([likely(k, False) for k in range(CODES)])
    return made


def text(n: int, seed: int) -> list[int]:
    source = random.Random(seed)
    made = [0, 1]
    while len(made) < n:
        made.append((made[-1] * 5 + made[-2] + source.choice([0, 0, 0, 1, 7])) % CODES)
    return made


@pytest.mark.parametrize("order", [0, 1, 3, 5])
def test_it_is_what_dictionaries_say(order: int) -> None:
    codes, restarts = text(600, order), frozenset({100, 101, 350})
    said = run(codes, order, 1 << 16, restarts)
    np.testing.assert_allclose(said[:, COUNTS], by_hand(codes, order, restarts), rtol=1e-9)


def test_all_chances_sum_to_one_however_few_cells_there_are() -> None:
    for cells in (8, 64, 1024):
        said = run(text(3000, 1), 5, cells)
        np.testing.assert_allclose(said[:, USUAL].sum(1), 1.0, rtol=1e-9)
        np.testing.assert_allclose(said[:, COUNTS].sum(1), 1.0, rtol=1e-9)
        assert (said[:, : COUNTS + 1] >= 0).all()


def test_what_follows_for_certain_is_soon_held_likely_even_with_few_cells() -> None:
    codes = [0, 3, 1, 4, 2, 5] * 100
    for cells in (256, 1 << 16):
        said = run(codes, 3, cells)
        assert min(said[place, COUNTS, codes[place + 1]] for place in range(300, 599)) > 0.9


def test_usual_tokens_have_their_share() -> None:
    said = run([1, 1, 1, 2] * 200, 2, 1024)
    assert said[-1, USUAL, 1] == pytest.approx(0.75, abs=0.01)
    assert -math.log(said[-1, USUAL, 7]) > 5
