import numpy as np
import pytest

from streamrnn.replay import guess


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a,b,c", ","),
        ("a;b;c", ";"),
        ("a\tb\tc", "\t"),
        ("a|b|c", "|"),
        ("machine;ts;temp, C", ";"),
        ('"a;b","c"', ","),
        ("value", ","),
    ],
)
def test_the_delimiter_is_what_parts_the_header_into_most_cells(line, expected):
    assert guess.delimiter(line) == expected


def test_the_nearest_name_is_found_whatever_its_capitals():
    known = ["Temperature", "pressure"]
    assert guess.nearest("temprature", known) == guess.nearest("temp", known) == " (did you mean Temperature?)"
    assert guess.nearest("humidity", known) == ""


def test_a_stream_column_is_text_that_repeats():
    names = ["day", "load", "note", "machine"]
    columns = [
        ["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-02"],
        ["1", "2", "3", "4"],
        ["one", "two", "three", "four"],
        ["a", "b", "a", "b"],
    ]
    assert guess.stream_column(names, columns, set()) == "machine"
    assert guess.stream_column(names, columns, {"machine"}) is None
    assert guess.stream_column(["load", "machine"], [["1", "2"], ["a", "a"]], set()) == "machine"


def test_a_time_column_has_the_name_or_rising_times_of_our_days():
    rising = ["1700000000", "1700000000", "1700000060"]
    assert guess.time_column(["n", "ts"], [["1", "2", "3"], rising], set(), "time") == "ts"
    assert guess.time_column(["ts"], [[f"{each}000" for each in rising]], set(), "time") == "ts"
    assert guess.time_column(["ts"], [np.array([1.7e9, 1.8e9])], set(), "time") == "ts"
    assert guess.time_column(["n", "TIME"], [["1"], ["1"]], set(), "time") == "TIME"
    assert guess.time_column(["n"], [rising[::-1]], set(), "time") is None
    assert guess.time_column(["n"], [["5", "6", "7"]], set(), "time") is None
