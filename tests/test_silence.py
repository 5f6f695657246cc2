"""Sequences that silence ends get one answer for the whole, told by the stream's next event, and are learned from."""

from typing import Any

import msgspec
import numpy as np
import pytest

from streamrnn.events.encode import encode_predictions
from streamrnn.settings.schema import Settings
from tests.label_logs import decoded, fresh_shard, label_settings

FIELD = ["labels.mode=field", "labels.sequence=true", "sequences.gap=100", "streams.expire_after=null"]
LATER = [
    "labels.mode=delayed", "labels.sequence=true", "sequences.gap=100", "streams.expire_after=null",
    "labels.dead_letters=true",
]  # fmt: skip


def told(chosen: Settings, log: list[dict[str, object]]) -> list[dict[str, Any]]:
    predictions, _ = fresh_shard(chosen).process(decoded(chosen, log))
    return [msgspec.json.decode(line) for line in encode_predictions(predictions, chosen.target_names)]


def event(time: float, stream: str = "s", **more: object) -> dict[str, object]:
    return {"stream": stream, "time": time, "a": 1.0, "b": 0.0} | more


def session(start: float, label: str, place: int = 2) -> list[dict[str, object]]:
    """Three events ten seconds apart, one of them with the label."""
    return [event(start + 10 * i, **({"label": label} if i == place else {})) for i in range(3)]


def test_the_next_event_tells_the_answer_of_what_silence_ended() -> None:
    said = told(label_settings(*FIELD), session(0, "left") + session(1000, "bought") + session(2000, "left"))
    assert [each["ended"] is not None for each in said] == [False, False, False, True, False, False, True, False, False]
    assert said[3]["ended"]["offset"] == 2 and said[6]["ended"]["offset"] == 5
    then, now = said[5]["label"], said[6]["ended"]["label"]
    assert (now["answer"], now["baseline"]) == (then["answer"], then["baseline"])
    assert now["probabilities"] == then["probabilities"] | {"bought": 0.0}  # it was not known then
    assert said[6]["ended"]["settled_label"]["outcome"] == "bought"
    assert not any(each["final"] for each in said)


def test_the_label_may_stand_anywhere_in_the_sequence_and_the_newest_counts() -> None:
    first = [event(0, label="left"), event(10, label="bought"), event(20)]
    said = told(label_settings(*FIELD), [*session(-1000, "left"), *first, event(1000)])
    assert said[-1]["ended"]["settled_label"]["outcome"] == "bought"


def test_a_sequence_without_a_label_is_answered_and_teaches_nothing() -> None:
    chosen = label_settings(*FIELD)
    log = [*session(0, "left"), event(1000), event(2000)]
    said = told(chosen, log)
    assert said[-1]["ended"]["label"]["answer"] == "left" and said[-1]["ended"]["settled_label"] is None
    shard = fresh_shard(chosen)
    _, report = shard.process(decoded(chosen, log))
    assert report.labels is not None and report.labels.matched == 1 and shard.label_score().count == 0


def test_a_marked_end_is_final_and_silence_says_nothing_more_of_it() -> None:
    chosen = label_settings(*FIELD, "sequences.end=last")
    log = [event(0), event(10, label="left", last=True), event(1000), event(1010, label="left", last=True)]
    said = told(chosen, log)
    assert [each["final"] for each in said] == [False, True, False, True]
    assert [each["ended"] for each in said] == [None] * 4


def test_a_delayed_label_is_of_the_newest_event_of_its_sequence() -> None:
    chosen = label_settings(*LATER)
    log = [
        event(0, id=1), event(10, id=2), event(1000, id=3),
        {"stream": "s", "id": 2, "label": "left"}, {"stream": "s", "id": 1, "label": "left"},
    ]  # fmt: skip
    predictions, _ = fresh_shard(chosen).process(decoded(chosen, log))
    said = [msgspec.json.decode(line) for line in encode_predictions(predictions, ())]
    assert said[2]["ended"]["offset"] == 1
    assert said[3]["of"] == {"offset": 1, "id": "2", "events_ago": 1}
    assert [refusal.offset for refusal in predictions.refused] == [4]  # event 1 was not the last one


@pytest.mark.parametrize("kind", ["class", "number"])
def test_what_silence_ended_is_learned_as_a_marked_end_is(kind: str) -> None:
    """The same sequences, once with a mark on the last event and once without: the same is learned of them."""
    rng = np.random.default_rng(0)
    log: list[dict[str, object]] = []
    for i in range(400):
        sign = float(rng.choice([-1.0, 1.0]))
        label: object = ("up" if sign > 0 else "down") if kind == "class" else sign + 0.1 * float(rng.normal())
        for step in range(3):
            log.append(event(1000.0 * i + step, a=sign if step == 0 else 0.0, b=float(rng.normal()), last=step == 2))
        log[-1]["label"] = label
    log.append(event(1e6))
    common = [
        f"labels.kind={kind}", "labels.mode=field", "labels.sequence=true", "model.learning_rate=0.02",
        "streams.expire_after=null",
    ]  # fmt: skip
    marked, silent = label_settings(*common, "sequences.end=last"), label_settings(*common, "sequences.gap=100")
    scores = []
    for chosen in (marked, silent):
        shard = fresh_shard(chosen)
        shard.process(decoded(chosen, log))
        if kind == "class":
            found = shard.label_score(window=True)
            scores.append((found.count, found.correct / found.count, found.last_correct / found.count))
        else:
            (number,) = shard.scores(window=True).values()
            scores.append((number.count, number.absolute_error, number.baseline_absolute_error))
    assert scores[0] == pytest.approx(scores[1])
    if kind == "class":
        assert scores[1][1] > 0.9 > 0.1 + scores[1][2]
    else:
        assert scores[1][1] < 0.5 * scores[1][2]
