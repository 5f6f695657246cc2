"""What records bring for label modes, and what is refused of it."""

import math

import pytest

from streamrnn.events.columns import Records
from streamrnn.events.decode import Decoder
from streamrnn.rows.labels import EVENT, LABEL
from streamrnn.settings.schema import Settings
from tests.helpers import PARTITION
from tests.label_logs import decoded, label_settings

BASE = {"stream": "a", "time": 5.0, "a": 1.0, "b": 2.0}


def one(chosen: Settings, **fields: object) -> tuple[list[object], list[str]]:
    """The classes (or numbers) that a record brings, and the reasons for refusing it."""
    events = decoded(chosen, [BASE | fields])
    assert events.labels is not None
    brought = events.labels.numbers.tolist() if chosen.labels.kind == "number" else events.labels.names
    return list(brought), [letter.reason for letter in events.rejects]


@pytest.mark.parametrize(
    ("label", "name"), [("up", "up"), (7, "7"), (-1, "-1"), (True, "true"), (False, "false"), (None, None), ("1", "1")]
)
def test_a_class_is_a_text_an_integer_or_a_boolean(label: object, name: str | None) -> None:
    assert one(label_settings("labels.mode=field"), label=label) == ([name], [])


@pytest.mark.parametrize("label", [1.5, [], {}, "", "x" * 300])
def test_anything_else_is_no_class(label: object) -> None:
    assert one(label_settings("labels.mode=field"), label=label) == ([], ["bad_label"])


@pytest.mark.parametrize("field", ["label", "id"])
def test_an_integer_longer_than_any_text_is_refused(field: str) -> None:
    chosen = label_settings("labels.mode=delayed")
    value = b'{"stream": "a", "time": 1, "id": 1, "label": 2, "%s": %s}' % (field.encode(), b"1" * 5000)
    records = Records(PARTITION, [0], [None], [value], [math.nan], 1)
    events = Decoder.from_settings(chosen, numbered_time=False).decode(records)
    assert [letter.reason for letter in events.rejects] == [f"bad_{field}"]


def test_a_class_that_is_not_listed_is_refused() -> None:
    chosen = label_settings("labels.mode=field", "labels.classes=[up,down]")
    assert one(chosen, label="up") == (["up"], [])
    assert one(chosen, label="flat") == ([], ["unknown_class"])


@pytest.mark.parametrize(("label", "reason"), [("1", "bad_label"), (True, "bad_label"), (1e20, "out_of_range")])
def test_a_number_is_a_number_of_honest_size(label: object, reason: str) -> None:
    chosen = label_settings("labels.mode=field", "labels.kind=number")
    assert one(chosen, label=1.5) == ([1.5], [])
    assert one(chosen, label=label) == ([], [reason])


def test_in_mode_delayed_a_record_with_a_label_is_one() -> None:
    chosen = label_settings("labels.mode=delayed")
    events = decoded(chosen, [BASE | {"id": 1}, BASE | {"id": 1, "label": "up"}, BASE | {"id": 2, "label": None}])
    assert events.labels is not None
    assert events.labels.kinds.tolist() == [EVENT, LABEL, EVENT]
    assert events.labels.keys[0] == events.labels.keys[1] != events.labels.keys[2]


def test_a_label_joined_by_id_needs_no_time_and_an_event_does() -> None:
    chosen = label_settings("labels.mode=delayed")
    events = decoded(chosen, [{"stream": "a", "id": 1, "label": "up"}, {"stream": "a", "id": 1, "a": 1.0}])
    assert len(events) == 1
    assert [letter.reason for letter in events.rejects] == ["no_time"]


def test_a_label_joined_by_time_needs_one() -> None:
    chosen = label_settings("labels.mode=delayed", "labels.join=time")
    assert [letter.reason for letter in decoded(chosen, [{"stream": "a", "label": "up"}]).rejects] == ["no_time"]


@pytest.mark.parametrize(("id_", "reason"), [(None, "no_id"), (1.5, "bad_id"), ([1], "bad_id")])
def test_a_label_without_an_id_is_refused(id_: object, reason: str) -> None:
    assert one(label_settings("labels.mode=delayed"), id=id_, label="up") == ([], [reason])


def test_an_event_without_an_id_is_an_event_that_cannot_be_labelled() -> None:
    events = decoded(label_settings("labels.mode=delayed"), [BASE])
    assert events.labels is not None
    assert events.labels.keyed.tolist() == [False]


def test_the_end_of_a_sequence_is_a_boolean() -> None:
    chosen = label_settings("labels.mode=field", "sequences.end=last")
    events = decoded(chosen, [BASE | {"last": True}, BASE | {"last": False}, BASE, BASE | {"last": 1}])
    assert events.labels is not None
    assert events.labels.ends.tolist() == [True, False, False]
    assert [letter.reason for letter in events.rejects] == ["bad_end"]


def test_one_bad_record_among_many_changes_none_of_the_others() -> None:
    chosen = label_settings("labels.mode=delayed")
    log = [BASE | {"id": i, "label": "up"} for i in range(5)]
    bad = [*log[:3], BASE | {"id": 9, "label": [1]}, *log[3:]]
    ours, theirs = (decoded(chosen, each).labels for each in (log, bad))
    assert ours is not None and theirs is not None
    assert (ours.names, ours.ids, ours.keys.tolist()) == (theirs.names, theirs.ids, theirs.keys.tolist())
