"""Drift in the loops: who is told, what is done about it, and that all of it is a function of the log."""

import numpy as np
import pytest

from streamrnn.events.columns import Events, Predictions
from streamrnn.observe.sensor import BatchReport
from streamrnn.rows import network
from streamrnn.rows.mixture import EXPERT_FIELDS, MixtureRows
from streamrnn.shard import Shard
from tests.helpers import PARTITION, events, restored, settings, walk

CHANGE = 3000
SMALL = ["anomaly.enabled=false", "forecast.levels=[]"]
ACTING = ["drift.stream=reset_mixture", "drift.shard=learning_rate", "drift.threshold=2", "drift.boost_records=50"]


def swing(n: int = 4000, change: int = CHANGE, seed: int = 0) -> np.ndarray:
    """What goes up comes down again, until it goes on instead."""
    rng = np.random.default_rng(seed)
    noise, values = rng.normal(size=n), np.zeros(n)
    for t in range(1, n):
        values[t] = (-0.9 if t < change else 0.9) * values[t - 1] + noise[t]
    return values


def interleaved(*series: np.ndarray) -> Events:
    """Streams s0, s1, ... in turn."""
    names = [f"s{i}" for i in range(len(series))] * len(series[0])
    return events(np.stack(series, 1).ravel(), names)


def shard(*overrides: str) -> Shard:
    return Shard(settings(*SMALL, *overrides), PARTITION)


def one_by_one(made: Shard, log: Events, first: int, last: int) -> list[BatchReport]:
    return [made.process(log.cut(at, at + 1))[1] for at in range(first, last)]


def drift_of(predictions: Predictions) -> np.ndarray:
    assert predictions.drift is not None
    return predictions.drift


def test_the_event_that_shows_it_carries_the_alarm_and_other_streams_none() -> None:
    log = interleaved(swing(), swing(change=10_000, seed=1), swing(change=10_000, seed=2))
    predictions, report = shard().process(log)
    told = np.flatnonzero(drift_of(predictions))
    assert {predictions.streams[at] for at in told} == {"s0"}
    assert CHANGE <= told[0] // 3 < CHANGE + 100
    assert report.drifts["stream"] == len(told)


def test_the_shards_alarm_is_of_the_networks_loss_and_counted_apart() -> None:
    made = shard("drift.stream=none")
    log = interleaved(*(swing(2000, 1500, seed) for seed in range(4)))
    _, quiet = made.process(log.cut(0, 4 * 1500))
    predictions, changed = made.process(log.cut(4 * 1500, 8000))
    assert quiet.drifts == {"stream": 0, "shard": 0}
    assert changed.drifts == {"stream": 0, "shard": 1}
    assert predictions.drift is None


def test_one_target_that_changes_is_enough() -> None:
    both = np.stack([swing(change=10_000, seed=1), swing()], 1)
    chosen = "events.features=[a,b]"
    predictions, _ = shard(chosen).process(events(both))
    assert drift_of(predictions)[CHANGE : CHANGE + 100].any()
    assert not drift_of(predictions)[:CHANGE].any()


def test_a_missing_value_neither_raises_nor_delays_by_much() -> None:
    values = swing()
    values[np.random.default_rng(3).random(len(values)) < 0.3] = np.nan
    predictions, _ = shard().process(events(values))
    told = np.flatnonzero(drift_of(predictions))
    assert len(told) > 0 and CHANGE <= told[0] < CHANGE + 200


def test_none_watches_nothing_and_keeps_nothing() -> None:
    made = shard("drift.stream=none", "drift.shard=none", "drift.threshold=1")
    _, report = made.process(events(swing()))
    assert report.drifts == {"stream": 0, "shard": 0}
    assert "drift" not in made.saved()


def test_watching_alone_changes_no_forecast() -> None:
    log = interleaved(swing(), swing(seed=5))
    watching, _ = shard("drift.threshold=1").process(log)
    blind, _ = shard("drift.stream=none", "drift.shard=none").process(log)
    assert drift_of(watching).any()
    np.testing.assert_array_equal(watching.forecasts, blind.forecasts)


def test_reset_mixture_weighs_the_experts_of_that_stream_anew_for_the_next_step() -> None:
    overrides = "drift.stream=reset_mixture", "forecast.horizons=[1,3]"
    log = interleaved(swing(), swing(change=10_000, seed=1))
    told = int(np.flatnonzero(drift_of(shard(*overrides).process(log)[0]))[0])
    made = shard(*overrides)
    made.process(log.cut(0, told))
    sizes = MixtureRows.from_settings(settings(*SMALL, *overrides))
    size = EXPERT_FIELDS * len(sizes.experts)
    squares = slice(sizes.accounts + len(sizes.experts), sizes.accounts + 2 * len(sizes.experts))
    far = slice(sizes.accounts + size, sizes.last_ring)
    before = made.saved()["mixture"].copy()
    made.process(log.cut(told, told + 1))
    after = made.saved()["mixture"]
    assert (before[0, squares] > 20).any()
    assert (after[0, squares] <= 400).all() and after[0, squares].sum() < 0.1 * before[0, squares].sum()
    assert (after[0, far] > 0).any()
    np.testing.assert_array_equal(after[1], before[1])


def test_learning_rate_is_raised_for_so_many_records_and_no_more() -> None:
    made = shard("drift.shard=learning_rate", "drift.boost=4", "drift.boost_records=37")
    log = events(swing())
    made.process(log.cut(0, CHANGE))
    reports = one_by_one(made, log, CHANGE, CHANGE + 300)
    first = next(at for at, report in enumerate(reports) if report.drifts["shard"])
    rates = [report.learning_rate for report in reports]
    assert set(rates[:first]) == {0.002}
    assert rates[first : first + 36] == [0.008] * 36  # what holds after the record: the 37th uses it up
    assert rates[first + 36] == 0.002


def test_a_raised_learning_rate_takes_larger_steps() -> None:
    log = events(swing())

    def learned(action: str) -> np.ndarray:
        made = shard(f"drift.shard={action}", "drift.boost=100")
        made.process(log.cut(0, CHANGE + 200))
        return made.saved()["network_weights"]

    assert np.abs(learned("learning_rate") - learned("report")).max() > 0.1


def test_reset_moments_starts_the_optimisers_memory_anew() -> None:
    made = shard("drift.shard=reset_moments")
    log = events(swing())
    made.process(log.cut(0, CHANGE))
    reports = one_by_one(made, log, CHANGE, CHANGE + 100)
    first = next(at for at, report in enumerate(reports) if report.drifts["shard"])
    steps = len(reports) - first  # one stream: a step at each record, the alarm's own included
    assert made.saved()["network_sums"][network.BETA2_POWER] == pytest.approx(0.999**steps)


@pytest.mark.parametrize("shard_action", ["learning_rate", "reset_moments"])
def test_cuts_and_restores_change_no_bit_with_actions_on(shard_action: str) -> None:
    chosen = settings("streams.max_live=4", *ACTING, f"drift.shard={shard_action}")
    log = walk(3000, 4)
    log.streams[2500:2510] = ["late"] * 10
    log.features[1800:] += np.random.default_rng(2).normal(size=(1200, 1)) * 10
    whole = Shard(chosen, PARTITION)
    at_once, report = whole.process(log)
    assert report.drifts["stream"] > 0 and report.drifts["shard"] > 0
    pieces = Shard(chosen, PARTITION)
    rng = np.random.default_rng(1)
    at, parts = 0, []
    while at < len(log):
        step = int(rng.integers(1, 200))
        parts.append(pieces.process(log.cut(at, at + step))[0])
        at += step
        pieces = restored(pieces, chosen)
    np.testing.assert_array_equal(np.concatenate([part.forecasts for part in parts]), at_once.forecasts)
    np.testing.assert_array_equal(np.concatenate([drift_of(part) for part in parts]), drift_of(at_once))
    assert pieces.digest() == whole.digest()


def test_a_stream_that_comes_after_another_in_its_slot_begins_anew() -> None:
    made = shard("streams.max_live=1")
    made.process(events(swing(2900, 2850)))
    made.process(events([1.0], ["b"], start=2900))
    assert not made.saved()["drift"].any()


@pytest.mark.parametrize("size", [5e-324, 1e-305, 1e-150, 1e-9, 1.0, 1e60, 1e100])
def test_values_of_any_size_leave_nothing_but_numbers(size: float) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=1500) * size
    values[500:600] = size
    values[rng.random(1500) < 0.1] = np.nan
    made = shard("events.max_magnitude=1e100", *ACTING)
    predictions, report = made.process(events(values, [f"s{i % 2}" for i in range(1500)]))
    for name, saved in made.saved().items():
        assert np.isfinite(saved).all(), name
    assert np.isfinite(predictions.forecasts[~np.isnan(predictions.baselines[:, 0]), 0]).all()
    assert np.isfinite(report.learning_rate)


@pytest.mark.parametrize("values", [np.zeros(3000), np.full(3000, 7.0), np.tile([0.0, 1.0], 1500)])
def test_constants_and_what_is_learned_by_heart_are_no_drift(values: np.ndarray) -> None:
    predictions, report = shard().process(events(values))
    assert not drift_of(predictions).any()
    assert report.drifts["shard"] == 0
