"""What the experts of classes say, and what is made of it, against plain sums."""

import math

import numpy as np
import pytest

from streamrnn.kernels.label_classes import LEANING, frequencies, last_label, likeliest
from streamrnn.rows.labels import CHANGED, CLASS_LABELS, CLASS_TALLIES, COMPARED
from streamrnn.shard import Shard
from tests.helpers import PARTITION
from tests.label_logs import MODES, decoded, label_settings, records


def tally(labels: int, compared: int, changed: int, *counts: int) -> np.ndarray:
    row = np.zeros(CLASS_TALLIES + len(counts), np.int64)
    row[[CLASS_LABELS, COMPARED, CHANGED]] = labels, compared, changed
    row[CLASS_TALLIES:] = counts
    return row


def test_without_labels_all_known_classes_are_equally_usual() -> None:
    out = np.empty(4)
    frequencies(tally(0, 0, 0, 0, 0, 0, 0), tally(0, 0, 0, 0, 0, 0, 0), 3, out)
    np.testing.assert_allclose(out, [1 / 3, 1 / 3, 1 / 3, 0])


def test_frequencies_lean_on_the_shard_as_on_two_labels() -> None:
    out = np.empty(2)
    frequencies(tally(8, 0, 0, 6, 2), tally(99, 0, 0, 24, 75), 2, out)
    common = (24 + 0.5) / 100
    assert out[0] == pytest.approx((6 + LEANING * common) / (8 + LEANING))
    assert out.sum() == pytest.approx(1)


def test_the_last_label_is_as_likely_as_labels_stay_the_same() -> None:
    out, usual = np.empty(3), np.array([0.5, 0.3, 0.2])
    last_label(tally(101, 100, 10, 50, 30, 21), tally(1000, 999, 499, 500, 300, 200), 0, usual, 3, out)
    change = (10 + LEANING * 499.5 / 1000) / (100 + LEANING)
    np.testing.assert_allclose(out, [1 - change, change * 0.6, change * 0.4])


def test_of_one_known_class_the_last_label_is_certain() -> None:
    out = np.empty(2)
    last_label(tally(1, 0, 0, 1, 0), tally(1, 0, 0, 1, 0), 0, np.array([1.0, 0.0]), 1, out)
    assert out.tolist() == [1.0, 0.0]


def test_of_equally_likely_classes_the_first_is_the_answer() -> None:
    assert likeliest(np.array([0.2, 0.4, 0.4]), 3) == 1


def test_the_mixture_is_not_much_worse_than_its_best_expert() -> None:
    chosen = label_settings(*MODES["field, class"], "streams.max_live=9", "streams.expire_after=null")
    shard = Shard(chosen, PARTITION)
    shard.process(decoded(chosen, records(chosen, 3000)))
    score = shard.label_score()
    best = min(score.last_log_loss, score.frequent_log_loss)
    assert score.log_loss < best + math.sqrt(score.count)
