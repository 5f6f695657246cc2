"""Where sequences begin, and that nothing of the one before is left."""

import json

import numpy as np
import pytest

from streamrnn.events.encode import encode_predictions
from streamrnn.settings.schema import Settings
from tests.kernels.test_join import event
from tests.label_logs import decoded, fresh_shard, label_settings, records

SEQUENCES = ["labels.mode=field", "labels.sequence=true", "sequences.end=last"]


def answered(chosen: Settings, log: list[dict[str, object]]) -> list[dict[str, object]]:
    predictions, _ = fresh_shard(chosen).process(decoded(chosen, log))
    return [json.loads(answer) for answer in encode_predictions(predictions, chosen.target_names)]


def test_only_the_answer_at_the_end_is_final() -> None:
    found = answered(label_settings(*SEQUENCES), [event(i, i, last=i in (2, 5)) for i in range(7)])
    assert [record["final"] for record in found] == [False, False, True, False, False, True, False]


def test_without_sequences_every_answer_is_final() -> None:
    found = answered(label_settings("labels.mode=field", "sequences.end=last"), [event(i, i) for i in range(3)])
    assert all(record["final"] for record in found)


def test_a_sequence_is_learned_once_from_its_end() -> None:
    chosen = label_settings(*SEQUENCES)
    log = [event(i, i, last=i % 4 == 3, label="x") for i in range(40)]
    _, report = fresh_shard(chosen).process(decoded(chosen, log))
    assert report.labels is not None
    assert report.labels.matched == 10


@pytest.mark.parametrize(
    ("overrides", "break_it"),
    [(["sequences.end=last"], {"last": True}), (["sequences.gap=100"], {"gap": 101.0})],
)
def test_the_state_behind_an_end_is_zero_as_a_new_streams(overrides: list[str], break_it: dict[str, object]) -> None:
    chosen = label_settings("labels.mode=field", *overrides)
    gap = float(break_it.get("gap", 0.0))
    log = [event(i, i, "a", a=float(i), last=i == 4 and "last" in break_it) for i in range(5)]
    after = [event(9, 10 + gap + i, stream) for i in range(3) for stream in ("a", "b")]
    shard = fresh_shard(chosen)
    shard.process(decoded(chosen, log + after))
    rows = shard.saved()["network"].reshape(2, -1)
    hidden = 8 * chosen.model.k2 + 8  # units, of all steps that are held
    ours, theirs = (row[:hidden].reshape(-1, 8) for row in rows)
    steps = len(ours)
    assert (ours[5 % steps] == 0).all()
    assert (theirs[0] == 0).all()
    assert (ours[6 % steps] != 0).any()


def test_a_shorter_silence_ends_nothing() -> None:
    chosen = label_settings("labels.mode=field", "sequences.gap=100")
    shard = fresh_shard(chosen)
    shard.process(decoded(chosen, [event(0, 0.0), event(1, 100.0), event(2, 50.0), event(3, 150.0)]))
    assert shard.saved()["network_counts"][0, 0] == 4


def test_the_window_begins_anew_behind_an_end() -> None:
    chosen = label_settings("labels.mode=field", "sequences.end=last")
    shard = fresh_shard(chosen)
    shard.process(decoded(chosen, [event(i, i, last=i == 3) for i in range(6)]))
    assert shard.saved()["network_counts"][0, 0] == 2


def test_a_sequence_task_is_learned_that_no_single_event_tells() -> None:
    """The label is the sign of the first event of four; the others are noise."""
    chosen = label_settings(
        *SEQUENCES, "model.hidden_size=16", "scoring.window=2000", "streams.max_live=1", "streams.expire_after=null"
    )  # fmt: skip
    rng = np.random.default_rng(0)
    log, sign = [], 0.0
    for i in range(16_000):
        first = i % 4 == 0
        sign = rng.choice([-1.0, 1.0]) if first else sign
        seen = sign if first else rng.normal()
        log.append(event(i, i, a=seen, b=float(first), last=i % 4 == 3, label=bool(sign > 0)))
    shard = fresh_shard(chosen)
    shard.process(decoded(chosen, log))
    score = shard.label_score(window=True)
    assert score.correct > 0.95 * score.count
    assert score.last_correct < 0.6 * score.count


def test_every_mode_with_sequences_has_running_answers_between() -> None:
    chosen = label_settings(*SEQUENCES)
    found = answered(chosen, records(chosen, 200))
    assert sum(record["label"] is not None for record in found) > 150
