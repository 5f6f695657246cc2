"""Cells and stacks compute what torch's own recurrent modules do, and start as they should."""

import pytest
import torch

from streamrnn.network import elman, gru, lstm
from streamrnn.network.cell import normalised
from streamrnn.network.stack import CELLS, Stack
from streamrnn.rows.cells import NAMES, WINDOWED, state_size

INPUTS, HIDDEN, STEPS = 5, 8, 30


def stack(cell: str, layers: int = 1, layer_norm: bool = False, seed: int = 0) -> Stack:
    generator = torch.Generator().manual_seed(seed)
    return Stack(cell, layers, INPUTS, HIDDEN, generator, torch.float64, layer_norm)


def run(network: Stack, x: torch.Tensor) -> torch.Tensor:
    """The uppermost hidden state after each step [steps, hidden], from a state of zeros."""
    state = torch.zeros(network.state_size, dtype=torch.float64)
    states = []
    for row in x:
        state = network(row, state)
        states.append(network.read(state))
    return torch.stack(states)


def inputs(seed: int = 0) -> torch.Tensor:
    return torch.randn((STEPS, INPUTS), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def torchs_own(cell: str, network: Stack) -> torch.nn.RNNBase:
    """torch's module with the same weights: the transpose of ours, and a second bias where we have none."""
    kinds = {"gru": torch.nn.GRU, "lstm": torch.nn.LSTM, "rnn": torch.nn.RNN, "rnn_relu": torch.nn.RNN}
    options = {"nonlinearity": "relu"} if cell == "rnn_relu" else {}
    own = kinds[cell](INPUTS, HIDDEN, num_layers=len(network.layers), dtype=torch.float64, **options)
    for i, layer in enumerate(network.layers):
        second = layer.c.detach() if len(layer.c) else torch.zeros_like(layer.b)
        for name, values in (
            ("weight_ih", layer.w.T), ("weight_hh", layer.u.T), ("bias_ih", layer.b), ("bias_hh", second),
        ):  # fmt: skip
            getattr(own, f"{name}_l{i}").data.copy_(values.detach())
    return own


@pytest.mark.parametrize("layers", [1, 2, 4])
@pytest.mark.parametrize("cell", WINDOWED)
def test_a_stack_is_torchs_own_network_once_functions_are_exact(
    cell: str, layers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (gru, lstm, elman):
        monkeypatch.setattr(module, "tanh", torch.tanh)
    for module in (gru, lstm):
        monkeypatch.setattr(module, "sigmoid", torch.sigmoid)
    network = stack(cell, layers)
    with torch.no_grad():
        for parameter in network.ordered():  # biases too must be right
            parameter += 0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
        expected = torchs_own(cell, network)(inputs().unsqueeze(1))[0].squeeze(1)
        torch.testing.assert_close(run(network, inputs()), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("cell", WINDOWED)
def test_with_our_functions_it_differs_by_their_error_alone(cell: str) -> None:
    network = stack(cell)
    with torch.no_grad():
        expected = torchs_own(cell, network)(inputs().unsqueeze(1))[0].squeeze(1)
        torch.testing.assert_close(run(network, inputs()), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("cell", WINDOWED)
def test_weights_start_with_unit_gain(cell: str) -> None:
    (layer,) = stack(cell).layers
    gates = layer.u.shape[1] // HIDDEN
    for u in layer.u.detach().chunk(gates, 1):
        torch.testing.assert_close(u.T @ u, torch.eye(HIDDEN, dtype=torch.float64))
    wide = CELLS[cell](400, 100, torch.Generator().manual_seed(0), torch.float64)
    assert float(wide.w.detach().var()) == pytest.approx(1 / 400, rel=0.05)
    assert not wide.c.any()


def test_only_the_forget_gate_of_the_lstm_starts_with_a_bias() -> None:
    biases = {cell: stack(cell).layers[0].b.detach() for cell in NAMES}
    assert biases["lstm"].tolist() == [0.0] * HIDDEN + [1.0] * HIDDEN + [0.0] * 2 * HIDDEN
    assert not any(biases[cell].any() for cell in NAMES if cell != "lstm")


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("cell", NAMES)
def test_a_state_is_as_long_as_said(cell: str, layers: int) -> None:
    network = stack(cell, layers)
    assert network.state_size == state_size(cell, HIDDEN, layers)
    assert network(inputs()[0], torch.zeros(network.state_size, dtype=torch.float64)).shape == (network.state_size,)


def test_a_state_may_be_a_batch_of_states() -> None:
    for cell in NAMES:
        network = stack(cell, 2, layer_norm=True)
        states = torch.randn((3, network.state_size), generator=torch.Generator().manual_seed(2), dtype=torch.float64)
        together = network(inputs()[:3], states)
        for i in range(3):
            torch.testing.assert_close(together[i], network(inputs()[i], states[i]))


def test_normalised_sums_are_those_of_torch() -> None:
    sums = inputs() * 7 + 3
    torch.testing.assert_close(normalised(sums), torch.nn.functional.layer_norm(sums, (INPUTS,)))


@pytest.mark.parametrize("cell", WINDOWED)
def test_with_layer_norm_the_size_of_the_weights_does_not_matter(cell: str) -> None:
    network, larger = stack(cell, layer_norm=True), stack(cell, layer_norm=True)
    (layer,) = larger.layers
    with torch.no_grad():
        layer.w *= 50
        layer.u *= 50
        layer.c *= 50
    torch.testing.assert_close(run(larger, inputs()), run(network, inputs()), atol=1e-3, rtol=0)


@pytest.mark.parametrize("cell", NAMES)
def test_every_parameter_is_ordered_once(cell: str) -> None:
    for layer_norm in (False, True):
        network = stack(cell, 2, layer_norm)
        assert {id(each) for each in network.ordered()} == {id(each) for each in network.parameters()}
        assert len(network.ordered()) == len(list(network.parameters()))


def test_a_rectified_state_never_leaves_its_limits() -> None:
    network = stack("rnn_relu")
    with torch.no_grad():
        network.layers[0].u *= 3
        states = run(network, inputs())
    assert float(states.min()) == 0
    assert float(states.max()) == 20
