"""What the carried state is for: a sign set by a flag far longer ago than any window reaches."""

import pytest

from benchmarks.long_memory import last_quarter
from streamrnn.rows.cells import NAMES


@pytest.mark.parametrize("cell", NAMES)
def test_the_carried_state_solves_what_a_window_from_zero_cannot(cell: str) -> None:
    # Without a memory nothing does better than the outcome's mean, whose squared error is 0.58.
    assert last_quarter(True, f"model.cell={cell}") < 0.08
    assert last_quarter(False, f"model.cell={cell}") > 0.5
