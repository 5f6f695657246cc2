"""The baseline: one stream, GRU, TBPTT with k1 1 and k2 8, in the fewest torch calls that do it."""

import time

import numpy as np
import numpy.typing as npt
import torch


def events_per_second(values: npt.NDArray[np.float64], hidden: int = 32, k2: int = 8) -> float:
    """How many events a second a plain loop learns from.

    One forward pass over the window an event: its last output is the forecast, which the next event's outcome then goes
    back through; its first state starts the next window.
    """
    torch.set_num_threads(1)
    torch.manual_seed(0)
    cell, head = torch.nn.GRU(2, hidden), torch.nn.Linear(hidden, 1)
    parameters = [*cell.parameters(), *head.parameters()]
    optimiser = torch.optim.Adam(parameters, 2e-3, fused=True)
    changes = np.diff(values, prepend=values[0])
    inputs = torch.tensor(np.stack([values, changes], 1), dtype=torch.float32)
    start = torch.zeros(1, hidden)
    forecast = None
    started = time.perf_counter()
    for t in range(k2, len(values)):
        if forecast is not None:
            loss = torch.nn.functional.huber_loss(forecast, inputs[t, 1:])
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimiser.step()
        out, _ = cell(inputs[t - k2 + 1 : t + 1], start)
        start = out[:1].detach()
        forecast = head(out[-1])
    return (len(values) - k2) / (time.perf_counter() - started)
