"""Further networks are experts of their own, with other cells and sizes, and change nothing for the first."""

import numpy as np
import pytest

from streamrnn.loops.chain import bytes_per_stream
from streamrnn.loops.ready import compile_loop
from streamrnn.shard import Shard
from tests.helpers import PARTITION, restored, settings, walk

MIXED = "experts.networks=[0.005, {cell: rnn, hidden_size: 12, k2: 4}]"


def test_each_has_a_name_rows_and_an_error_of_its_own() -> None:
    chosen = settings(MIXED)
    assert chosen.expert_names[2:5] == ("network", "network 0.005", "network rnn 12 k2 4")
    shard = Shard(chosen, PARTITION)
    _, report = shard.process(walk(600, 3))
    errors = shard.experts()["value", 1]
    assert len({errors[name] for name in chosen.expert_names[2:5]}) == 3
    assert {name for *_, name in report.experts} == set(chosen.expert_names)
    slabs = bytes_per_stream(chosen)
    assert slabs["network_rnn_12_k2_4"] == 4 * (5 * (12 + 4) + 5)


def test_the_first_one_learns_as_if_it_were_alone_and_read_outs_and_intervals_read_its_states() -> None:
    alone, among = (Shard(settings(*each), PARTITION) for each in ([], [MIXED]))
    log = walk(600, 3)
    alone.process(log)
    among.process(log)
    ours, theirs = among.saved(), alone.saved()
    for name in ("network_weights", "network", "readout_weights", "readout_states"):
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)


def test_neither_cuts_nor_a_restored_snapshot_change_a_bit() -> None:
    chosen = settings(MIXED, "streams.max_live=6")
    log = walk(900, 9)
    whole = Shard(chosen, PARTITION)
    whole.process(log)
    first = Shard(chosen, PARTITION)
    first.process(log.cut(0, 333))
    second = restored(first, chosen)
    second.process(log.cut(333, 900))
    assert second.digest() == whole.digest()


def test_a_network_of_another_shape_starts_with_weights_of_its_own_and_a_like_one_with_the_firsts() -> None:
    saved = Shard(settings(MIXED), PARTITION).saved()
    np.testing.assert_array_equal(saved["network_0.005_weights"], saved["network_weights"])
    other = saved["network_rnn_12_k2_4_weights"]
    assert np.isfinite(other).all() and other.any() and len(other) != len(saved["network_weights"])


@pytest.mark.parametrize("overrides", [["model.head=quantiles"], ["labels.mode=field"]])
def test_every_loop_with_them_compiles_ahead(overrides: list[str]) -> None:
    chosen = settings(MIXED, *overrides)
    number = 0
    while True:
        try:
            compile_loop(chosen, number)
        except IndexError:
            break
        number += 1
    assert number > 7
