"""The last known label, and the scale of labels that are numbers."""

import json
from itertools import pairwise

import numpy as np
import pytest

from streamrnn.events.encode import encode_predictions
from tests.kernels.test_join import delayed, event, label
from tests.label_logs import decoded, fresh_shard, label_settings


def baselines(*log: dict[str, object]) -> list[float | None]:
    chosen = delayed("labels.kind=number")
    predictions, _ = fresh_shard(chosen).process(decoded(chosen, list(log)))
    answers = map(json.loads, encode_predictions(predictions, chosen.target_names))
    return [each["forecasts"][0]["baseline"] for each in answers if each["forecasts"]]


def test_the_last_known_label_is_that_of_the_newest_event_that_has_one() -> None:
    log = [event(1), event(2), label(2, 20.0), event(3), label(1, 10.0), event(4), label(4, 40.0), event(5)]
    assert baselines(*log) == [None, None, 20.0, 20.0, 40.0]


def test_a_stream_without_labels_starts_from_the_mean_of_its_shards() -> None:
    log = [event(1), label(1, 10.0), event(2), label(2, 20.0), event(3, stream="b"), label(3, 7.0, stream="b"),
           event(4, stream="b")]  # fmt: skip
    assert baselines(*log) == [None, 10.0, 15.0, 7.0]


def test_the_unit_is_what_the_last_known_label_errs_by() -> None:
    chosen = label_settings("labels.mode=field", "labels.kind=number")
    values = np.random.default_rng(0).normal(size=50).tolist()
    log = [event(i, float(i), label=value) for i, value in enumerate(values)]
    shard = fresh_shard(chosen)
    shard.process(decoded(chosen, log))
    from streamrnn.rows import labels as at

    row = shard.saved()["known"][0]
    errors = [later - earlier for earlier, later in pairwise(values)]
    assert row[at.SQUARED_ERROR] == pytest.approx(np.mean(np.square(errors)))
    assert row[at.ABSOLUTE_ERROR] == pytest.approx(np.mean(np.abs(errors)))
    assert row[at.MEAN] == pytest.approx(np.mean(values))
    assert row[at.VARIANCE] == pytest.approx(np.var(values))
