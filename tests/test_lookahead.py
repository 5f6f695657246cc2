"""Answers that wait for later events of their stream: which record tells which, and none knows a label too soon."""

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from streamrnn.events.columns import Events
from streamrnn.events.encode import encode_predictions
from streamrnn.observe.sensor import BatchReport
from streamrnn.settings.contradictions import largest_answer
from streamrnn.settings.records import LONGEST_CLASS
from streamrnn.settings.schema import Settings
from streamrnn.shard import Shard
from tests.label_logs import MODES, decoded, fresh_shard, label_settings, records

Record = dict[str, Any]
FIELD = ["labels.mode=field", "labels.classes=[up,down]", "streams.expire_after=null"]
LATER = ["labels.mode=delayed", "labels.classes=[up,down]", "streams.expire_after=null", "model.lookahead=2"]
WAITING = [mode for mode in MODES if mode.startswith("lookahead")]


def told(chosen: Settings, log: list[Record] | Events, shard: Shard | None = None) -> list[Record]:
    """The output records of one batch."""
    events = log if isinstance(log, Events) else decoded(chosen, log)
    predictions, _ = (shard or fresh_shard(chosen)).process(events)
    return [msgspec.json.decode(line) for line in encode_predictions(predictions, chosen.target_names)]


def event(time: float, stream: str = "s", **more: object) -> Record:
    return {"stream": stream, "time": time, "a": 1.0, "b": 0.0, "label": "up"} | more


def released(said: list[Record]) -> list[list[tuple[int, int]]]:
    """Of each record the offsets that it answers, and how far each answer saw."""
    return [[(each["offset"], each["events_ahead"]) for each in record["answers"]] for record in said]


def test_an_event_is_answered_with_the_event_so_many_later() -> None:
    said = told(label_settings(*FIELD, "model.lookahead=2"), [event(i) for i in range(5)])
    assert released(said) == [[], [], [(0, 2)], [(1, 2)], [(2, 2)]]
    assert all(record["label"] is None and not record["final"] and record["ended"] is None for record in said)


def test_streams_wait_for_events_of_their_own() -> None:
    log = [event(0), event(1, "other"), event(2), event(3, "other"), event(4, "other")]
    assert released(told(label_settings(*FIELD, "model.lookahead=1"), log)) == [[], [], [(0, 1)], [(1, 1)], [(3, 1)]]


def test_the_end_of_a_sequence_releases_all_that_wait() -> None:
    chosen = label_settings(*FIELD, "model.lookahead=3", "sequences.end=last")
    said = told(chosen, [event(0), event(1), event(2, last=True), event(3, last=True), event(4)])
    assert released(said) == [[], [], [(0, 2), (1, 1), (2, 0)], [(3, 0)], []]


def test_silence_releases_all_that_wait_with_the_next_event() -> None:
    chosen = label_settings(*FIELD, "model.lookahead=2", "sequences.gap=100")
    said = told(chosen, [event(0), event(1), event(1000), event(1001)])
    assert released(said) == [[], [], [(0, 1), (1, 0)], []]


def with_tombstones(log: Events, *rows: int) -> Events:
    ends = log.ends.copy()
    ends[list(rows)] = True
    return replace(log, ends=ends)


def test_a_tombstone_releases_all_that_wait() -> None:
    chosen = label_settings(*FIELD, "model.lookahead=2")
    log = with_tombstones(decoded(chosen, [event(i) for i in range(7)]), 2, 3, 6)
    said = told(chosen, log)
    assert released(said) == [[], [], [(0, 1), (1, 0)], [], [], [], [(4, 1), (5, 0)]]
    assert said[2]["events"] == 0 and said[2]["answers"][0]["settled_label"]["outcome"] == "up"
    pieces, shard = [], fresh_shard(chosen)
    for row in range(7):
        pieces += told(chosen, log.cut(row, row + 1), shard)
    assert pieces == said


@pytest.mark.parametrize(
    ("setting", "reason"), [("streams.max_live=1", "capacity"), ("streams.expire_after=9", "time")]
)
def test_answers_of_a_stream_that_goes_are_lost_and_counted(setting: str, reason: str) -> None:
    chosen = label_settings(*FIELD, "model.lookahead=3", setting)
    shard = fresh_shard(chosen)
    log = decoded(chosen, [event(0), event(1), event(2), event(3), event(50, "other"), event(60, "third")])

    def lost(report: BatchReport) -> int:
        assert report.labels is not None and report.expired[reason]
        return report.labels.lost

    assert lost(shard.process(log.cut(0, 5))[1]) == 3
    assert lost(shard.process(log.cut(5, 6))[1]) == 1


def test_a_label_that_comes_before_its_answer_is_learned_with_the_answer() -> None:
    chosen = label_settings(*LATER)
    plain = [{"stream": "s", "time": float(i), "id": f"e{i}", "a": 1.0, "b": 0.0} for i in range(4)]
    label = {"stream": "s", "id": "e0", "label": "up"}
    shard = fresh_shard(chosen)
    said = told(chosen, [plain[0], label, plain[1], plain[2]], shard)
    assert said[1]["of"] == {"offset": 0, "id": "e0", "events_ago": 0} and said[1]["settled_label"] is None
    (answer,) = said[3]["answers"]
    assert (answer["offset"], answer["id"], answer["events_ahead"]) == (0, "e0", 2)
    assert answer["settled_label"]["outcome"] == "up"
    assert answer["settled_label"]["probability"] == answer["label"]["probabilities"]["up"]
    assert shard.label_score().count == 1


def test_a_label_that_comes_later_is_learned_when_it_comes() -> None:
    chosen = label_settings(*LATER)
    plain = [{"stream": "s", "time": float(i), "id": f"e{i}", "a": 1.0, "b": 0.0} for i in range(4)]
    said = told(chosen, [*plain, {"stream": "s", "id": "e1", "label": "down"}])
    (answer,) = said[3]["answers"]
    assert answer["offset"] == 1 and answer["settled_label"] is None
    assert said[4]["of"]["offset"] == 1
    assert said[4]["settled_label"]["probability"] == answer["label"]["probabilities"]["down"]


def test_an_id_without_room_is_null() -> None:
    chosen = label_settings(*LATER)
    log: list[Record] = [{"stream": "s", "time": 0.0, "id": name, "a": 1.0} for name in ("é" * 32, "é" * 33, "", "x")]
    said = told(chosen, [*log, *({"stream": "s", "time": 1.0, "a": 1.0} for _ in range(2))])
    assert [each["id"] for record in said for each in record["answers"]] == ["é" * 32, None, "", "x"]


@pytest.mark.parametrize("mode", ["field", "delayed"])
def test_the_longest_names_make_no_record_larger_than_is_reckoned_with(mode: str) -> None:
    chosen = label_settings(f"labels.mode={mode}", "sequences.end=last", "model.lookahead=4", "labels.max_classes=9")
    log: list[Record] = []
    for i in range(40):
        name = "\x01" * (LONGEST_CLASS - 1) + str(i % 9)
        made = event(1e9 + i / 7, stream="\x01" * 250, id="\x01" * 64, last=i % 9 == 8, a=i / 7, b=1 / (1 + i))
        log.append(made | ({"label": name} if mode == "field" else {"label": None}))
        if mode == "delayed":
            log.append({"stream": made["stream"], "time": made["time"], "id": made["id"], "label": name})
    predictions, _ = fresh_shard(chosen).process(decoded(chosen, log))
    largest = max(map(len, encode_predictions(predictions, chosen.target_names)))
    assert 0.7 * largest_answer(chosen) < largest <= largest_answer(chosen)


def with_other_labels_from(log: list[Record], row: int) -> list[Record]:
    """The same with other labels of the stream's events from this one on."""
    first = log[row]
    from_here = {each["id"] for each in log[row:] if "a" in each or "b" in each}
    changed = []
    for i, each in enumerate(log):
        own = each["stream"] == first["stream"] and each["id"] in from_here and (i >= row)
        if not own or each.get("label") is None:
            changed.append(each)
        elif isinstance(each["label"], str):
            changed.append(each | {"label": {"up": "down", "down": "flat", "flat": "up"}[each["label"]]})
        else:
            changed.append(each | {"label": -3.0 * float(each["label"]) + 1.0})
    return changed


@pytest.mark.parametrize("mode", WAITING)
def test_no_answer_knows_its_own_label_or_a_later_one_of_its_stream(mode: str) -> None:
    chosen = label_settings(*MODES[mode], "streams.max_live=9")
    log = records(chosen, 500)
    said = {each["offset"]: each for record in told(chosen, log) for each in record["answers"]}
    rows = [row for row in said if row > 200][:40:5]
    assert len(rows) == 8
    for row in rows:
        changed = with_other_labels_from(log, row)
        assert changed != log
        after = told(chosen, changed)
        (other,) = (each for record in after for each in record["answers"] if each["offset"] == row)
        for name in ("label", "forecasts"):
            assert other[name] == said[row][name]
        assert [record["answers"] for record in after] != [record["answers"] for record in told(chosen, log)]


def coins(n: int, told_ahead: bool) -> list[Record]:
    """Labels that nothing tells but, if so, a feature of the event before."""
    source = np.random.default_rng(5)
    labels = source.choice(["up", "down"], n + 1)
    hints = np.where(labels == "up", 1.0, -1.0) if told_ahead else source.normal(size=n + 1)
    return [event(i, a=float(hints[max(i - 1, 0)]), label=str(labels[i])) for i in range(n)]


@pytest.mark.parametrize("mode", ["field", "delayed"])
@pytest.mark.parametrize("told_ahead", [False, True])
def test_coin_flips_stay_coin_flips_unless_a_later_event_tells_them(told_ahead: bool, mode: str) -> None:
    chosen = label_settings(
        *FIELD, f"labels.mode={mode}", "model.lookahead=4", "model.learning_rate=0.01", "scoring.window=2000"
    )
    log = coins(4000, told_ahead)
    if mode == "delayed":
        log = [
            part
            for i, each in enumerate(log)
            for part in (
                {**{name: each[name] for name in ("stream", "time", "a", "b")}, "id": i},
                {"stream": "s", "id": i, "label": each["label"]},
            )
        ]
    shard = fresh_shard(chosen)
    shard.process(decoded(chosen, log))
    score = shard.label_score(window=True)
    share = score.correct / score.count
    assert share > 0.95 if told_ahead else abs(share - 0.5) < 0.05


def test_without_a_lookahead_nothing_of_it_is_kept() -> None:
    chosen = label_settings(*FIELD)
    assert "lookahead" not in chosen._state()["model"]
    assert chosen.state_settings()["model.lookahead"] == 0
    assert not [name for name in fresh_shard(chosen).saved() if name.startswith("due")]
    assert b"answers" not in encode_predictions(fresh_shard(chosen).process(decoded(chosen, [event(0)]))[0], ())[0]
