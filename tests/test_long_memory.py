"""What the carried state is for: a sign set by a flag far longer ago than any window reaches."""

from benchmarks.long_memory import squared_errors


def test_the_carried_state_solves_what_a_window_from_zero_cannot() -> None:
    carried = squared_errors(carry=True)
    windowed = squared_errors(carry=False)
    quarter = len(carried) // 4
    assert carried[-quarter:].mean() < 0.05
    assert windowed[-quarter:].mean() > 0.58
