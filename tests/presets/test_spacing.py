"""An interval is found where events keep to one, and only there."""

import numpy as np
import pytest

from streamrnn.events.columns import Floats
from streamrnn.presets.spacing import find_spacing, span
from tests.presets.make import START


@pytest.mark.parametrize("interval", [1.0, 60.0, 600.0, 3600.0, 86_400.0, 37.0])
def test_even_times_with_some_missing_give_their_interval(interval: float) -> None:
    rng = np.random.default_rng(0)
    times = START + interval * np.arange(400)
    found = find_spacing([times[rng.random(400) < 0.8] + 0.3 * interval, times])
    assert found.interval == interval
    assert "with a gap before them" in found.why


def test_random_times_have_no_interval() -> None:
    times = START + np.cumsum(np.random.default_rng(0).exponential(60.0, 400))
    found = find_spacing([times])
    assert found.interval is None and "every event is a step" in found.why


def test_times_that_waver_about_the_edge_of_a_step_have_none() -> None:
    times = START + 60.0 * np.arange(400) + np.random.default_rng(0).normal(0.0, 1.0, 400)
    found = find_spacing([times])
    assert found.interval is None and "cross into another step" in found.why


@pytest.mark.parametrize("times", [np.full(100, np.nan), np.zeros(0), np.array([START, START + 60])])
def test_too_few_times_say_nothing(times: Floats) -> None:
    assert find_spacing([times]).interval is None


def test_spans_are_told_in_their_largest_unit() -> None:
    assert [span(each) for each in (5, 90, 7200, 86_400)] == ["5 s", "1.5 min", "2 h", "1 d"]
