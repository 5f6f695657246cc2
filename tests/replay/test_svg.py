import math
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import pytest

from streamrnn.replay.svg import Line, line_chart, ticks


def chart(y, x=None, **options):
    x = [float(place) for place in range(len(y))] if x is None else x
    return line_chart(x, [Line("outcome", "outcome", y)], x_label="events", y_label="value", **options)


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter("text")]


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3, 7), (0.001, 0.0012), (1e6, 3e6), (5, 5), (0, 0), (-1e-9, 1e-9)])
def test_ticks_cover_the_range_with_few_even_steps(low, high):
    found = ticks(low, high, 4)
    assert found[0] <= low and found[-1] >= high and 2 <= len(found) <= 8
    steps = {round((b - a) / (found[1] - found[0]), 6) for a, b in pairwise(found)}
    assert steps == {1.0}


def test_axes_are_labelled():
    found = texts(chart([0.0, 5.0, 10.0]))
    assert "events" in found and "value" in found
    assert {"0.0", "2.5", "5.0", "7.5", "10.0"} <= set(found)


def test_times_are_labelled_as_dates():
    x = [1_704_067_200.0 + 86_400.0 * day for day in range(10)]
    assert "2024-01-04" in texts(chart([float(day) for day in range(10)], x, times=True))


def test_a_missing_value_breaks_the_line():
    path = ElementTree.fromstring(chart([1.0, 2.0, math.nan, 3.0, 4.0])).find("path").get("d")
    assert path.count("M") == 2


def test_every_point_lies_inside_the_drawing():
    path = ElementTree.fromstring(chart([-1e6, 3.0, 1e6], width=300, height=100)).find("path").get("d")
    numbers = [float(each) for each in path.replace("M", "").replace("L", "").split()]
    assert all(0 <= x <= 300 for x in numbers[0::2]) and all(0 <= y <= 100 for y in numbers[1::2])


def test_nothing_to_draw_is_said():
    assert "Nothing" in chart([math.nan]) and "Nothing" in chart([])


@pytest.mark.parametrize("y", [[5.0], [5.0, 5.0], [0.0, 0.0]])
def test_constants_and_single_points_are_drawn(y):
    assert "nan" not in chart(y) and "<path" in chart(y)
