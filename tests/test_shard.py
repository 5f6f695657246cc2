"""A shard is a function of its log: batches, restarts and bad luck change no bit."""

import numpy as np
import pytest

from streamrnn.rows.cells import NAMES
from streamrnn.shard import Shard
from tests.helpers import ALL_INPUTS, PARTITION, events, restored, settings, walk, with_traits

CROWDED = ["streams.max_live=6", "streams.expire_after=600"]


@pytest.mark.parametrize("inputs", [[], ALL_INPUTS], ids=["default", "all inputs"])
@pytest.mark.parametrize("cell", NAMES)
def test_poll_boundaries_change_no_bit(cell: str, inputs: list[str]) -> None:
    chosen = settings(*CROWDED, f"model.cell={cell}", *inputs)
    log = with_traits(chosen, walk(3000, 9))
    whole = Shard(chosen, PARTITION)
    at_once, _ = whole.process(log)
    pieces = Shard(chosen, PARTITION)
    rng = np.random.default_rng(1)
    forecasts, at = [], 0
    while at < len(log):
        step = int(rng.integers(1, 200))
        forecasts.append(pieces.process(log.cut(at, at + step))[0].forecasts)
        at += step
    np.testing.assert_array_equal(np.concatenate(forecasts), at_once.forecasts)
    assert pieces.digest() == whole.digest()


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["forecast.season=7", "forecast.long_season=21", "inputs.calendar=true"],
        ["model.k1=3", "forecast.interval=60"],
        ["experts.networks=[0.005]", "experts.linear=[0.99,1]", "forecast.levels=[0.5,0.9]"],
        ["model.cell=lstm", "model.k1=2"],
        ["model.cell=rnn"],
        ["model.cell=rnn_relu"],
        [*ALL_INPUTS, "forecast.season=7", "model.records_per_step=20", "streams.max_live=30"],
    ],
)
def test_restoring_saved_state_changes_no_bit(overrides: list[str]) -> None:
    chosen = settings(*CROWDED, *overrides)
    log = with_traits(chosen, walk(2000, 9))
    whole = Shard(chosen, PARTITION)
    whole.process(log)
    first = Shard(chosen, PARTITION)
    first.process(log.cut(0, 777))
    second = restored(first, chosen)
    second.process(log.cut(777, 2000))
    assert second.digest() == whole.digest()


def test_the_first_forecast_is_the_last_value() -> None:
    predictions, _ = Shard(settings(), PARTITION).process(events([5.0]))
    assert predictions.forecasts.tolist() == [[[5.0], [5.0]]]
    assert np.isnan(predictions.settled).all()


@pytest.mark.parametrize(
    "overrides", [["model.layers=2", "model.cell=lstm"], ["model.layer_norm=true"], ["model.layers=2", *ALL_INPUTS]]
)
def test_what_runs_on_torch_alone_can_be_cut_and_restored_too(overrides: list[str]) -> None:
    chosen = settings(*CROWDED, *overrides)
    log = with_traits(chosen, walk(120, 9))
    whole = Shard(chosen, PARTITION)
    whole.process(log)
    first = Shard(chosen, PARTITION)
    first.process(log.cut(0, 50))
    second = restored(first, chosen)
    second.process(log.cut(50, 80))
    second.process(log.cut(80, 120))
    assert second.digest() == whole.digest()


@pytest.mark.parametrize("cell", NAMES)
def test_it_learns_what_the_last_value_cannot_know(cell: str) -> None:
    wave = np.sin(np.arange(4000) * 2 * np.pi / 12)
    shard = Shard(settings(f"model.cell={cell}"), PARTITION)
    shard.process(events(wave))
    recent = shard.scores(window=True)["value"]
    assert recent.absolute_error < 0.2 * recent.baseline_absolute_error


@pytest.mark.parametrize(
    "overrides",
    [
        ["model.cell=rnn", "model.layers=2"],
        pytest.param(["model.cell=lstm", "model.layers=2", "model.layer_norm=true"], marks=pytest.mark.slow),
        pytest.param(["model.cell=rnn", "model.layers=4", "model.layer_norm=true"], marks=pytest.mark.slow),
        ["model.cell=rnn_relu", "model.layer_norm=true"],
        pytest.param(["model.layers=2"], marks=pytest.mark.slow),
    ],
)
def test_layers_and_layer_norm_learn(overrides: list[str]) -> None:
    wave = np.sin(np.arange(300) * 2 * np.pi / 12)
    shard = Shard(settings(*overrides), PARTITION)
    shard.process(events(wave))
    recent = shard.scores(window=True)["value"]
    assert recent.absolute_error < 0.2 * recent.baseline_absolute_error


def test_scores_are_of_the_published_forecasts() -> None:
    predictions, report = Shard(settings(), PARTITION).process(walk(500, 4))
    error = predictions.outcomes - predictions.settled[:, 0]
    score = report.scores["value", 1]
    assert score.count == np.isfinite(error).sum()
    assert score.absolute_error == pytest.approx(np.nansum(np.abs(error)))
    assert score.squared_error == pytest.approx(np.nansum(error**2))


@pytest.mark.parametrize("cell", NAMES)
def test_extreme_values_leave_every_number_finite(cell: str) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=2000) * 10.0 ** rng.integers(-300, 15, 2000)
    values[rng.random(2000) < 0.2] = np.nan
    shard = Shard(settings("model.learning_rate=0.5", f"model.cell={cell}", "forecast.season=6"), PARTITION)
    predictions, _ = shard.process(events(values, [f"s{i % 3}" for i in range(2000)]))
    for name, saved in shard.saved().items():
        assert np.isfinite(saved).all(), name
    known = ~np.isnan(predictions.baselines[:, 0])
    assert np.isfinite(predictions.forecasts[known]).all()


def test_a_missing_value_settles_nothing_and_a_later_one_settles_the_newest_forecast() -> None:
    predictions, _ = Shard(settings(), PARTITION).process(events([1.0, np.nan, 4.0]))
    assert np.isnan(predictions.settled[1, 0, 0])
    assert predictions.settled[2, 0, 0] == 1.0


def test_no_model_answers_every_event_with_no_forecast() -> None:
    predictions, report = Shard(settings("model.kind=none"), PARTITION).process(events([1.0, 2.0]))
    assert len(predictions) == 2
    assert np.isnan(predictions.forecasts).all()
    assert report.events == 2


@pytest.mark.parametrize("size", [1e-140, 1e-158, 1e-169, 1e-173, 1e-305, 5e-324, 1e90])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_values_of_any_size_leave_nothing_but_numbers(size: float, precision: str) -> None:
    shard = Shard(settings(f"model.precision={precision}", "events.max_magnitude=1e100"), PARTITION)
    values = np.random.default_rng(0).normal(size=200) * size
    predictions, _ = shard.process(events(values))
    assert np.isfinite(predictions.forecasts).all()
    for name, saved in shard.saved().items():
        assert np.isfinite(saved).all(), name
