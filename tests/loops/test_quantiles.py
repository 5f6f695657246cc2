"""Quantiles from the log to the published ones: in shards that are cut, restored and ill-treated."""

import numpy as np
import pytest

from streamrnn.rows.cells import NAMES
from streamrnn.rows.quantiles import QuantileRows
from streamrnn.settings import SettingsError
from streamrnn.shard import Shard
from tests.helpers import PARTITION, events, restored, settings, walk

CROWDED = ["model.head=quantiles", "streams.max_live=6", "streams.expire_after=600", "anomaly.enabled=false"]


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["forecast.interval=60", "forecast.levels=[]", "model.quantiles=[0.5,0.9]"],
        *(pytest.param([f"model.cell={cell}"], marks=pytest.mark.slow) for cell in NAMES[1:]),
    ],
)
def test_neither_cuts_nor_a_restored_snapshot_change_a_bit(overrides: list[str]) -> None:
    chosen = settings(*CROWDED, *overrides)
    log = walk(1500, 9)
    whole = Shard(chosen, PARTITION)
    at_once, _ = whole.process(log)
    first = Shard(chosen, PARTITION)
    found = [first.process(log.cut(0, 401))[0].quantiles]
    second = restored(first, chosen)
    for start, end in ((401, 402), (402, 900), (900, 1500)):
        found.append(second.process(log.cut(start, end))[0].quantiles)
    np.testing.assert_array_equal(np.concatenate(found), at_once.quantiles)
    assert second.digest() == whole.digest()


def test_extreme_values_leave_numbers_that_are_finite_and_quantiles_that_rise() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=2000) * 10.0 ** rng.integers(-300, 15, 2000)
    values[rng.random(2000) < 0.2] = np.nan
    shard = Shard(settings("model.head=quantiles", "model.learning_rate=0.5"), PARTITION)
    predictions, _ = shard.process(events(values, [f"s{i % 3}" for i in range(2000)]))
    for name, saved in shard.saved().items():
        assert np.isfinite(saved).all(), name
    found = predictions.quantiles[~np.isnan(predictions.quantiles).any(axis=2)]
    assert len(found) > 1900
    assert np.isfinite(found).all()
    assert (np.diff(found, axis=1) >= 0).all()


def test_the_outermost_quantiles_can_be_told_and_none_beyond() -> None:
    shard = Shard(settings("model.head=quantiles", "model.quantiles=[0.000001,0.5,0.999999]"), PARTITION)
    found = shard.process(walk(200, 1, missing=0.0))[0].quantiles
    assert np.isfinite(found[2:]).all() and (np.diff(found[2:], axis=2) >= 0).all()
    for shares in ("[1e-7,0.5]", "[0.5,0.9999999]"):
        with pytest.raises(SettingsError):
            settings("model.head=quantiles", f"model.quantiles={shares}")


def test_as_many_outcomes_fall_below_each_quantile_as_it_says() -> None:
    rng = np.random.default_rng(1)
    wide = np.exp(np.sin(np.arange(6000) / 50))  # the spread of changes comes and goes
    shard = Shard(settings("model.head=quantiles", "anomaly.enabled=false"), PARTITION)
    shard.process(events(np.cumsum(rng.laplace(size=6000) * wide)))
    for (_, share), score in shard.quantile_scores().items():
        assert score.below / score.count == pytest.approx(share, abs=0.03)
        assert score.pinball_loss < 1.03 * score.baseline_pinball_loss


def test_a_young_stream_has_no_quantiles_before_its_first_change() -> None:
    predictions, report = Shard(settings("model.head=quantiles"), PARTITION).process(events([5.0, np.nan, 6.0, 8.0]))
    assert np.isnan(predictions.quantiles[:2]).all()
    assert not np.isnan(predictions.quantiles[2:]).any()
    assert {score.count for score in report.quantiles.values()} == {1}


def test_bounds_belong_to_their_quantiles_however_those_lie() -> None:
    rows = QuantileRows(1, (0.1, 0.5, 0.8, 0.9))
    assert rows.levels == (0.0, 0.6, 0.8)
    assert rows.places == [2, 0, 1, 2]
    assert rows.sides.tolist() == [0.0, 0.5, 1.0, 1.0]


def test_other_heads_have_none() -> None:
    shard = Shard(settings(), PARTITION)
    predictions, report = shard.process(events([1.0, 2.0]))
    assert predictions.quantiles is None
    assert not report.quantiles and not report.distributions and not shard.quantile_scores()


@pytest.mark.parametrize("head", ["quantiles", "gaussian"])
def test_without_a_model_a_head_says_nothing(head: str) -> None:
    predictions, _ = Shard(settings("model.kind=none", f"model.head={head}"), PARTITION).process(events([1.0, 2.0]))
    assert (predictions.quantiles, predictions.parameters, predictions.distribution) == (None, None, None)


@pytest.mark.parametrize("head", ["gaussian", "student_t"])
def test_distributions_too_can_be_cut_and_restored(head: str) -> None:
    chosen = settings(*CROWDED[1:], f"model.head={head}")
    log = walk(240, 9)
    whole = Shard(chosen, PARTITION)
    at_once, _ = whole.process(log)
    first = Shard(chosen, PARTITION)
    first.process(log.cut(0, 100))
    second = restored(first, chosen)
    second.process(log.cut(100, 101))
    rest, _ = second.process(log.cut(101, 240))
    np.testing.assert_array_equal(rest.parameters, at_once.parameters[101:])
    assert second.digest() == whole.digest()
