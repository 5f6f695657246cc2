"""Which field is the label, what names its event, and how late it comes."""

from itertools import chain, islice

import msgspec
import pytest

from streamrnn.demo.scenes import SCENES
from streamrnn.presets.inference import Inferred, infer
from streamrnn.presets.sample import take
from tests.presets.make import START, fields


def inferred(preset: str, count: int = 4000) -> Inferred:
    lines = islice(chain.from_iterable(SCENES[preset](0, 10)), count)
    return infer(take(fields([msgspec.json.decode(line) for line in lines]), False), preset)


def test_a_label_in_the_event_is_no_feature() -> None:
    found = inferred("classify")
    assert found.values["labels.field"] == "label" and found.values["labels.kind"] == "class"
    assert found.values["events.features"] == ["load", "heat"]


def test_a_delayed_label_is_found_with_its_id_and_its_wait() -> None:
    found = inferred("delayed-labels")
    assert (found.values["labels.field"], found.values["labels.id"]) == ("label", "id")
    assert found.values["labels.within"] == 64
    assert found.values["events.features"] == ["load", "heat"]


def test_a_sequence_ends_with_its_flag() -> None:
    found = inferred("sequence-label")
    assert (found.values["labels.field"], found.values["sequences.end"]) == ("outcome", "end")
    assert found.values["events.features"] == ["seconds", "price"]


def test_a_symbol_ends_with_its_flag_and_the_pen_is_a_boolean() -> None:
    found = inferred("strokes")
    assert (found.values["labels.field"], found.values["sequences.end"]) == ("label", "last")
    assert (found.values["events.features"], found.values["inputs.booleans"]) == (["dx", "dy"], ["pen"])
    assert not found.open


def test_frames_have_their_bands_and_a_label() -> None:
    found = inferred("frames")
    assert found.values["events.features"] == [f"b{number}" for number in range(1, 9)]
    assert found.values["labels.field"] == "label" and "sequences.end" not in found.values


def test_that_nothing_ends_the_sequences_is_said() -> None:
    rows = [{"time": START + n, "v": n % 7 + 0.5, "outcome": "xyz"[n % 3]} for n in range(300)]
    found = infer(take(fields(rows), False), "sequence-label")
    assert "No flag marks the last event" in found.remarks[-1] and "sequences.gap" in found.remarks[-1]
    assert found.open == ["sequences.end or sequences.gap"]


@pytest.mark.parametrize(("pause", "gap"), [(3000, 170.0), (15, None)])
def test_silences_that_come_behind_labels_alone_end_the_sequences(pause: int, gap: float | None) -> None:
    rows, time = [], START
    for visit in range(60):
        for page in range(6):
            time += 10
            label = {"outcome": "ab"[visit % 2]} if page == 5 else {}
            rows.append({"time": time, "v": page % 7 + visit % 3 + 0.5} | label)
        time += pause - 10
    found = infer(take(fields(rows), False), "sequence-label")
    assert found.values.get("sequences.gap") == gap
    if gap is not None:
        assert found.values["sequences.end"] is None and not found.open
        assert "at least 50 min of silence come behind a label, at most 10 s elsewhere" in found.why["sequences.gap"]


def test_the_user_names_the_label_and_others_are_told() -> None:
    rows = [
        {"time": START + n, "v": n % 7 + 0.5, "quality": "ab"[n % 2], "outcome": "xyz"[n % 3], "price": n % 31 + 0.1}
        for n in range(300)
    ]
    sample = take(fields(rows), False)
    assert infer(sample, "classify").values["labels.field"] == "outcome"
    assert "quality (a, b)" in infer(sample, "classify").why["labels.field"]
    named = infer(sample, "classify", label="quality")
    assert named.values["labels.field"] == "quality" and "as you said" in named.why["labels.field"]
    assert infer(sample, "classify", label="price").values["labels.kind"] == "number"


def test_what_the_daemon_would_refuse_marks_no_end() -> None:
    rows = [{"time": START + n, "v": n % 7 + 0.5, "outcome": "xyz"[n % 3], "last": n % 5 // 4} for n in range(300)]
    assert "sequences.end" not in infer(take(fields(rows), False), "sequence-label").values
    for mark in (True, "true"):
        marked = [row | {"last": mark if row["last"] else type(mark)()} for row in rows]
        found = infer(take(fields(marked), False), "sequence-label").values
        assert found.get("sequences.end") == ("last" if mark is True else None)
