"""How far back a gradient reaches: of each cell, at the start and after learning what must be remembered.

For each stream of the long-memory task, the gradient of the forecast of its newest step with respect to the carried
state k steps before, as a multiple of the gradient with respect to the newest state itself; so the slope of the loss
cancels. Geometric means over the streams. (Bengio et al. 1994: in a simple recurrent network it vanishes with k.)
"""

import numpy as np
import torch

from benchmarks.long_memory import SETTINGS, trained
from streamrnn.network.forecaster import Forecaster
from streamrnn.rows.cells import NAMES
from streamrnn.rows.network import HEAD, NetworkRows
from streamrnn.settings import load

STEPS = 64
SHOWN = (1, 2, 4, 8, 16, 32, 64)
SMALLEST = 1e-30  # stands for 0 in a geometric mean


def gradient_norms(cell: str, *overrides: str) -> np.ndarray:
    """Relative norms [64] of the gradient with respect to the state k = 1 to 64 steps back.

    The windows are the newest 64 steps of each stream, as they lie in the slab after the whole task.
    """
    chosen = [f"model.cell={cell}", f"model.k2={STEPS}", "model.k1=16", *overrides]
    shard, _ = trained(True, *chosen)
    arrays = shard.saved()
    layout = NetworkRows.from_settings(load(None, [*SETTINGS, *chosen], {}).settings)
    network = Forecaster(layout, 0, torch.float64)
    network.load_flat(arrays["network_weights"].astype(np.float64))
    if not network.v.any():  # a head that has learned nothing hands back no gradient: any direction will do
        torch.nn.init.normal_(network.v, generator=torch.Generator().manual_seed(0))
    rows = zip(arrays["network"].astype(np.float64), arrays["network_counts"], strict=True)
    return np.exp(np.mean([np.log(_of_stream(network, layout, row, int(tally[HEAD]))) for row, tally in rows], axis=0))


def _of_stream(network: Forecaster, layout: NetworkRows, row: np.ndarray, head: int) -> np.ndarray:
    """The relative norms of one stream, whose newest step stands at ``head`` of its rings."""
    order = (head + 1 + np.arange(layout.ring_steps)) % layout.ring_steps
    states = row[: layout.input_ring].reshape(layout.ring_steps, layout.state)[order]
    inputs = row[layout.input_ring : layout.goal_ring].reshape(layout.ring_steps, layout.inputs)[order]
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
        columns[f"{cell}, start"] = gradient_norms(cell, "model.learning_rate=1e-30")
        columns[f"{cell}, trained"] = gradient_norms(cell)
    print("gradient of a forecast with respect to the carried state k steps before, relative to k = 0")
    print(f"{'k':>3s}" + "".join(f"{name:>20s}" for name in columns))
    for k in SHOWN:
        print(f"{k:3d}" + "".join(f"{norms[k - 1]:20.1e}" for norms in columns.values()))


if __name__ == "__main__":
    main()
