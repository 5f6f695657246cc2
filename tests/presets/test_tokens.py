"""Which field is taken apart, and how, is what the records hold, whatever its name."""

from typing import Any

import pytest

from streamrnn.presets.inference import Inferred, infer
from streamrnn.presets.sample import take
from streamrnn.presets.streams import nameless
from streamrnn.replay.options import SourceError
from tests.presets.make import fields

COUNT = 60
OF = {"sentiment": "words", "text": "characters", "translate": "words", "music": "sets"}


def text(number: int) -> str:
    """A text of several words, another one each time."""
    return f"we saw pump {number} hum at night and wrote it down"


def look(rows: list[dict[str, Any]], preset: str = "text", label: str | None = None) -> Inferred:
    sample = take(fields(rows), False, label=label, of=OF[preset])
    return infer(sample, preset, label)


@pytest.mark.parametrize("name", ["speaker", "doc", "who", "author", "conversationId"])
def test_a_field_with_the_name_of_streams_is_one_though_no_times_tell(name: str) -> None:
    found = look([{name: "abc"[n % 3], "text": text(n)} for n in range(COUNT)])
    assert (found.values["events.stream"], found.values["tokens.field"]) == (name, "text")


def test_ids_that_are_longer_than_the_texts_are_no_texts() -> None:
    rows = [{"conversation": f"{n // 3:032x}", "said": ["hi", "well", "so long"][n % 3]} for n in range(COUNT)]
    found = look(rows)
    assert (found.values["events.stream"], found.values["tokens.field"]) == ("conversation", "said")


def test_a_text_is_no_stream_whatever_its_name() -> None:
    sample = take(fields([{"user": text(n), "msg": f"yes {n}"} for n in range(COUNT)]), False, of="characters")
    assert sample.tokens is not None and sample.tokens.name == "user"
    assert sample.stream.name is None and sample.stream.like is None
    named = take(fields([{"user": text(n), "msg": f"no {n}"} for n in range(COUNT)]), False, label="msg", of="words")
    assert named.stream.name is None  # nor where the other one is taken apart


def test_where_nothing_tells_streams_apart_the_field_that_looks_like_one_is_named() -> None:
    sample = take(fields([{"bearer": "ab"[n % 2], "text": text(n)} for n in range(COUNT)]), False, of="words")
    assert sample.stream.name is None
    told = nameless(sample.stream, sample.records, keyed_log=False)
    assert told is not None and "bearer looks like one: --stream bearer" in told and "no_stream" in told


def test_keys_of_a_log_name_streams_where_all_records_have_one() -> None:
    records = fields([{"text": text(n)} for n in range(COUNT)])
    keyed = [record._replace(key=f"k{n}") for n, record in enumerate(records)]
    sample = take(keyed, False, of="words")
    assert nameless(sample.stream, keyed, keyed_log=True) is None
    assert "nor do keys" in (nameless(sample.stream, [*keyed, records[0]], keyed_log=True) or "")


@pytest.mark.parametrize("values", [["e4", "e5"], 7, True])
def test_lists_and_single_values_are_items(values: Any) -> None:
    rows = [{"player": "ab"[n % 2], "note": text(n), "move": values} for n in range(COUNT)]
    assert look(rows, label="move").values["tokens.of"] == "items"


def test_lists_are_taken_where_there_are_no_texts() -> None:
    found = look([{"player": "ab"[n % 2], "move": ["e4", "e5"]} for n in range(COUNT)])
    assert (found.values["tokens.field"], found.values["tokens.of"]) == ("move", "items")


@pytest.mark.parametrize(("preset", "label"), [("music", "text"), ("text", "heat"), ("text", "place")])
def test_what_cannot_be_taken_apart_is_said(preset: str, label: str) -> None:
    rows = [{"stream": "a", "text": text(n), "heat": n + 0.5, "place": {"x": 1}} for n in range(COUNT)]
    with pytest.raises(SourceError, match=f"the field {label} holds no .* Name another with --label"):
        look(rows, preset, label)


def test_room_is_made_for_the_longest_text_that_was_read() -> None:
    rows = [{"stream": "a", "text": "x" * (2101 if n == 900 else 20)} for n in range(1000)]  # beyond what is kept
    found = look(rows)
    assert found.values["tokens.most"] == 4000 and "2,101" in found.why["tokens.most"]
    assert "tokens.most" not in look(rows[:900]).values


def test_texts_beyond_all_room_are_counted() -> None:
    found = look([{"stream": "a", "text": "x" * (70_000 if n in (3, 5) else 20)} for n in range(COUNT)])
    assert found.values["tokens.most"] == 65_536
    assert any(remark.startswith("2 of text have more tokens") for remark in found.remarks)


@pytest.mark.parametrize("marker", ["", " |"])
def test_questions_and_answers_in_records_of_their_own_are_one_sequence(marker: str) -> None:
    rows = [{"user": "u", "text": text(n) + marker * (1 - n % 2), "done": n % 2 == 1} for n in range(COUNT)]
    found = look(rows, "translate")
    assert (found.values["sequences.record"], found.values["sequences.end"]) == (False, "done")
    assert bool(found.remarks) != bool(marker)  # without any marker no answer could be told to be exact


def test_pairs_in_one_record_are_sequences_though_a_flag_alternates() -> None:
    found = look([{"user": "u", "text": f"{text(n)} | si", "done": n % 2 == 1} for n in range(COUNT)], "translate")
    assert not {"sequences.record", "sequences.end"} & found.values.keys()


def test_sentences_that_hold_their_answer_are_sequences_where_no_flag_tells() -> None:
    found = look([{"user": "u", "text": f"{text(n)} | good"} for n in range(COUNT)], "sentiment")
    assert found.values["sequences.record"] is True and not found.open
    apart = look([{"user": "u", "text": f"{text(n)} |" if n % 2 else "good"} for n in range(COUNT)], "sentiment")
    assert "sequences.record" not in apart.values and apart.open == ["sequences.end or sequences.gap"]


def test_records_without_the_stream_that_others_have_are_counted() -> None:
    rows = [{"speaker": "ab"[n % 2], "text": text(n)} for n in range(COUNT)]
    assert look(rows).remarks == []
    (remark,) = look([*rows, {"text": text(0)}, {"speaker": None, "text": text(1)}]).remarks
    assert remark.startswith(f"2 of {COUNT + 2} records have no speaker")
