"""The compiled engine computes what torch with autograd computes, record by record."""

import random

import numpy as np
import pytest

from streamrnn.engine import sizes
from streamrnn.engine.base import Batch, Engine
from streamrnn.engine.cells import NAMES
from streamrnn.engine.compiled import CompiledEngine
from streamrnn.engine.reference import TorchEngine
from streamrnn.engine.state import State
from streamrnn.network.forecaster import initial_weights
from streamrnn.streams.index import StreamIndex
from tests.helpers import settings, walk

VARIANTS = [
    [],
    ["model.k1=3", "model.k2=5"],
    ["model.k1=8"],
    ["model.loss=l1"],
    ["model.calendar=true", "model.season=6"],
    ["model.records_per_step=1", "model.clip_norm=0.1"],
    ['events.features=["a","b","c"]', 'events.targets=["c","a"]', 'events.withheld=["a"]'],
    ["model.hidden_size=32", "streams.max_live=3"],
    ["model.cell=lstm"],
    ["model.cell=lstm", "model.k1=3", "model.k2=5", "model.season=6", "model.loss=l1"],
    ["model.cell=lstm", 'events.features=["a","b","c"]', 'events.targets=["c","a"]', "streams.max_live=3"],
    ["model.cell=rnn"],
    ["model.cell=rnn", "model.k1=8", "model.calendar=true"],
    ["model.cell=rnn_relu"],
    ["model.cell=rnn_relu", "model.k1=2", 'events.features=["a","b"]', "model.records_per_step=1"],
]


def run(engine: Engine, overrides: list[str], n: int) -> tuple[State, Batch]:
    chosen = settings(*overrides)
    state = State(chosen, initial_weights(State(chosen, np.zeros(0)).layout, 3, chosen.model.precision))
    events = walk(n, 5, features=state.layout.features)
    assigned = StreamIndex(chosen).assign(events)
    batch = Batch.of(
        assigned.slots, assigned.fresh, assigned.live, events.times, events.features, state.layout.targets
    )
    engine.process(state, batch)
    return state, batch


@pytest.mark.parametrize("overrides", VARIANTS, ids=lambda overrides: ",".join(overrides) or "default")
def test_float64_runs_agree_within_a_millionth(overrides: list[str]) -> None:
    overrides = ["model.precision=float64", *overrides]
    compiled, answers = run(CompiledEngine(), overrides, 600)
    reference, expected = run(TorchEngine(), overrides, 600)
    scale = np.nanmax(np.abs(expected.out))
    np.testing.assert_allclose(answers.out, expected.out, atol=1e-6 * scale, rtol=0, equal_nan=True)
    np.testing.assert_allclose(compiled.weights, reference.weights, atol=1e-6)
    np.testing.assert_array_equal(compiled.totals, reference.totals)
    np.testing.assert_array_equal(answers.counts, expected.counts)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_long_runs_over_random_settings_agree_in_both_precisions(seed: int) -> None:
    source = random.Random(seed)
    k2 = source.randint(1, 12)
    overrides = [
        f"model.k2={k2}", f"model.k1={source.randint(1, k2)}", f"model.hidden_size={source.choice([4, 12, 32])}",
        f"model.cell={NAMES[seed % len(NAMES)]}",
        f"model.loss={source.choice(['huber', 'l1'])}", f"model.calendar={source.choice(['true', 'false'])}",
        f"model.season={source.choice(['null', '1', '24'])}", f"streams.max_live={source.choice([1, 3, 50])}",
        f"model.records_per_step={source.choice([1, 8, 20])}", f"events.features={source.choice(['[a]', '[a,b]'])}",
    ]  # fmt: skip
    wide = ["model.precision=float64", *overrides]
    (_, answers), (_, expected) = run(CompiledEngine(), wide, 2000), run(TorchEngine(), wide, 2000)
    scale = np.nanmax(np.abs(expected.out))
    np.testing.assert_allclose(answers.out, expected.out, atol=1e-6 * scale, rtol=0, equal_nan=True)
    (compiled, _), (reference, _) = run(CompiledEngine(), overrides, 2000), run(TorchEngine(), overrides, 2000)
    np.testing.assert_allclose(compiled.scores[:, :2], reference.scores[:, :2], rtol=0.01)


@pytest.mark.parametrize("cell", NAMES)
def test_float32_runs_have_the_same_error_within_one_percent(cell: str) -> None:
    compiled, _ = run(CompiledEngine(), [f"model.cell={cell}"], 600)
    reference, _ = run(TorchEngine(), [f"model.cell={cell}"], 600)
    ours, theirs = compiled.scores[:, sizes.ABSOLUTE], reference.scores[:, sizes.ABSOLUTE]
    np.testing.assert_allclose(ours, theirs, rtol=0.01)


@pytest.mark.parametrize(("precision", "bound"), [("float32", 1e-4), ("float64", 1e-9)])
@pytest.mark.parametrize("k1", [1, 4])
@pytest.mark.parametrize("cell", NAMES)
def test_the_kernels_gradient_is_autograds(cell: str, precision: str, bound: float, k1: int) -> None:
    # One learning pass per record and no optimiser step: the gradient accumulates over the whole run.
    overrides = [f"model.precision={precision}", f"model.k1={k1}", "model.hidden_size=16", f"model.cell={cell}"]

    def gradient(engine: Engine) -> np.ndarray:
        chosen = settings(*overrides)
        layout = State(chosen, np.zeros(0)).layout
        weights = initial_weights(layout, 1, precision)
        weights += np.random.default_rng(0).normal(size=len(weights)).astype(precision) * 0.1  # a head that is not zero
        state = State(chosen, weights)
        state.totals[sizes.RECORDS_PER_STEP] = 10_000
        events = walk(200, 3)
        assigned = StreamIndex(chosen).assign(events)
        engine.process(
            state, Batch.of(assigned.slots, assigned.fresh, assigned.live, events.times, events.features, 1)
        )
        return state.gradient.astype(np.float64)

    ours, theirs = gradient(CompiledEngine()), gradient(TorchEngine())
    assert np.linalg.norm(theirs) > 1
    assert np.linalg.norm(ours - theirs) <= bound * np.linalg.norm(theirs)
