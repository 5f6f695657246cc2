"""Which event a label is of, and when it is late or of none."""

import json

import pytest

from streamrnn.events.encode import encode_predictions
from streamrnn.settings.schema import Settings
from tests.label_logs import decoded, fresh_shard, label_settings

Record = dict[str, object]


def event(id_: object, time: float = 0.0, stream: str = "a", **more: object) -> Record:
    return {"stream": stream, "time": time, "id": id_, "a": 1.0, "b": 2.0, **more}


def label(id_: object, label: object, time: float = 0.0, stream: str = "a") -> Record:
    return {"stream": stream, "time": time, "id": id_, "label": label}


def delayed(*overrides: str) -> Settings:
    return label_settings("labels.mode=delayed", "labels.within=3", *overrides)


def joined(chosen: Settings, *log: Record) -> list[tuple[int, int] | None]:
    """Of each answered record, the offset of the event that it is the label of, and how many events ago that was."""
    predictions, _ = fresh_shard(chosen).process(decoded(chosen, list(log)))
    answers = [json.loads(answer) for answer in encode_predictions(predictions, chosen.target_names)]
    return [record["of"] and (record["of"]["offset"], record["of"]["events_ago"]) for record in answers]


def test_a_label_finds_its_event_by_id() -> None:
    assert joined(delayed(), event(1), event(2), event(3), label(2, "x"), label(3, "y")) == [
        None, None, None, (1, 1), (2, 0),
    ]  # fmt: skip


def test_an_id_is_the_same_as_text_and_as_a_number() -> None:
    assert joined(delayed(), event("7"), label(7, "x")) == [None, (0, 0)]


def test_a_label_finds_its_event_by_stream_and_time() -> None:
    chosen = delayed("labels.join=time")
    log = [event(1, 10.0), event(1, 10.0, "b"), event(1, 20.0), label(1, "x", 10.0), label(1, "x", 11.0)]
    assert joined(chosen, *log) == [None, None, None, (0, 1), None]


def test_a_second_label_for_an_event_fits_none() -> None:
    assert joined(delayed(), event(1), label(1, "x"), label(1, "y")) == [None, (0, 0), None]


def test_of_two_events_with_an_id_the_older_has_the_first_label() -> None:
    found = joined(delayed(), event(1), event(1), label(1, "x"), label(1, "y"), label(1, "z"))
    assert found == [None, None, (0, 1), (1, 0), None]


@pytest.mark.parametrize(("later", "status"), [(3, "matched"), (4, "late"), (7, "late"), (8, "unmatched")])
def test_a_label_is_learned_within_so_many_events_of_its_stream(later: int, status: str) -> None:
    chosen = delayed()
    log = [event(0), *(event(100, stream="b") for _ in range(20)), *(event(i + 1) for i in range(later)), label(0, "x")]
    _, report = fresh_shard(chosen).process(decoded(chosen, log))
    assert report.labels is not None
    found = {name: getattr(report.labels, name) for name in ("matched", "late", "unmatched")}
    assert found == {"matched": 0, "late": 0, "unmatched": 0, status: 1}
    assert report.labels.delay == (later if status == "matched" else 0)


def test_labels_of_no_event_become_dead_letters_where_asked() -> None:
    chosen = delayed("labels.dead_letters=true")
    log = [label(0, "x"), event(1), label(5, "x"), label(1, "x", stream="b"), *(event(i) for i in range(2, 6)),
           label(1, "x")]  # fmt: skip
    predictions, _ = fresh_shard(chosen).process(decoded(chosen, log))
    assert [(each.offset, each.reason) for each in predictions.refused] == [
        (0, "unmatched_label"), (2, "unmatched_label"), (3, "unmatched_label"), (8, "late_label"),
    ]  # fmt: skip
    assert predictions.offsets.tolist() == [1, 4, 5, 6, 7]


def test_a_label_is_no_sign_of_life() -> None:
    chosen = delayed("streams.expire_after=100", "labels.dead_letters=true")
    log = [event(1, 0.0), label(1, "x", 90.0), event(2, 150.0, "b"), event(3, 160.0)]
    predictions, report = fresh_shard(chosen).process(decoded(chosen, log))
    assert report.expired["time"] == 1
    assert predictions.counts.tolist() == [1, 1, 1, 1]


def test_a_new_stream_in_an_old_slot_gets_none_of_the_old_labels() -> None:
    chosen = delayed("streams.max_live=1")
    assert joined(chosen, event(1), event(1, stream="b"), label(1, "x"), label(1, "x", stream="b")) == [
        None, None, None, (1, 0),
    ]  # fmt: skip


def test_only_the_end_of_a_sequence_awaits_a_label() -> None:
    chosen = delayed("labels.sequence=true", "sequences.end=last")
    log = [event(1, last=False), event(2, last=True), label(1, "x"), label(2, "x")]
    assert joined(chosen, *log) == [None, None, None, (1, 0)]


def test_a_tombstone_among_labels_keeps_the_models_count() -> None:
    chosen = delayed("labels.dead_letters=true")
    events = decoded(chosen, [event(1), label(9, "x"), event(2), event(3, stream="b"), label(2, "x")])
    events.ends[3] = True
    predictions, _ = fresh_shard(chosen).process(events)
    assert predictions.offsets.tolist() == [0, 2, 3, 4]
    assert predictions.records.tolist() == [1, 3, 3, 4]
