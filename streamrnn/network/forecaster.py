"""The network: a recurrent cell and a linear head that starts at zero."""

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from streamrnn.network.gru import GRUCell
from streamrnn.rows.network import NetworkRows


class Forecaster(nn.Module):
    """From a step's inputs and a stream's state to the next state; from a state to the next change of each target.

    The head is zero at the start, so that the first forecasts are the last values.
    """

    def __init__(self, layout: NetworkRows, seed: int, dtype: torch.dtype) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.cell = GRUCell(layout.inputs, layout.hidden, generator, dtype)
        self.v = nn.Parameter(torch.zeros(layout.targets, layout.hidden, dtype=dtype))
        self.d = nn.Parameter(torch.zeros(layout.targets, dtype=dtype))

    def head(self, h: torch.Tensor) -> torch.Tensor:
        """Outputs [targets] of a state [hidden], in running rms changes."""
        return self.v @ h + self.d

    def ordered(self) -> list[nn.Parameter]:
        """All parameters in the order of the flat weights: w, b, u, c, v, d."""
        return [self.cell.w, self.cell.b, self.cell.u, self.cell.c, self.v, self.d]

    def flat(self) -> npt.NDArray[np.floating]:
        """A copy of all weights as one vector, the form that kernels, optimiser and snapshots use."""
        return torch.cat([p.detach().reshape(-1) for p in self.ordered()]).numpy().copy()

    def load_flat(self, weights: npt.NDArray[np.floating]) -> None:
        """Set all weights from one vector."""
        at = 0
        with torch.no_grad():
            for parameter in self.ordered():
                size = parameter.numel()
                parameter.copy_(torch.from_numpy(weights[at : at + size]).reshape(parameter.shape))
                at += size


def initial_weights(layout: NetworkRows, seed: int, precision: str) -> npt.NDArray[np.floating]:
    """The weights of a shard's genesis, a function of layout, seed and torch's version."""
    return Forecaster(layout, seed, getattr(torch, precision)).flat()


def weight_count(layout: NetworkRows) -> int:
    """How many weights the network has."""
    wide = 3 * layout.hidden
    return (layout.inputs + layout.hidden + 2) * wide + layout.targets * (layout.hidden + 1)
