"""Answers too are mixed from experts: each shows its error and weight, and further networks are among them."""

import numpy as np
import pytest

from streamrnn.observe.sensor import ExpertScore
from streamrnn.shard import Shard
from tests.helpers import PARTITION, restored
from tests.label_logs import MODES, decoded, label_settings, records

NETWORKS = "experts.networks=[0.005, {cell: rnn, hidden_size: 12}]"
NAMES = ("last label", "usual label", "network", "network 0.005", "network rnn 12")
CHOSEN = ["field, class", "delayed, number"]


def learned(mode: str, *overrides: str, n: int = 900) -> tuple[Shard, dict[str, ExpertScore]]:
    chosen = label_settings(*MODES[mode], *overrides)
    shard = Shard(chosen, PARTITION)
    _, report = shard.process(decoded(chosen, records(chosen, n)))
    return shard, dict(report.labels.experts)


@pytest.mark.parametrize("mode", CHOSEN)
def test_every_experts_error_and_weight_are_told(mode: str) -> None:
    shard, experts = learned(mode)
    assert tuple(experts) == NAMES[:3]
    most = max(score.count for score in experts.values())
    assert sum(score.weight for score in experts.values()) == pytest.approx(most, rel=0.01)
    assert all(score.error > 0 for score in experts.values())
    if mode == "field, class":
        assert experts["network"].count == shard.label_score().count
        assert experts["usual label"].error == pytest.approx(shard.label_score().frequent_log_loss)


@pytest.mark.parametrize("mode", CHOSEN)
def test_further_networks_learn_labels_and_leave_the_first_as_it_was(mode: str) -> None:
    (alone, _), (among, experts) = learned(mode), learned(mode, NETWORKS)
    assert tuple(experts) == NAMES
    assert len({experts[name].error for name in NAMES[2:]}) == 3
    ours, theirs = among.saved(), alone.saved()
    np.testing.assert_array_equal(ours["network_weights"], theirs["network_weights"])
    assert ours["network_rnn_12_totals"].any()


@pytest.mark.parametrize("mode", CHOSEN)
def test_neither_cuts_nor_a_restored_snapshot_change_a_bit(mode: str) -> None:
    chosen = label_settings(*MODES[mode], NETWORKS)
    log = decoded(chosen, records(chosen, 500))
    whole = Shard(chosen, PARTITION)
    whole.process(log)
    first = Shard(chosen, PARTITION)
    first.process(log.cut(0, 201))
    second = restored(first, chosen)
    second.process(log.cut(201, 202))
    second.process(log.cut(202, len(log)))
    assert second.digest() == whole.digest()


@pytest.mark.slow  # in float64 they compile for long
@pytest.mark.parametrize("mode", CHOSEN)
def test_both_engines_agree(mode: str) -> None:
    wide = ["model.precision=float64", NETWORKS]
    (ours, _), (theirs, _) = (learned(mode, f"model.engine={name}", *wide, n=250) for name in ("compiled", "torch"))
    for name in ("network_rnn_12_weights", "mixture", "expert_sums"):
        np.testing.assert_allclose(ours.saved()[name], theirs.saved()[name], atol=1e-6, rtol=1e-6, err_msg=name)
