"""The traces of the linear recurrent unit hold the exact gradient, however far back its cause."""

import torch

from streamrnn.network.diagonal import LinearRecurrentUnit

HIDDEN, INPUTS, STEPS = 8, 3, 120


def unit() -> LinearRecurrentUnit:
    return LinearRecurrentUnit(INPUTS, HIDDEN, torch.Generator().manual_seed(1), torch.float64)


def test_the_gradient_is_that_of_back_propagation_through_all_steps() -> None:
    cell, draws = unit(), torch.Generator().manual_seed(2)
    inputs = torch.randn((STEPS, INPUTS), generator=draws, dtype=torch.float64)
    slope = torch.randn(HIDDEN, generator=draws, dtype=torch.float64)
    state, traces = torch.zeros(3 * HIDDEN, dtype=torch.float64), torch.zeros((INPUTS + 3, 2 * HIDDEN)).double()
    through = state
    for x in inputs:
        with torch.no_grad():
            traces = cell.traced(x, state, traces)
            state = cell(x, state)
        through = cell(x, through)
    (through[:HIDDEN] @ slope).backward()
    expected = [parameter.grad.clone() for parameter in cell.ordered()]
    with torch.no_grad():
        cell.add_traced(inputs[-1], state, traces, slope)
    for mine, theirs in zip(cell.ordered(), expected, strict=True):
        torch.testing.assert_close(mine.grad, theirs, rtol=1e-9, atol=1e-12)
        assert theirs.abs().max() > 0


def test_what_came_a_hundred_steps_before_has_its_share() -> None:
    cell = unit()
    traces = torch.zeros((INPUTS + 3, 2 * HIDDEN)).double()
    state, quiet = torch.zeros(3 * HIDDEN).double(), torch.zeros(INPUTS).double()
    with torch.no_grad():
        for step in range(100):
            x = torch.ones(INPUTS).double() if step == 0 else quiet
            traces, state = cell.traced(x, state, traces), cell(x, state)
    assert traces[2:-1].abs().max() > 0.02


def test_the_input_s_own_gradient_is_that_of_its_step() -> None:
    cell, draws = unit(), torch.Generator().manual_seed(3)
    x = torch.randn(INPUTS, generator=draws, dtype=torch.float64).requires_grad_()
    slope = torch.randn(HIDDEN, generator=draws, dtype=torch.float64)
    state = cell(x, torch.randn(3 * HIDDEN, generator=draws, dtype=torch.float64))
    (state[:HIDDEN] @ slope).backward()
    with torch.no_grad():
        torch.testing.assert_close(cell.into_input(x, state, slope), x.grad)


def test_at_the_start_memories_reach_from_steps_to_hundreds() -> None:
    cell = LinearRecurrentUnit(INPUTS, 256, torch.Generator().manual_seed(1), torch.float64)
    memories = torch.exp(-cell.c[:256].detach())
    assert 2.0 <= float(memories.min()) < 2.1 and 950.0 < float(memories.max()) <= 1000.0
    assert 30.0 < float(memories.median()) < 65.0
