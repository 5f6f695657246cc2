"""In label modes too the compiled engine computes what torch with autograd computes, record by record."""

import numpy as np
import pytest

from streamrnn.label_report import score_of
from streamrnn.network.forecaster import initial_weights
from streamrnn.rows import network
from streamrnn.rows.network import NetworkRows
from streamrnn.shard import Shard
from tests.helpers import PARTITION
from tests.label_logs import MODES, decoded, label_settings, records

EXTRA = {
    "absolute error": ["labels.mode=field", "labels.kind=number", "model.loss=l1", "inputs.calendar=true"],
    "short windows": ["labels.mode=field", "model.k2=1", "model.records_per_step=1", "model.clip_norm=0.1"],
    "lookahead, no last label": [
        "labels.mode=field", "labels.last=false", "model.lookahead=3", "inputs.categories={sky: [rain, sun]}",
    ],
    "lookahead, lstm": [
        "labels.mode=field", "model.cell=lstm", "model.lookahead=5", "model.k2=3", "experts.networks=[{k2: 5}]",
    ],
    "long windows": ["labels.mode=delayed", "labels.within=3", "model.k2=20", "model.hidden_size=32"],
}
VARIANTS = {**MODES, **EXTRA}


def run(variant: str, engine: str, precision: str, n: int = 200) -> tuple[Shard, dict[str, np.ndarray]]:
    overrides = [*VARIANTS[variant], f"model.engine={engine}", f"model.precision={precision}"]
    chosen = label_settings(*overrides)
    shard = Shard(chosen, PARTITION, weights=initial_weights(NetworkRows.from_settings(chosen), 3, precision))
    shard.process(decoded(chosen, records(chosen, n)))
    return shard, shard.saved()


@pytest.mark.parametrize("variant", VARIANTS)
def test_float64_runs_agree_within_a_millionth(variant: str) -> None:
    (_, ours), (_, theirs) = (run(variant, engine, "float64") for engine in ("compiled", "torch"))
    assert theirs["network_totals"][network.PASSES] > 10
    np.testing.assert_array_equal(ours["network_totals"], theirs["network_totals"])
    for name in ("network_weights", "network", "mixture", "scores"):
        np.testing.assert_allclose(ours[name], theirs[name], atol=1e-6, rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("variant", ["field, class", "delayed, number"])
def test_float32_runs_have_the_same_loss_within_one_percent(variant: str) -> None:
    (ours, _), (theirs, _) = (run(variant, engine, "float32") for engine in ("compiled", "torch"))
    if variant == "field, class":
        found, expected = (score_of(each.saved()["scores"][0, 0]).log_loss for each in (ours, theirs))
    else:
        found, expected = (each.scores()["label"].absolute_error for each in (ours, theirs))
    assert found == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(
    ("precision", "bound"), [("float32", 1e-4), pytest.param("float64", 1e-9, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("variant", MODES)
def test_the_kernels_gradient_is_autograds(variant: str, precision: str, bound: float) -> None:
    # No optimiser step: the gradient accumulates over the whole run.
    def gradient(engine: str) -> np.ndarray:
        chosen = label_settings(*MODES[variant], f"model.engine={engine}", f"model.precision={precision}")
        weights = initial_weights(NetworkRows.from_settings(chosen), 1, precision)
        weights += np.random.default_rng(0).normal(size=len(weights)).astype(precision) * 0.1  # a head that is not zero
        shard = Shard(chosen, PARTITION, weights=weights)
        shard.saved()["network_totals"][network.RECORDS_PER_STEP] = 10_000
        shard.process(decoded(chosen, records(chosen, 120)))
        return shard.saved()["network_gradient"].astype(np.float64)

    ours, theirs = gradient("compiled"), gradient("torch")
    assert np.linalg.norm(theirs) > 1
    assert np.linalg.norm(ours - theirs) <= bound * np.linalg.norm(theirs)
