"""The compiled engine computes what torch with autograd computes, record by record."""

import random

import numpy as np
import pytest

from streamrnn.events.columns import Events
from streamrnn.loops.batch import Batch
from streamrnn.loops.chain import Chain
from streamrnn.network.forecaster import initial_weights
from streamrnn.rows import mixture, network
from streamrnn.rows.cells import NAMES, WINDOWED
from streamrnn.rows.network import NetworkRows
from streamrnn.settings.schema import Settings
from streamrnn.streams.index import StreamIndex
from tests.helpers import ALL_INPUTS, events, settings, walk, with_traits

VARIANTS = [
    [],
    ['events.features=["a","b","c"]', 'events.targets=["c","a"]', 'events.withheld=["a"]'],
    ["experts.networks=[0.005]", "forecast.horizons=[1,3,9]", "forecast.season=4", "forecast.long_season=12"],
    ALL_INPUTS,
    ["model.cell=lru", *ALL_INPUTS],
]


# torch takes its time, and other cells in float64 compile for long: these run with the slow tests.
MORE = [
    ["model.k1=3", "model.k2=5"],
    ["model.k1=8"],
    ["model.loss=l1"],
    ["inputs.calendar=true", "forecast.season=6"],
    ["model.records_per_step=1", "model.clip_norm=0.1"],
    ["model.hidden_size=32", "streams.max_live=3"],
    ["forecast.interval=40"],
    ["inputs.categories={shop: 5}", "model.k1=2", "inputs.level=false", "inputs.missing=false", "inputs.error=false"],
    ["experts.ridge=false", "experts.linear=[]", "forecast.levels=[]", "forecast.horizons=[1]"],
    ["model.cell=lstm"],
    ["model.cell=lstm", "model.k1=3", "model.k2=5", "forecast.season=6", "model.loss=l1"],
    ["model.cell=lstm", 'events.features=["a","b","c"]', 'events.targets=["c","a"]', "streams.max_live=3"],
    ["model.cell=rnn"],
    ["model.cell=rnn", "model.k1=8", "inputs.calendar=true"],
    ["model.cell=rnn_relu"],
    ["model.head=quantiles", *ALL_INPUTS, "experts.networks=[{k2: 5}]"],
    ["model.cell=lstm", *ALL_INPUTS],
    ["model.cell=rnn", *ALL_INPUTS, "forecast.season=6"],
    ["model.cell=rnn_relu", *ALL_INPUTS, "model.k1=3"],
    ["model.cell=lru", "forecast.season=6", "model.loss=l1"],
    ["model.cell=lru", 'events.features=["a","b","c"]', 'events.targets=["c","a"]', "streams.max_live=3"],
    ["model.cell=lru", "model.head=quantiles", "forecast.interval=40"],
    ["experts.networks=[{cell: lru}]"],
    ["model.cell=rnn_relu", "model.k1=2", 'events.features=["a","b"]', "model.records_per_step=1"],
]


def run(engine: str, overrides: list[str], n: int) -> tuple[Chain, Batch]:
    chosen = settings(f"model.engine={engine}", *overrides)
    chain = Chain(chosen, initial_weights(NetworkRows.from_settings(chosen), 3, chosen.model.precision))
    return chain, process(chain, chosen, with_traits(chosen, walk(n, 5, features=len(chosen.events.features))))


def process(chain: Chain, chosen: Settings, log: Events) -> Batch:
    assigned = StreamIndex(chosen).assign(log)
    batch = Batch(
        assigned.slots, assigned.fresh, assigned.live, log.times, log.features, np.arange(len(log)) + 1
    )
    batch.offsets = log.offsets
    if log.traits is not None:
        batch.traits = log.traits
    chain.process(batch)
    return batch


@pytest.mark.parametrize(
    ("overrides", "records"),
    [*((each, 200) for each in VARIANTS), *(pytest.param(each, 600, marks=pytest.mark.slow) for each in MORE)],
    ids=lambda given: ",".join(given) or "default" if isinstance(given, list) else str(given),
)
def test_float64_runs_agree_within_a_millionth(overrides: list[str], records: int) -> None:
    overrides = ["model.precision=float64", *overrides]
    compiled, answers = run("compiled", overrides, records)
    reference, expected = run("torch", overrides, records)
    scale = np.nanmax(np.abs(expected.forecasts))
    for name in ("experts", "forecasts", "settled"):
        ours, theirs = getattr(answers, name), getattr(expected, name)
        np.testing.assert_allclose(ours, theirs, atol=1e-6 * scale, rtol=0, equal_nan=True, err_msg=name)
    np.testing.assert_allclose(compiled.network.weights, reference.network.weights, atol=1e-6)
    np.testing.assert_array_equal(compiled.network.totals, reference.network.totals)
    np.testing.assert_array_equal(compiled.network.touched, reference.network.touched)


@pytest.mark.parametrize("action", ["learning_rate", pytest.param("reset_moments", marks=pytest.mark.slow)])
def test_they_agree_on_drift_and_on_what_is_done_about_it(action: str) -> None:
    rng = np.random.default_rng(0)
    log = events(np.where(np.arange(250) < 150, np.cumsum(rng.normal(size=250)), 30 * rng.normal(size=250)))

    def run_through(engine: str) -> tuple[Chain, Batch]:
        chosen = settings(
            f"model.engine={engine}", "model.precision=float64", "drift.stream=reset_mixture", f"drift.shard={action}",
            "drift.boost_records=60", "drift.threshold=2",
        )  # fmt: skip
        chain = Chain(chosen, initial_weights(NetworkRows.from_settings(chosen), 3, "float64"))
        return chain, process(chain, chosen, log)

    (compiled, answers), (reference, expected) = run_through("compiled"), run_through("torch")
    assert expected.drift.any() and reference.network.totals[network.DRIFTS] > 0
    np.testing.assert_array_equal(answers.drift, expected.drift)
    np.testing.assert_array_equal(compiled.network.totals, reference.network.totals)
    np.testing.assert_allclose(compiled.network.weights, reference.network.weights, atol=1e-6)
    np.testing.assert_allclose(answers.forecasts, expected.forecasts, atol=1e-4, rtol=0, equal_nan=True)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_long_runs_over_random_settings_agree_in_both_precisions(seed: int) -> None:
    source = random.Random(seed)
    k2, cell = source.randint(1, 12), NAMES[seed % len(NAMES)]
    k1 = source.randint(1, k2) if cell in WINDOWED else 1
    overrides = [
        f"model.k2={k2}", f"model.k1={k1}", f"model.hidden_size={source.choice([4, 12, 32])}", f"model.cell={cell}",
        f"model.loss={source.choice(['huber', 'l1'])}", f"inputs.calendar={source.choice(['true', 'false'])}",
        f"forecast.season={source.choice(['null', '1', '24'])}", f"streams.max_live={source.choice([1, 3, 50])}",
        f"model.records_per_step={source.choice([1, 8, 20])}", f"events.features={source.choice(['[a]', '[a,b]'])}",
    ]  # fmt: skip
    wide = ["model.precision=float64", *overrides]
    (_, answers), (_, expected) = run("compiled", wide, 2000), run("torch", wide, 2000)
    scale = np.nanmax(np.abs(expected.forecasts))
    np.testing.assert_allclose(answers.forecasts, expected.forecasts, atol=1e-6 * scale, rtol=0, equal_nan=True)
    (compiled, _), (reference, _) = run("compiled", overrides, 2000), run("torch", overrides, 2000)
    np.testing.assert_allclose(compiled.mixture.scores[0, :, :2], reference.mixture.scores[0, :, :2], rtol=0.01)


@pytest.mark.parametrize("cell", ["gru", *(pytest.param(cell, marks=pytest.mark.slow) for cell in NAMES[1:])])
def test_float32_runs_have_the_same_error_within_one_percent(cell: str) -> None:
    compiled, _ = run("compiled", [f"model.cell={cell}"], 400)
    reference, _ = run("torch", [f"model.cell={cell}"], 400)
    ours, theirs = (each.mixture.scores[0, :, mixture.ABSOLUTE] for each in (compiled, reference))
    np.testing.assert_allclose(ours, theirs, rtol=0.01)


@pytest.mark.parametrize(
    ("cell", "precision", "bound"),
    [
        *((cell, "float32", 1e-4) for cell in NAMES),
        *(pytest.param(cell, "float64", 1e-9, marks=pytest.mark.slow) for cell in NAMES),
    ],
)
@pytest.mark.parametrize(("k1", "inputs"), [pytest.param(1, [], marks=pytest.mark.slow), (4, []), (2, ALL_INPUTS)])
def test_the_kernels_gradient_is_autograds(
    cell: str, precision: str, bound: float, k1: int, inputs: list[str]
) -> None:
    # One learning pass per record and no optimiser step: the gradient accumulates over the whole run.
    k1 = k1 if cell in WINDOWED else 1
    overrides = [f"model.precision={precision}", f"model.k1={k1}", f"model.cell={cell}", "model.hidden_size=16"]
    overrides += inputs

    def gradient(engine: str) -> np.ndarray:
        chosen = settings(f"model.engine={engine}", *overrides)
        weights = initial_weights(NetworkRows.from_settings(chosen), 1, precision)
        weights += np.random.default_rng(0).normal(size=len(weights)).astype(precision) * 0.1  # a head that is not zero
        chain = Chain(chosen, weights)
        chain.network.totals[network.RECORDS_PER_STEP] = 10_000
        process(chain, chosen, with_traits(chosen, walk(120, 3)))
        return chain.network.gradient.astype(np.float64)

    ours, theirs = gradient("compiled"), gradient("torch")
    assert np.linalg.norm(theirs) > 1
    assert np.linalg.norm(ours - theirs) <= bound * np.linalg.norm(theirs)
