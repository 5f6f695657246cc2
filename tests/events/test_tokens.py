"""Tokens of records: what each way of taking a text apart makes of it, and what becomes a dead letter."""

import json
import math

import pytest

from streamrnn.events.columns import Events, Records
from streamrnn.events.decode import Decoder
from streamrnn.events.tokens import join
from tests.helpers import PARTITION
from tests.token_logs import token_settings


def decoded(of: str, *values: object, more: tuple[str, ...] = ()) -> Events:
    records = [{"stream": "a", "time": time, "text": value} for time, value in enumerate(values)]
    lines: list[bytes | None] = [json.dumps(record).encode() for record in records]
    n = len(lines)
    raw = Records(PARTITION, list(range(n)), [None] * n, lines, [math.nan] * n, n)
    return Decoder.from_settings(token_settings(f"tokens.of={of}", *more), numbered_time=False).decode(raw)


def tokens(of: str, value: object) -> list[str] | None:
    found = decoded(of, value).tokens
    assert found is not None
    return None if found.tokens[0] is None else list(found.tokens[0])


@pytest.mark.parametrize(
    ("of", "value", "expected"),
    [
        ("characters", "añ\n", ["a", "ñ", "\n"]),
        ("characters", "", []),
        ("bytes", "añ", ["a", "\xc3", "\xb1"]),
        ("words", "Don't stop, 2 go!", ["Don", "'", "t", "stop", ",", "2", "go", "!"]),
        ("items", ["on", 3, True], ["on", "3", "true"]),
        ("items", "on", ["on"]),
        ("items", [], []),
        ("sets", [67, 60, 60], ["60", "67"]),
        ("words", None, None),
    ],
)
def test_a_value_is_taken_apart(of: str, value: object, expected: list[str] | None) -> None:
    assert tokens(of, value) == expected


@pytest.mark.parametrize(
    ("of", "value", "reason"),
    [
        ("characters", 5, "bad_tokens"), ("words", ["a"], "bad_tokens"), ("items", {"a": 1}, "bad_tokens"),
        ("items", ["a", ""], "bad_tokens"), ("sets", 60, "bad_tokens"), ("sets", [1.5], "bad_tokens"),
        ("sets", list(range(17)), "too_many_tokens"),
    ],
)  # fmt: skip
def test_what_is_no_text_or_list_becomes_a_dead_letter_and_others_go_on(of: str, value: object, reason: str) -> None:
    good: object = [1] if of in ("items", "sets") else "x"
    events = decoded(of, value, good)
    assert [(letter.offset, letter.reason) for letter in events.rejects] == [(0, reason)]
    assert events.offsets.tolist() == [1]
    assert events.tokens is not None and len(events.tokens.tokens) == 1


def test_a_long_token_is_known_by_its_beginning() -> None:
    assert tokens("words", "x" * 100) == ["x" * 64]
    assert tokens("items", ["é" * 40]) == ["é" * 32]


def test_each_event_may_be_a_sequence_and_one_without_text_is_none() -> None:
    found = decoded("words", "a b", None, "c", more=("sequences.record=true",)).tokens
    assert found is not None
    assert found.ends.tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("of", "given", "text"),
    [("characters", ["a", "b"], "ab"), ("bytes", ["\xc3", "\xb1"], "ñ"), ("words", ["a", "b"], "a b")],
)
def test_tokens_are_joined_for_people(of: str, given: list[str], text: str) -> None:
    assert join(given, of) == text
