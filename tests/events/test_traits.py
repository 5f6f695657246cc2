"""Booleans and categories of records: their codes, and what cannot be one."""

import json
import math
from typing import Any

import pytest

from streamrnn.events import Events, Partition, Records, reasons
from streamrnn.events.decode import Decoder
from streamrnn.settings import load

SETTINGS = ["inputs.booleans=[open]", "inputs.categories={sky: [rain, sun, true, 3], shop: 50}"]


def decoded(*records: dict[str, Any], overrides: list[str] = SETTINGS) -> Events:
    values: list[bytes | None] = [json.dumps({"stream": "a", "time": 1, **record}).encode() for record in records]
    n = len(values)
    raw = Records(Partition("events", 0), list(range(n)), [None] * n, values, [math.nan] * n, n)
    return Decoder.from_settings(load(None, overrides, {}).settings, False).decode(raw)


def codes(field: str, *values: Any) -> list[int]:
    events = decoded(*({field: value} for value in values))
    assert events.traits is not None and not events.rejects
    return [int(code) for code in events.traits.codes[:, 0 if field == "shop" else 1]]


def test_booleans_are_signs() -> None:
    events = decoded({"open": True}, {"open": False}, {"open": None}, {})
    assert events.traits is not None
    assert events.traits.booleans[:, 0].tolist() == [1.0, -1.0, 0.0, 0.0]


def test_listed_values_others_and_missing_ones_have_codes_of_their_own() -> None:
    first = 51  # behind the buckets of shop and its missing one, as categories stand in the order of their names
    assert codes("sky", None, "hail", "rain", "sun") == [first, first + 1, first + 2, first + 3]
    assert codes("sky", "rain", True, "true", 3, "3", False, 4) == [first + at for at in (2, 4, 4, 5, 5, 1, 1)]


def test_hashed_values_stay_in_their_buckets_on_every_machine() -> None:
    assert codes("shop", None, "a", "b", 7, "7", "ü", "") == [0, 29, 19, 6, 6, 26, 7]
    many = codes("shop", *(f"shop {i}" for i in range(2000)))
    assert set(many) == set(range(1, 51))


def test_a_record_alone_has_the_code_that_it_has_among_others() -> None:
    values = ["rain", 3, True, None, "x", "3", False]
    assert codes("sky", *values) == [code for value in values for code in codes("sky", value)]


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("open", '"true"', reasons.BAD_BOOLEAN),
        ("open", "1", reasons.BAD_BOOLEAN),
        ("open", "[true]", reasons.BAD_BOOLEAN),
        ("sky", "1.5", reasons.BAD_CATEGORY),
        ("sky", '["rain"]', reasons.BAD_CATEGORY),
        ("shop", '{"a": 1}', reasons.BAD_CATEGORY),
        ("shop", "9" * 4400, reasons.BAD_CATEGORY),
    ],
)
def test_a_wrong_type_is_a_dead_letter_that_names_the_field(field: str, value: str, reason: str) -> None:
    record = f'{{"stream": "a", "time": 1, "{field}": {value}}}'.encode()
    raw = Records(Partition("events", 0), [0], [None], [record], [math.nan], 1)
    events = Decoder.from_settings(load(None, SETTINGS, {}).settings, False).decode(raw)
    assert len(events) == 0
    assert [letter.reason for letter in events.rejects] == [reason]
    assert repr(field) in events.rejects[0].message


def test_refused_records_take_their_traits_with_them() -> None:
    events = decoded({"open": True}, {"open": 5}, {"open": False, "shop": "a"})
    assert events.traits is not None
    assert events.traits.booleans[:, 0].tolist() == [1.0, -1.0]
    assert events.traits.codes[:, 0].tolist() == [0, 29]
    assert events.cut(1, 2).traits is not None and events.cut(1, 2).traits.codes.tolist() == [[29, 51]]  # type: ignore[union-attr]


def test_without_such_fields_there_are_none() -> None:
    assert decoded({"open": "anything"}, overrides=[]).traits is None
