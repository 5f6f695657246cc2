"""Further networks are learning rates, or groups of what they have not in common with the first."""

import pytest

from streamrnn.settings import describe
from streamrnn.settings.learning import FurtherNetwork

MIXED = (0.005, FurtherNetwork(cell="lstm", hidden_size=64))


@pytest.mark.parametrize(
    "text",
    [
        "experts: {networks: [5e-3, {cell: lstm, hidden_size: 64}]}",
        "experts:\n  networks:\n    - 0.005\n    - cell: lstm\n      hidden_size: 64\n",
    ],
)
def test_both_stand_in_a_list(load_text, text):
    assert load_text(text).settings.experts.networks == MIXED


@pytest.mark.parametrize(
    "text",
    [
        "[0.005, {cell: lstm, hidden_size: 64}]", "0.005,{cell: lstm,hidden_size: 64}",
        "[0.005, {cell: 'lstm', \"hidden_size\": 64}]",
    ],
)  # fmt: skip
def test_both_can_be_said_outside_of_a_file(load_text, text):
    assert load_text("", f"experts.networks={text}").settings.experts.networks == MIXED
    assert load_text("", environ={"STREAMRNN_EXPERTS__NETWORKS": text}).settings.experts.networks == MIXED


def test_a_reference_may_stand_in_a_group(load_text):
    text = "experts: {networks: [{cell: '${CELL}', k2: 4}]}"
    (found,) = load_text(text, environ={"CELL": "rnn"}).settings.experts.networks
    assert found == FurtherNetwork(cell="rnn", k2=4)


def test_a_description_loads_to_the_same(load_text):
    loaded = load_text("experts: {networks: [0.005, {cell: lstm, hidden_size: 64}]}")
    assert "  networks: [0.005, {cell: lstm, hidden_size: 64}]" in describe(loaded).splitlines()
    assert load_text(describe(loaded)).settings == loaded.settings


@pytest.mark.parametrize(
    "item",
    [
        "{cell: gruu}", "{hidden_size: 63}", "{size: 64}", "{learning_rate: 2}", "{cell: [gru]}", "[0.005]", "lstm",
        "{cell: gru, cell: lstm}", "{k2: 0}", "{cell",
    ],
)  # fmt: skip
def test_what_is_neither_is_refused_with_what_is_allowed(problems, item):
    found = problems("experts:\n  networks: [" + item + "]\n" if item != "{cell" else "", *(
        ["experts.networks={cell"] if item == "{cell" else []
    ))  # fmt: skip
    assert all("experts.networks: " in problem and "a list of at most 4 learning rates" in problem for problem in found)
    assert len(found) == 1


@pytest.mark.parametrize("text", ["[{cell: rnn, cell: lstm}]", "[{cell: lstm}{k2: 4}]"])
def test_outside_of_a_file_they_are_read_as_strictly(problems, text):
    (problem,) = problems("", f"experts.networks={text}")
    assert "a list of at most 4 learning rates" in problem


def test_other_lists_take_no_groups(problems):
    (problem,) = problems("forecast: {horizons: [{a: 1}]}")
    assert "a list in a list or a section in a list is not allowed here" in problem


def test_names_say_what_is_different(load_text):
    text = "experts: {networks: [0.005, {cell: lstm, hidden_size: 64}, {k2: 16}, {cell: rnn, learning_rate: 5e-4}]}"
    names = load_text(text).settings.expert_names
    assert names[2:-1] == ("network", "network 0.005", "network lstm 64", "network k2 16", "network rnn 0.0005")


def test_the_rest_is_as_in_the_first_network_but_for_its_head(load_text):
    settings = load_text("model: {k2: 5, head: quantiles}\nexperts: {networks: [{cell: lstm}]}").settings
    model = settings.further_networks["network lstm"].model
    assert (model.cell, model.k2, model.hidden_size, model.head) == ("lstm", 5, 32, "point")
