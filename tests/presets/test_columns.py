"""What a field holds is told by its values, as the daemon would take them."""

from typing import Any

import pytest

from streamrnn.presets.columns import columns
from tests.presets.make import fields


def kind(values: list[Any], table: bool = False) -> tuple[str, bool]:
    found = columns(fields([{"x": value} for value in values]), table)["x"]
    return found.kind, found.numeric


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.5, 2.0, 7.25, 3.0] * 5, ("number", True)),
        ([1.5, None, 7.25, 3.0] * 5, ("number", True)),
        ([0, 1, 1, 0] * 5, ("flag", True)),
        ([True, False] * 5, ("flag", False)),
        (["on", "off", "idle"] * 5, ("class", False)),
        (["true", "false"] * 5, ("class", False)),  # the daemon takes text for no boolean
        (["on", 1.5] * 5, ("text", False)),  # nor a fraction for a category
        (["on", 1, True] * 5, ("class", False)),
        (["1.5", "2.5", "7"] * 5, ("number in text", False)),
        ([4.0] * 10, ("constant", False)),
        (list(range(100, 130)), ("identifier", False)),
        ([f"e{number}" for number in range(30)], ("identifier", False)),
        ([1.7e9 + 60 * number for number in range(30)], ("time", False)),
        ([{"a": 1}, {"a": 2}], ("nested", False)),
        ([None, None], ("empty", False)),
    ],
)
def test_json_values(values: list[Any], expected: tuple[str, bool]) -> None:
    assert kind(values) == expected


def test_in_a_csv_text_can_be_a_number() -> None:
    assert kind(["1.5", "2.5", "7", None] * 5, table=True) == ("number", True)
    assert kind(["true", "false"] * 5, table=True) == ("flag", False)


def test_a_few_values_that_are_no_numbers_change_nothing() -> None:
    assert kind([*[number % 7 + 0.5 for number in range(60)], "sensor error"]) == ("number", True)
    assert kind([1.0, "a", 2.0, "b", 7.0, "c"])[1] is False
