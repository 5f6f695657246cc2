"""What the network sees: each input by its name, scaled as said, and nothing of what is withheld."""

import numpy as np
import pytest

from streamrnn.events.columns import Events
from streamrnn.events.traits import TraitFields
from streamrnn.loops.batch import Batch
from streamrnn.loops.chain import Chain
from streamrnn.network.forecaster import initial_weights
from streamrnn.rows.network import NetworkRows
from streamrnn.rows.scale import ScaleRows
from streamrnn.settings.schema import Settings
from streamrnn.shard import Shard
from streamrnn.streams.index import StreamIndex
from tests.helpers import ALL_INPUTS, PARTITION, events, settings, walk, with_traits


def seen(chosen: Settings, log: Events) -> np.ndarray:
    """float64[n, inputs] of a whole chain."""
    chain = Chain(chosen, initial_weights(NetworkRows.from_settings(chosen), 0, chosen.model.precision))
    assigned = StreamIndex(chosen).assign(log)
    batch = Batch(assigned.slots, assigned.fresh, assigned.live, log.times, log.features, np.arange(len(log)) + 1)
    batch.offsets = log.offsets
    if log.traits is not None:
        batch.traits = log.traits
    chain.process(batch)
    return batch.inputs


NO_NUMBERS = ["inputs.level=false", "inputs.change=false", "inputs.missing=false", "inputs.error=false"]


def test_each_choice_leaves_the_other_inputs_as_they_are() -> None:
    # In the order in which they stand: the columns of each, of two features that are both targets.
    columns = {"level": [0, 3], "change": [1, 4], "missing": [2, 5], "seasonal": [6, 7, 8, 9], "error": [10, 11]}
    usual = ["events.features=[a,b]", "forecast.season=5"]
    log = walk(300, 3, features=2)
    whole = seen(settings(*usual), log)
    assert whole.shape[1] == 12
    for name, gone in columns.items():
        rest = seen(settings(*usual, f"inputs.{name}=false"), log)
        np.testing.assert_array_equal(rest, np.delete(whole, gone, axis=1), err_msg=name)


def test_more_inputs_stand_between_the_old_ones_and_the_ridges_error() -> None:
    chosen = settings("inputs.elapsed=true", "inputs.booleans=[open, hot]", "inputs.calendar=true")
    log = walk(200, 3)
    usual, found = seen(settings("inputs.calendar=true"), log), seen(chosen, with_traits(chosen, log))
    assert log.traits is not None and ScaleRows.from_settings(chosen).inputs == found.shape[1] == 11
    np.testing.assert_array_equal(found[:, :7], usual[:, :7])
    np.testing.assert_array_equal(found[:, 8:10], log.traits.booleans)
    np.testing.assert_array_equal(found[:, 10], usual[:, 7])


def test_the_time_between_events_is_the_running_z_score_of_its_logarithm() -> None:
    rng = np.random.default_rng(0)
    gaps = np.exp(rng.normal(3, 2, 400))
    log = events(rng.normal(size=401), times=np.concatenate([[0.0], np.cumsum(gaps)]))
    found = seen(settings(*NO_NUMBERS, "inputs.elapsed=true"), log)[:, 0]
    logs = np.log(np.diff(log.times))
    expected = [(logs[i] - logs[: i + 1].mean()) / (logs[: i + 1].std() + 0.01) for i in range(400)]
    assert found[0] == 0.0
    np.testing.assert_allclose(found[1:], np.clip(expected, -8, 8), atol=1e-9)


def test_events_at_even_times_are_no_news_though_clocks_round() -> None:
    log = events(np.arange(200.0), times=1.7e9 + 0.1 * np.arange(200))
    assert np.abs(seen(settings(*NO_NUMBERS, "inputs.elapsed=true"), log)).max() < 0.01


def test_times_that_go_back_or_stand_still_leave_numbers() -> None:
    times = np.random.default_rng(0).normal(size=500).cumsum() // 1
    found = seen(settings(*NO_NUMBERS, "inputs.elapsed=true"), events(np.ones(500), times=times))
    assert np.isfinite(found).all() and np.abs(found).max() <= 8


def test_of_what_is_withheld_no_input_tells_anything() -> None:
    chosen = settings("events.features=[a,b]", "events.withheld=[b]", "forecast.season=5", *ALL_INPUTS)
    log = with_traits(chosen, walk(400, 3, features=2))
    noise = walk(400, 3, features=2, seed=5).features[:, 1]
    other = log.cut(0, len(log))
    other.features = np.column_stack([log.features[:, 0], noise])
    np.testing.assert_array_equal(seen(chosen, log), seen(chosen, other))
    shown = settings("events.features=[a,b]", "forecast.season=5", *ALL_INPUTS)
    assert (seen(shown, log) != seen(shown, other)).any()


def test_an_outcome_to_come_changes_no_forecast_made_before() -> None:
    chosen = settings(*ALL_INPUTS)
    log = with_traits(chosen, walk(300, 1, missing=0.0))
    other = log.cut(0, len(log))
    assert other.traits is not None and log.traits is not None
    other.features = log.features.copy()
    other.features[200:] += 100.0
    other.traits = log.traits.take(np.r_[0:200, 299:199:-1])
    ours, theirs = (Shard(chosen, PARTITION).process(each)[0].forecasts for each in (log, other))
    np.testing.assert_array_equal(ours[:200], theirs[:200])
    assert (ours[200:] != theirs[200:]).any()


@pytest.mark.parametrize("cell", ["gru", "rnn"])
def test_a_category_tells_what_numbers_cannot(cell: str) -> None:
    rng = np.random.default_rng(0)
    n = 3000
    kinds = rng.integers(0, 4, n)
    values = np.concatenate([[0.0], np.array([-3.0, -1.0, 1.0, 3.0])[kinds[:-1]]]) + 0.1 * rng.normal(size=n)
    chosen = settings("inputs.categories={kind: [a, b, c]}", f"model.cell={cell}", "streams.max_live=2")
    fields = TraitFields.from_settings(chosen)
    assert fields is not None
    log = events(values)
    log.traits = fields.traits([], [[("a", "b", "c", "d")[kind] for kind in kinds]], refuse=lambda row, why: None)
    shard = Shard(chosen, PARTITION)
    shard.process(log)
    score = shard.scores(window=True)["value"]
    assert score.absolute_error < 0.15 * score.baseline_absolute_error


def test_values_that_never_came_keep_their_embeddings() -> None:
    chosen = settings("inputs.categories={kind: [a, b, c]}")
    log = walk(300, 3)
    fields = TraitFields.from_settings(chosen)
    assert fields is not None
    log.traits = fields.traits([], [["a"] * 300], refuse=lambda row, why: None)
    shard = Shard(chosen, PARTITION)
    before = shard.saved()["network_weights"][-40:].reshape(5, 8).copy()
    shard.process(log)
    after = shard.saved()["network_weights"][-40:].reshape(5, 8)
    assert (before != after).any(axis=1).tolist() == [False, False, True, False, False]
