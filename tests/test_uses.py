"""What the presets for handwriting and speech promise: more than a naive answer, by what was carried, for any polls."""

import random

import numpy as np
import pytest

from benchmarks.handwriting import Hand, Judge
from benchmarks.uses import (
    Spoken,
    decoded,
    nearest_frames,
    nearest_strokes,
    of_frames,
    preset_settings,
    scene,
    strokes,
    strokes_on_the_way,
)
from streamrnn.events.encode import encode_predictions
from streamrnn.shard import Shard
from tests.helpers import PARTITION

USES = ("strokes", "frames")
DIGITS, SPOKEN = 50_000, 30_000  # records


def test_digits_are_told_and_by_their_movements_alone_they_are_not() -> None:
    lines = scene("strokes", DIGITS)
    told = strokes(lines)
    assert told > 0.85
    assert nearest_strokes(lines) < told / 2
    fewer = lines[: DIGITS // 2]
    assert strokes(fewer, "model.k2=1", carry=False) < strokes(fewer) - 0.2


def test_a_digit_is_told_while_it_is_drawn_once_such_answers_are_learned_too() -> None:
    lines = scene("strokes", DIGITS)
    quarters = strokes_on_the_way(lines)
    assert sorted(quarters) == quarters and quarters[1] > 0.6
    assert strokes_on_the_way(lines, "labels.running=0")[1] < 0.4


def test_a_digit_that_is_drawn_on_request_is_told_as_that_digit() -> None:
    hand = Hand(preset_settings("handwriting", "model.cell=gru"), scene("handwriting", 3000))
    assert hand.bits < 0.6 * hand.usual
    drawn = [hand.draw(digit, seed, 0.6) for digit in "0123456789" for seed in range(3)]
    right = Judge(preset_settings("strokes"), DIGITS).right(drawn)
    assert right > 0.5  # .1 by chance


def test_frames_without_labels_are_told_better_than_one_by_one() -> None:
    spoken = Spoken.of(SPOKEN)
    told = of_frames(spoken)
    assert told > 0.7
    assert told > nearest_frames(spoken) + 0.05
    assert told > of_frames(spoken, "model.k2=1", carry=False) + 0.03


def test_where_the_label_before_helps_frames_without_one_are_lost() -> None:
    spoken = Spoken.of(SPOKEN)
    assert of_frames(spoken, "labels.last=true") < of_frames(spoken) - 0.15


def test_frames_are_told_better_by_those_that_follow() -> None:
    spoken = Spoken.of(SPOKEN)
    assert of_frames(spoken, "model.lookahead=4") > of_frames(spoken) + 0.03


@pytest.mark.parametrize("preset", USES)
def test_poll_boundaries_change_no_bit(preset: str) -> None:
    chosen = preset_settings(preset)
    log = decoded(chosen, scene(preset, 3000))
    whole, pieces = Shard(chosen, PARTITION), Shard(chosen, PARTITION)
    expected = encode_predictions(whole.process(log)[0], chosen.target_names)
    source, found, at = random.Random(1), [], 0
    while at < len(log):
        step = source.randrange(1, 400)
        found += encode_predictions(pieces.process(log.cut(at, at + step))[0], chosen.target_names)
        at += step
    assert found == expected
    assert pieces.digest() == whole.digest()


@pytest.mark.parametrize("preset", USES)
def test_a_record_that_is_refused_changes_no_other_answer(preset: str) -> None:
    chosen = preset_settings(preset)
    lines = scene(preset, 1000)
    bad = [b"{", lines[0].replace(b'"label":', b'"label":[],"x":'), lines[0].replace(b'"stream":', b'"stream":[],"x":')]
    mixed = [line for number, each in enumerate(lines) for line in ([] if number % 7 else [bad[number % 3]]) + [each]]
    log = decoded(chosen, mixed)
    assert len(log.rejects) == len(mixed) - len(lines) > 100
    plain, among = (Shard(chosen, PARTITION).process(each)[0].labels for each in (decoded(chosen, lines), log))
    assert plain is not None and among is not None
    np.testing.assert_array_equal(plain.probabilities, among.probabilities)
