"""A shard that learns from labels is a function of its log, in every mode: batches, restarts and the future change no
bit of what was answered."""

import json
import math
import random
from typing import Any

import numpy as np
import pytest

from streamrnn.events.columns import Events
from streamrnn.events.encode import encode_predictions
from streamrnn.settings.schema import Settings
from streamrnn.shard import Shard
from tests.helpers import restored
from tests.label_logs import MODES, decoded, fresh_shard, label_settings, records

each_mode = pytest.mark.parametrize("mode", MODES)


def answers(shard: Shard, chosen: Settings, events: Events) -> list[bytes]:
    predictions, _ = shard.process(events)
    return encode_predictions(predictions, chosen.target_names)


@each_mode
def test_poll_boundaries_change_no_bit(mode: str) -> None:
    chosen = label_settings(*MODES[mode])
    log = decoded(chosen, records(chosen, 1500))
    whole, pieces = fresh_shard(chosen), fresh_shard(chosen)
    expected = answers(whole, chosen, log)
    found, at, source = [], 0, random.Random(1)
    while at < len(log):
        step = source.randrange(1, 90)
        found += answers(pieces, chosen, log.cut(at, at + step))
        at += step
    assert found == expected
    assert pieces.digest() == whole.digest()


@each_mode
def test_restoring_saved_state_changes_no_bit(mode: str) -> None:
    chosen = label_settings(*MODES[mode])
    log = decoded(chosen, records(chosen, 1000))
    whole, first = fresh_shard(chosen), fresh_shard(chosen)
    expected = answers(whole, chosen, log)[601:]
    first.process(log.cut(0, 601))
    second = restored(first, chosen)
    assert answers(second, chosen, log.cut(601, len(log))) == expected
    assert second.digest() == whole.digest()


@each_mode
def test_a_frozen_state_is_the_saved_one(mode: str) -> None:
    chosen = label_settings(*MODES[mode])
    log = decoded(chosen, records(chosen, 400))
    shard = fresh_shard(chosen)
    shard.process(log.cut(0, 200))
    saved = {name: values.copy() for name, values in shard.saved().items()}
    frozen = shard.freeze()
    shard.process(log.cut(200, len(log)))
    blocks = [(name, block) for name, _, block in frozen.blocks()]
    found = dict(frozen.small()) | {name: np.concatenate([b for n, b in blocks if n == name]) for name, _ in blocks}
    assert found.keys() == saved.keys()
    for name, values in saved.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


@each_mode
def test_noise_after_an_origin_changes_no_earlier_answer(mode: str) -> None:
    chosen = label_settings(*MODES[mode])
    log = records(chosen, 600)
    origin, source = 500, random.Random(2)
    noisy = [dict(record) for record in log]
    for record in noisy[origin:]:
        record |= {name: source.gauss(0, 50) for name in ("a", "b") if name in record}
        if isinstance(record.get("label"), float):
            record["label"] = source.gauss(0, 50)
        elif record.get("label"):
            record["label"] = source.choice(["up", "down", "flat"])
    before, after = (answers(fresh_shard(chosen), chosen, decoded(chosen, each)) for each in (log, noisy))
    assert before[:origin] == after[:origin]
    assert before[origin:] != after[origin:]


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode.startswith("field")])
def test_an_events_own_label_changes_nothing_of_its_answer(mode: str) -> None:
    chosen = label_settings(*MODES[mode])
    log = records(chosen, 301)
    other = [*log[:300], log[300] | {"label": None}]
    with_label, without = (
        json.loads(answers(fresh_shard(chosen), chosen, decoded(chosen, each))[300]) for each in (log, other)
    )
    assert with_label["of"] is not None and without["of"] is None
    for name in ("label", "forecasts"):
        assert with_label[name] == without[name]


def test_without_the_hint_no_answer_says_what_the_label_before_was() -> None:
    # Labels come in runs of ten and the features tell nothing: only the label before could.
    chosen = label_settings("labels.mode=field", "labels.last=false", "labels.classes=[a,b]")
    log = [{"stream": "s", "time": i, "a": 0.0, "b": 0.0, "label": "ab"[i // 10 % 2]} for i in range(2000)]
    found = [json.loads(each) for each in answers(fresh_shard(chosen), chosen, decoded(chosen, log))]
    late = [each["settled_label"] for each in found[1000:]]
    assert sum(each["answer"] == each["outcome"] for each in late) < 700
    assert {each["baseline"] for each in late} == {"a"}  # the most frequent: it came first, and b never overtakes it
    hinted = label_settings("labels.mode=field", "labels.classes=[a,b]")
    told = [json.loads(each) for each in answers(fresh_shard(hinted), hinted, decoded(hinted, log))]
    assert sum(each["settled_label"]["answer"] == each["settled_label"]["outcome"] for each in told[1000:]) > 850


@each_mode
@pytest.mark.parametrize("letters", ["false", "true"])
def test_every_record_gives_one_answer_or_one_dead_letter(mode: str, letters: str) -> None:
    delayed = "labels.mode=delayed" in MODES[mode]
    chosen = label_settings(*MODES[mode], *([f"labels.dead_letters={letters}"] if delayed else []))
    log = decoded(chosen, records(chosen, 500))
    predictions, report = fresh_shard(chosen).process(log)
    answered, refused = predictions.offsets.tolist(), [each.offset for each in predictions.refused]
    assert sorted(answered + refused) == log.offsets.tolist()
    assert answered == sorted(answered)
    assert report.labels is not None
    assert len(refused) == (report.labels.late + report.labels.unmatched if delayed and letters == "true" else 0)
    assert report.labels.matched > 50


@each_mode
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_values_of_any_size_leave_nothing_but_numbers(mode: str, precision: str) -> None:
    chosen = label_settings(*MODES[mode], f"model.precision={precision}", "model.learning_rate=0.5",
                            "events.max_magnitude=1e100")  # fmt: skip
    source = random.Random(3)
    log = records(chosen, 500)
    for record in log:
        for name in ("a", "b", "label"):
            if isinstance(record.get(name), float):
                record[name] = source.gauss(0, 1) * 10.0 ** source.randrange(-305, 100)
    shard = fresh_shard(chosen)
    for answer in answers(shard, chosen, decoded(chosen, log)):
        assert b"NaN" not in answer
    for name, saved in shard.saved().items():
        assert np.isfinite(saved).all(), name


def parts(made: list[bytes]) -> list[dict[str, Any]]:
    """The records, and what they tell of sequences that silence ended, and of events whose answers waited."""
    found = [json.loads(record) for record in made]
    late = [each for record in found for each in record.get("answers", [])]
    return found + late + [record["ended"] for record in found if record["ended"] is not None]


@each_mode
def test_scores_are_of_the_published_answers(mode: str) -> None:
    chosen = label_settings(*MODES[mode])
    shard = fresh_shard(chosen)
    found = parts(answers(shard, chosen, decoded(chosen, records(chosen, 800))))
    if chosen.labels.kind == "number":
        score = shard.scores()["label"]
        errors = [each["error"] for record in found for each in record["settled"]]
        assert score.count == len(errors)
        assert score.absolute_error == pytest.approx(sum(map(abs, errors)))
        return
    settled = [record["settled_label"] for record in found if record["settled_label"] is not None]
    classes = shard.label_score()
    assert classes.count == len(settled)
    assert classes.correct == sum(each["answer"] == each["outcome"] for each in settled)
    assert classes.last_correct == sum(each["baseline"] == each["outcome"] for each in settled)
    losses = [-math.log(max(each["probability"], 0.001)) for each in settled]
    assert classes.log_loss == pytest.approx(sum(losses))


@each_mode
def test_what_a_label_settles_is_what_was_answered_to_its_event(mode: str) -> None:
    chosen = label_settings(*MODES[mode])
    made = answers(fresh_shard(chosen), chosen, decoded(chosen, records(chosen, 800)))
    found = {record["source"]["offset"]: record for record in map(json.loads, made)}
    waited = {each["offset"]: each for record in found.values() for each in record.get("answers", [])}
    settling = [(record["of"]["offset"], record) for record in found.values() if record["of"] is not None]
    settling += [(part["offset"], part) for part in parts(made)[len(made) :]]
    assert len(settling) > 50
    for offset, record in settling:
        assert "stream" not in record or found[offset]["stream"] == record["stream"]
        event = waited.get(offset, found[offset])
        for settled in record["settled"]:
            assert settled["forecast"] == event["forecasts"][0]["forecast"]
            assert settled["baseline"] == event["forecasts"][0]["baseline"]
        if record["settled_label"] is not None and event["label"] is not None:
            settled = record["settled_label"]
            assert settled["answer"] == event["label"]["answer"]
            assert settled["baseline"] == event["label"]["baseline"]
            assert settled["probability"] == event["label"]["probabilities"].get(settled["outcome"], 0.0)


@pytest.mark.parametrize("mode", [mode for mode in MODES if "class" in mode or "listed" in mode])
def test_probabilities_are_of_all_known_classes_and_sum_to_one(mode: str) -> None:
    chosen = label_settings(*MODES[mode])
    made = answers(fresh_shard(chosen), chosen, decoded(chosen, records(chosen, 600)))
    labels = [record["label"] for record in parts(made) if record["label"] is not None]
    assert len(labels) > (200 if chosen.model.lookahead else 400)
    for label in labels:
        assert sum(label["probabilities"].values()) == pytest.approx(1.0, abs=1e-5)
        assert label["probabilities"][label["answer"]] == max(label["probabilities"].values())
    assert set(labels[-1]["probabilities"]) == {"up", "down", "flat"}


@pytest.mark.parametrize("mode", ["field, class", "field, number"])
def test_it_learns_what_the_last_label_cannot_know(mode: str) -> None:
    chosen = label_settings(*MODES[mode], "streams.max_live=9", "streams.expire_after=null", "scoring.window=2000")
    shard = fresh_shard(chosen)
    shard.process(decoded(chosen, records(chosen, 12_000)))
    if chosen.labels.kind == "number":
        score = shard.scores(window=True)["label"]
        assert score.absolute_error < 0.7 * score.baseline_absolute_error
        return
    classes = shard.label_score(window=True)
    assert classes.count - classes.correct < 0.6 * (classes.count - classes.last_correct)
