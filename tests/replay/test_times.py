import numpy as np
import pytest

from streamrnn.replay import times


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1700000000"], "seconds"),
        ([1.7e12], "milliseconds"),
        (["2024-01-31 18:30:00"], "iso8601"),
        (["unit: s", "12.5"], "seconds"),
        (["14.11.2023 22:13", "1700000000000000"], None),
        ([], None),
    ],
)
def test_the_first_value_that_is_a_time_tells_the_format(values, expected):
    assert times.recognised(values) == expected


def test_times_are_read_in_the_given_format_only():
    np.testing.assert_array_equal(times.read(["1500", "", "1970-01-01"], "seconds"), [1500.0, np.nan, np.nan])
    np.testing.assert_array_equal(times.read(["1500"], "milliseconds"), [1.5])
    np.testing.assert_array_equal(times.read(["1500", "1970-01-01 00:01"], "iso8601"), [np.nan, 60.0])
    np.testing.assert_array_equal(times.read(np.array([1500.0]), "milliseconds"), [1.5])
    np.testing.assert_array_equal(times.read(np.array([1500.0]), "iso8601"), [np.nan])


@pytest.mark.parametrize(
    ("cell", "remedy"),
    [
        ("1700000000000", "set events.time_format=milliseconds"),
        ("2024-01-31", "set events.time_format=iso8601"),
        ("14.11.2023 22:13", "such as 2024-01-31 18:30:00"),
        ("1700000000000000000", "thousands of years away"),
    ],
)
def test_a_wrong_time_is_shown_with_the_remedy(cell, remedy):
    text = times.problem(cell, "seconds")
    assert repr(cell) in text and remedy in text
