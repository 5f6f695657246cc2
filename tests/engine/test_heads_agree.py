"""Every head with every cell, on every engine that has it: the same numbers, and the gradient of autograd."""

import numpy as np
import pytest

from streamrnn.loops.chain import Chain
from streamrnn.network.forecaster import initial_weights
from streamrnn.rows import network
from streamrnn.rows.cells import NAMES, WINDOWED
from streamrnn.rows.network import NetworkRows
from tests.engine.test_engines_agree import process, run
from tests.helpers import events, settings, walk

QUANTILES = ["model.head=quantiles", "anomaly.enabled=false"]
VARIANTS = [
    [],
    ["model.quantiles=[0.5]", "model.k1=3", "model.k2=5"],
    ["model.quantiles=[0.5,0.8,0.95]", 'events.features=["a","b","c"]', 'events.targets=["c","a"]'],
    ["forecast.interval=40", "experts.ridge=false", "forecast.levels=[]", "experts.networks=[0.005]"],
]
CELLS = [[f"model.cell={cell}"] for cell in NAMES[1:]]


@pytest.mark.slow  # in float64 they compile for long
@pytest.mark.parametrize("overrides", [*VARIANTS, *CELLS], ids=lambda overrides: ",".join(overrides) or "default")
def test_quantiles_agree_within_a_millionth_in_float64(overrides: list[str]) -> None:
    overrides = ["model.precision=float64", *QUANTILES, *overrides]
    compiled, answers = run("compiled", overrides, 400)
    reference, expected = run("torch", overrides, 400)
    scale = np.nanmax(np.abs(expected.forecasts))
    for name in ("experts", "forecasts", "told", "quantiles"):
        ours, theirs = getattr(answers, name), getattr(expected, name)
        np.testing.assert_allclose(ours, theirs, atol=1e-6 * scale, rtol=0, equal_nan=True, err_msg=name)
    np.testing.assert_allclose(compiled.network.weights, reference.network.weights, atol=1e-6)
    np.testing.assert_array_equal(compiled.network.totals, reference.network.totals)
    assert reference.network.totals[network.STEPS] > 30


@pytest.mark.parametrize("precision", ["float32", pytest.param("float64", marks=pytest.mark.slow)])
@pytest.mark.parametrize("k1", [1, 4])
@pytest.mark.parametrize("cell", ["gru", *(pytest.param(cell, marks=pytest.mark.slow) for cell in NAMES[1:])])
def test_the_quantile_heads_gradient_is_autograds(cell: str, precision: str, k1: int) -> None:
    # One learning pass per record and no optimiser step: the gradient accumulates over the whole run.
    k1 = k1 if cell in WINDOWED else 1
    overrides = [*QUANTILES, f"model.precision={precision}", f"model.k1={k1}", f"model.cell={cell}"]

    def gradient(engine: str) -> np.ndarray:
        chosen = settings(f"model.engine={engine}", *overrides)
        weights = initial_weights(NetworkRows.from_settings(chosen), 1, precision)
        weights += np.random.default_rng(0).normal(size=len(weights)).astype(precision) * 0.1
        chain = Chain(chosen, weights)
        chain.network.totals[network.RECORDS_PER_STEP] = 10_000
        process(chain, chosen, walk(100, 3))
        return chain.network.gradient.astype(np.float64)

    ours, theirs = gradient("compiled"), gradient("torch")
    assert np.linalg.norm(theirs) > 1
    assert np.linalg.norm(ours - theirs) <= (1e-4 if precision == "float32" else 1e-9) * np.linalg.norm(theirs)


@pytest.mark.parametrize("cell", ["gru", *(pytest.param(cell, marks=pytest.mark.slow) for cell in NAMES[1:])])
@pytest.mark.parametrize("head", ["gaussian", "student_t"])
def test_distributions_are_learned_by_every_cell(head: str, cell: str) -> None:
    # Calm and wild turns of 20 steps, told apart by the sizes of the last changes.
    rng = np.random.default_rng(0)
    changes = rng.normal(size=300) * np.where(np.arange(300) // 20 % 2, 3.0, 0.3)
    chosen = settings(f"model.head={head}", f"model.cell={cell}", "anomaly.enabled=false", "experts.linear=[]")
    chain = Chain(chosen, initial_weights(NetworkRows.from_settings(chosen), 3, "float32"))
    answers = process(chain, chosen, events(np.cumsum(changes)))
    count, ours, naive = chain.distribution.sums[0]
    assert count > 290
    # A Gaussian pays for the first wild steps, which Student's tails expect.
    assert ours > naive if head == "student_t" else ours > naive - 0.5 * count
    known = ~np.isnan(answers.told[:, 0, 0])
    assert (answers.told[known, 0, 1] > 0).all()
    assert (answers.told[known, 0, 2] > 2).all() == (head == "student_t")
