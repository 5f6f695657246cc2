"""A ring holds the last steps, and a long empty stretch leaves it as if each step had been walked."""

import numpy as np
import pytest

from streamrnn.kernels import rings


def test_the_newest_is_at_the_head_and_the_oldest_next_to_it() -> None:
    assert [rings.place(1, back, 4) for back in range(4)] == [1, 0, 3, 2]
    assert [rings.after(head, 4) for head in range(4)] == [1, 2, 3, 0]


@pytest.mark.parametrize(("length", "period"), [(1, 1), (7, 1), (6, 6), (12, 6), (14, 7)])
@pytest.mark.parametrize("steps", [0, 1, 5, 6, 7, 12, 13, 40, 1_000_003])
def test_a_stretch_beyond_the_ring_is_walked_in_part(length: int, period: int, steps: int) -> None:
    short, whole = (np.arange(length + 2, dtype=np.float64) for _ in range(2))
    walked = rings.walk(steps, length, period)
    rings.carry(short, 1, length, 0, walked, period)
    rings.carry(whole, 1, length, 0, steps, period)

    assert walked < length + period
    by_age = [[row[1 + rings.place(n % length, back, length)] for back in range(length)] for row, n in
              ((short, walked), (whole, steps))]  # fmt: skip
    assert by_age[0] == by_age[1]
    assert short[0] == 0 and short[-1] == length + 1


def test_filling_leaves_the_rest_of_the_row_alone() -> None:
    row = np.zeros(6)
    rings.fill(row, 1, 4, 3, 2, 9.0)
    assert list(row) == [0, 9, 9, 0, 0, 0]
