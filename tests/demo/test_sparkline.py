import math

from streamrnn.demo.sparkline import sparkline


def test_low_is_low_and_high_is_high():
    assert sparkline([0, 7]) == "▁█"


def test_a_missing_value_is_a_gap():
    assert sparkline([0, math.nan, 7]) == "▁ █"
    assert sparkline([math.nan, math.nan]) == "  "


def test_a_constant_is_a_level_line():
    assert len(set(sparkline([5, 5, 5]))) == 1


def test_values_outside_a_given_scale_are_cut_to_it():
    assert sparkline([-100, 100], low=0, high=1) == "▁█"
