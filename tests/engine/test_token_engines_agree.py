"""With tokens too the compiled engine computes what torch with autograd computes, step by step."""

import numpy as np
import pytest

from streamrnn.network.forecaster import initial_weights
from streamrnn.rows import network
from streamrnn.rows.network import NetworkRows
from streamrnn.shard import Shard
from tests.helpers import PARTITION
from tests.token_logs import MODES, decoded, records, token_settings

EXTRA = {
    "short windows": ["model.k1=1", "model.k2=1", "model.records_per_step=1", "model.clip_norm=0.1"],
    "whole windows": ["model.k1=6", "model.k2=6", "model.hidden_size=32", "sequences.record=true"],
    "sets, whole windows": ["tokens.of=sets", "sequences.end=last", "model.k1=4", "model.k2=4"],
    "further networks": ["experts.networks=[0.01,{k2: 4, hidden_size: 12}]"],
}
VARIANTS = {**MODES, **EXTRA}
QUICK = ("characters, few numbers", "words, each a sequence", "sets, ends", "further networks")


def run(variant: str, engine: str, precision: str, n: int = 150) -> dict[str, np.ndarray]:
    chosen = token_settings(*VARIANTS[variant], f"model.engine={engine}", f"model.precision={precision}")
    shard = Shard(chosen, PARTITION, weights=initial_weights(NetworkRows.from_settings(chosen), 3, precision))
    shard.process(decoded(chosen, records(chosen, n)))
    return shard.saved()


@pytest.mark.parametrize(
    "variant", [pytest.param(each, marks=() if each in QUICK else pytest.mark.slow) for each in VARIANTS]
)
def test_float64_runs_agree_within_a_millionth(variant: str) -> None:
    ours, theirs = (run(variant, engine, "float64") for engine in ("compiled", "torch"))
    assert theirs["network_totals"][network.PASSES] > 10
    for name in ("network_totals", "network_counts", "network_touched", "token_contexts"):
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
    for name in ("network_weights", "network", "mixture", "scores", "token_backoffs"):
        np.testing.assert_allclose(ours[name], theirs[name], atol=1e-6, rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("variant", ["characters", "sets, ends"])
def test_float32_runs_have_the_same_loss_within_one_percent(variant: str) -> None:
    ours, theirs = (run(variant, engine, "float32")["scores"] for engine in ("compiled", "torch"))
    np.testing.assert_allclose(ours, theirs, rtol=0.01, atol=3)


@pytest.mark.parametrize(
    ("cell", "precision", "bound"),
    [
        ("gru", "float32", 1e-4),
        *(pytest.param(cell, "float32", 1e-4, marks=pytest.mark.slow) for cell in ("lstm", "rnn", "rnn_relu")),
        *(pytest.param(cell, "float64", 1e-9, marks=pytest.mark.slow) for cell in ("gru", "lstm", "rnn", "rnn_relu")),
    ],
)
@pytest.mark.parametrize("variant", ["characters", "words, each a sequence", "sets, ends"])
def test_the_kernels_gradient_is_autograds(variant: str, cell: str, precision: str, bound: float) -> None:
    # No optimiser step: the gradient accumulates over the whole run.
    def gradient(engine: str) -> np.ndarray:
        chosen = token_settings(
            *VARIANTS[variant], f"model.engine={engine}", f"model.precision={precision}", f"model.cell={cell}"
        )
        weights = initial_weights(NetworkRows.from_settings(chosen), 1, precision)
        weights += np.random.default_rng(0).normal(size=len(weights)).astype(precision) * 0.1  # a head that is not zero
        shard = Shard(chosen, PARTITION, weights=weights)
        shard.saved()["network_totals"][network.RECORDS_PER_STEP] = 100_000
        shard.process(decoded(chosen, records(chosen, 120)))
        return shard.saved()["network_gradient"].astype(np.float64)

    ours, theirs = gradient("compiled"), gradient("torch")
    assert np.linalg.norm(theirs) > 1
    assert np.linalg.norm(ours - theirs) <= bound * np.linalg.norm(theirs)
