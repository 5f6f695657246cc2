"""Each cell's kernels keep the one calling convention, and compute what the torch modules define."""

import numpy as np
import pytest
import torch

from streamrnn.kernels import rectified
from streamrnn.kernels.cells import CELLS, for_each_cell
from streamrnn.kernels.network import process
from streamrnn.network.stack import CELLS as DEFINITIONS
from streamrnn.rows.cells import GATES, KEPT, STATES, WINDOWED

INPUTS, HIDDEN = 3, 8


def test_cells_stand_at_the_place_of_their_code() -> None:
    assert [cell.CODE for cell in CELLS] == list(range(len(WINDOWED)))
    assert [DEFINITIONS[name].code for name in WINDOWED] == list(range(len(WINDOWED)))


def test_each_loop_has_a_name_of_its_own_for_its_compiled_code() -> None:
    names = [loop.py_func.__qualname__ for loop in for_each_cell(process)]
    assert names == ["process_gru", "process_lstm", "process_rnn", "process_rnn_relu"]


# What other cells compute is seen whole by the engines' tests; to compile their parts takes long.
@pytest.mark.parametrize(
    "name", ["rnn", *(pytest.param(name, marks=pytest.mark.slow) for name in WINDOWED if name != "rnn")]
)
def test_a_step_and_the_step_back_are_those_of_the_definition(name: str) -> None:
    code = WINDOWED.index(name)
    cell, wide, carried = CELLS[code], GATES[code] * HIDDEN, STATES[code] * HIDDEN
    definition = DEFINITIONS[name](INPUTS, HIDDEN, torch.Generator().manual_seed(0), torch.float64)
    w, b, u, c = (parameter.detach().numpy() for parameter in definition.ordered())
    rng = np.random.default_rng(1)
    x, state, d_out = rng.normal(size=INPUTS), rng.normal(size=carried), rng.normal(size=carried)

    kept, out, d_before = np.empty(KEPT[code] * HIDDEN), np.empty(carried), np.empty(carried)
    left, right, d_left, d_right = (np.empty(wide) for _ in range(4))
    cell.step(x, state, w, b, u, c, left, right, kept, out)
    cell.back(state, kept, d_out, np.ascontiguousarray(u.T), d_left, d_right, d_before)
    gw, gb, gu, gc = (np.zeros_like(each) for each in (w, b, u, c))
    cell.add_gradient(x[None], state[None], d_left[None], d_right[None], 1, gw, gb, gu, gc)

    before = torch.from_numpy(state).requires_grad_()
    after = definition(torch.from_numpy(x), before)
    after.backward(torch.from_numpy(d_out))
    np.testing.assert_allclose(out, after.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(d_before, before.grad.numpy(), atol=1e-12)
    for ours, parameter in zip((gw, gb, gu, gc), definition.ordered(), strict=True):
        np.testing.assert_allclose(ours, 0 if parameter.grad is None else parameter.grad.numpy(), atol=1e-12)


def test_a_rectified_state_that_is_not_finite_is_caught_at_the_limit() -> None:
    sums, kept, out = np.empty(2), np.empty(2), np.empty(2)
    w, u, b = np.zeros((1, 2)), np.zeros((2, 2)), np.array([np.inf, np.nan])
    rectified.step(np.ones(1), np.zeros(2), w, b, u, np.empty(0), sums, np.empty(2), kept, out)
    assert out.tolist() == [20.0, 20.0]
