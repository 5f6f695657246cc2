"""The network: embeddings of categories, recurrent layers, and a linear head, whose first forecast is no change."""

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from streamrnn.network.heads import make_head
from streamrnn.network.stack import Stack
from streamrnn.rows.network import NetworkRows

EMBEDDING_DEVIATION = 0.2  # 0.1 and 0.3 have errors as good; with 1 they are 1 % higher


class Forecaster(nn.Module):
    """From what is kept of a step to its inputs: numbers, and for each category's code its embedding; from these and a
    stream's state to the next state; from a state to what is said of each target's next change. With a lookahead a
    second stack, ``ahead``, runs backward over the steps behind, and the head reads both states, joined (Schuster and
    Paliwal 1997).

    The head's weights are zero at the start, so that the first forecasts are the last values. Embeddings start as
    those of ``torch.nn.Embedding``, normal around 0, with a deviation of ``EMBEDDING_DEVIATION``.
    """

    def __init__(self, layout: NetworkRows, seed: int, dtype: torch.dtype) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.stack = Stack(
            layout.cell, layout.layers, layout.inputs, layout.hidden, generator, dtype, layout.layer_norm
        )
        self.ahead: Stack | None = None
        if layout.lookahead:
            self.ahead = Stack(
                layout.cell, layout.layers, layout.ahead_inputs, layout.hidden, generator, dtype, layout.layer_norm
            )
        self.v = nn.Parameter(torch.zeros(layout.outputs, layout.read, dtype=dtype))
        self.d = nn.Parameter(torch.tensor(make_head(layout).biases() * layout.targets, dtype=dtype))
        table = layout.table
        self.numbers = layout.inputs - table.inputs
        self.features = layout.ahead_inputs - table.inputs
        draws = torch.randn((table.codes, table.width), generator=generator, dtype=torch.float64)
        self.table = nn.Parameter((draws * EMBEDDING_DEVIATION).to(dtype))

    def inputs(self, seen: torch.Tensor) -> torch.Tensor:
        """The stack's inputs [inputs] from what is kept of a step's: numbers, then codes [seen]."""
        codes = seen[self.numbers :].long()
        return torch.cat([seen[: self.numbers], nn.functional.embedding(codes, self.table).reshape(-1)])

    def ahead_inputs(self, seen: torch.Tensor) -> torch.Tensor:
        """Those of the stack that runs backward: the same without what is shown of labels, the last of the numbers."""
        x = self.inputs(seen)
        return torch.cat([x[: self.features], x[self.numbers :]])

    def head(self, state: torch.Tensor, behind: torch.Tensor | None = None) -> torch.Tensor:
        """Outputs [targets x head's width] of a recurrent state, with a lookahead joined by the backward stack's; see
        ``network.heads``."""
        read = self.stack.read(state)
        if self.ahead is not None and behind is not None:
            read = torch.cat([read, self.ahead.read(behind)])
        return self.v @ read + self.d

    def ordered(self) -> list[nn.Parameter]:
        """All parameters in the order of the flat weights: those of the layers (w, b, u, c each), of both stacks where
        there are two, then v, d and the table of embeddings."""
        ahead = [] if self.ahead is None else self.ahead.ordered()
        return [*self.stack.ordered(), *ahead, self.v, self.d, self.table]

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
    return sum(parameter.numel() for parameter in Forecaster(layout, 0, torch.float32).ordered())
