"""How far back a gradient reaches: of each cell, at the start and after learning what must be remembered.

For each stream of the long-memory task, the gradient of the forecast of its newest step with respect to the carried
state k steps before, as a multiple of the gradient with respect to the newest state itself; so the slope of the loss
cancels. Geometric means over the streams. (Bengio et al. 1994: in a simple recurrent network it vanishes with k.)
"""

import numpy as np
import torch

from benchmarks.long_memory import EVENTS, SETTINGS, trained
from streamrnn.network.forecaster import Forecaster
from streamrnn.rows.cells import NAMES
from streamrnn.rows.network import HEAD, NetworkRows
from streamrnn.settings import load

STEPS = 64
SHOWN = (1, 2, 4, 8, 16, 32, 64)
SMALLEST = 1e-30  # stands for 0 in a geometric mean


def gradient_norms(cell: str, learned: bool) -> tuple[np.ndarray, float]:
    """Relative norms [64] of the gradient with respect to the state k = 1 to 64 steps back, and the squared error.

    The windows are the newest 64 steps of each stream, as they lie in the slab after the task. The error is the mean of
    the last quarter of the task.
    """
    chosen = [f"model.cell={cell}", f"model.k2={STEPS}", "model.k1=16"]
    if not learned:
        chosen.append("model.learning_rate=1e-30")
    shard, errors = trained(True, *chosen, count=5 * EVENTS if learned else EVENTS // 10)
    arrays = shard.saved()
    layout = NetworkRows.from_settings(load(None, [*SETTINGS, *chosen], {}).settings)
    network = Forecaster(layout, 0, torch.float64)
    network.load_flat(arrays["network_weights"].astype(np.float64))
    if not network.v.any():  # a head that has learned nothing hands back no gradient: any direction will do
        torch.nn.init.normal_(network.v, generator=torch.Generator().manual_seed(0))
    rows = zip(arrays["network"].astype(np.float64), arrays["network_counts"], strict=True)
    logs = [np.log(_of_stream(network, layout, row, int(tally[HEAD]))) for row, tally in rows]
    return np.exp(np.mean(logs, axis=0)), float(errors[-len(errors) // 4 :].mean())


def _of_stream(network: Forecaster, layout: NetworkRows, row: np.ndarray, head: int) -> np.ndarray:
    """The relative norms of one stream, whose newest step stands at ``head`` of its rings."""
    order = (head + 1 + np.arange(layout.ring_steps)) % layout.ring_steps
    states = row[: layout.input_ring].reshape(layout.ring_steps, layout.state)[order]
    inputs = row[layout.input_ring : layout.goal_ring].reshape(layout.ring_steps, layout.seen)[order]
    reached = [torch.from_numpy(states[0]).requires_grad_()]
    for x in inputs[1:]:
        reached.append(network.stack(torch.from_numpy(x), reached[-1]))
    gradients = torch.autograd.grad(network.head(reached[-1])[0], reached)
    norms = np.array([float(gradient.norm()) for gradient in reversed(gradients)])
    return np.maximum(norms[1:] / norms[0], SMALLEST)


def main() -> None:
    """Print the table."""
    columns = {}
    for cell in NAMES:
        columns[f"{cell}, start"] = gradient_norms(cell, learned=False)
        columns[f"{cell}, trained"] = gradient_norms(cell, learned=True)
    print("gradient of a forecast with respect to the carried state k steps before, relative to k = 0")
    print(f"{'k':>3s}" + "".join(f"{name:>20s}" for name in columns))
    for k in SHOWN:
        print(f"{k:3d}" + "".join(f"{norms[k - 1]:20.1e}" for norms, _ in columns.values()))
    print("MSE" + "".join(f"{error:20.4f}" for _, error in columns.values()) + "  (of the last quarter; variance 0.58)")
