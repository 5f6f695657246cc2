"""The flat weights by name are those of the torch module, and what is taken goes by meaning."""

import numpy as np
import pytest
import torch

from streamrnn.network.forecaster import Forecaster
from streamrnn.rows.network import NetworkRows
from streamrnn.rows.weights import axes_of, named, take
from tests.helpers import ALL_INPUTS, settings

NETWORKS: list[list[str]] = [
    [], ["model.cell=lstm", "model.layers=2", "model.layer_norm=true"], ["model.cell=rnn"], ALL_INPUTS,
    ["model.head=student_t"], ["model.head=quantiles"], ["labels.mode=field"],
    ["labels.mode=delayed", "labels.kind=number"], ["labels.mode=field", "model.lookahead=2", *ALL_INPUTS],
    ["labels.mode=field", "model.lookahead=2", "model.cell=lstm", "model.layers=2", "model.layer_norm=true"],
    ["events.features=[a,b]", "forecast.season=4"],
]  # fmt: skip


@pytest.mark.parametrize("overrides", NETWORKS)
def test_parameters_are_those_of_the_torch_module(overrides: list[str]) -> None:
    chosen = settings(*overrides)
    module = Forecaster(NetworkRows.from_settings(chosen), 3, torch.float32)
    axes = axes_of(chosen)
    parameters = named(module.flat(), axes)
    assert parameters.keys() == module.state_dict().keys()
    for name, values in module.state_dict().items():
        np.testing.assert_array_equal(parameters[name], values.numpy())
    assert all(len(set(labels)) == len(labels) for each in axes.values() for labels in each)


def taken(theirs: list[str], mine: list[str]) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], list[str]]:
    """Parameters of a network of zeros after it took from one of ones, those of ones, and what was missing."""
    axes = [axes_of(settings(*each)) for each in (theirs, mine)]
    ones, zeros = (
        {name: np.full(tuple(map(len, labels)), value) for name, labels in each.items()}
        for value, each in zip((1.0, 0.0), axes, strict=True)
    )
    missing = take(zeros, axes[1], ones, axes[0])
    return zeros, ones, missing


def test_a_network_takes_all_from_its_like() -> None:
    mine, theirs, missing = taken(ALL_INPUTS, ALL_INPUTS)
    assert missing == [] and all((mine[name] == theirs[name]).all() for name in mine)


@pytest.mark.parametrize(
    "other",
    [
        ["model.cell=lstm", "model.hidden_size=12"],  # with as many numbers in its gates as the GRU of 16
        ["model.hidden_size=12"],
        ["model.layer_norm=true", "model.hidden_size=16"],
    ],
)
def test_another_cell_or_size_is_not_taken_even_where_the_shape_is_the_same(other: list[str]) -> None:
    mine, _, missing = taken(["model.hidden_size=16"], other)
    assert not any(values.any() for values in mine.values())
    assert {name.split(" ")[0] for name in missing} >= {"stack.cells.0.w", "v", "d"}


@pytest.mark.parametrize("other", [["experts.ridge=false"], ["model.head=student_t"]])
def test_a_head_that_says_something_else_is_not_taken_but_the_layers_below_are(other: list[str]) -> None:
    mine, _, missing = taken(["inputs.error=false"], ["inputs.error=false", *other])
    assert not mine["v"].any() and not mine["d"].any() and mine["stack.cells.0.w"].all()
    assert missing == ["v", "d"]


def test_a_network_that_looks_ahead_takes_the_forward_half_of_one_that_does_not() -> None:
    mine, _, missing = taken(["labels.mode=field"], ["labels.mode=field", "model.lookahead=3"])
    assert mine["stack.cells.0.w"].all() and mine["d"].all() and not mine["ahead.cells.0.w"].any()
    assert mine["v"][:, :8].all() and not mine["v"][:, 8:].any()
    assert any(each.startswith("v for gru 8 backward layer 1 unit 1") for each in missing)


def test_what_is_missing_is_told_by_name() -> None:
    before, now = "inputs.categories={shop: [a, b]}", "inputs.categories={shop: [b, c]}"
    mine, _, missing = taken([before], [now, "inputs.elapsed=true"])
    assert missing == ["stack.cells.0.w for elapsed", "table for shop: value c"]
    assert mine["table"].sum(1).tolist() == [8, 8, 8, 0]


def test_a_further_layer_is_drawn_and_the_head_above_it_too() -> None:
    mine, _, missing = taken([], ["model.layers=2"])
    assert mine["stack.cells.0.u"].all() and not mine["stack.cells.1.u"].any() and not mine["v"].any()
    assert {"stack.cells.1.w", "v", "d"} <= set(missing)


def test_weights_of_another_number_are_refused() -> None:
    with pytest.raises(ValueError, match="has 3 weights, its settings need"):
        named(np.zeros(3), axes_of(settings()))
