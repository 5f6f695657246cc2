"""The baseline: one stream, GRU, TBPTT with k1 1 and k2 8, in the fewest torch calls that do it."""

import time

import numpy as np
import numpy.typing as npt
import torch


def events_per_second(values: npt.NDArray[np.float64], hidden: int = 32, k2: int = 8) -> float:
    """How many events a second a plain loop learns from: forecast, and back through the last k2 steps each time."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    cell, head = torch.nn.GRU(2, hidden), torch.nn.Linear(hidden, 1)
    parameters = [*cell.parameters(), *head.parameters()]
    optimiser = torch.optim.Adam(parameters, 2e-3)
    changes = np.diff(values, prepend=values[0])
    inputs = torch.tensor(np.stack([values, changes], 1), dtype=torch.float32)
    states = [torch.zeros(1, hidden)] * (k2 + 1)
    started = time.perf_counter()
    for t in range(k2, len(values) - 1):
        out, _ = cell(inputs[t - k2 : t], states[0])
        loss = torch.nn.functional.huber_loss(head(out[-1]), inputs[t, 1:])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        with torch.no_grad():
            state, _ = cell(inputs[t : t + 1], states[-1])
            head(state)
        states = [*states[1:], state]
    return (len(values) - 1 - k2) / (time.perf_counter() - started)
