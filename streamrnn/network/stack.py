"""Recurrent layers, one above the other."""

import torch
from torch import nn

from streamrnn.network.cell import Cell
from streamrnn.network.diagonal import LinearRecurrentUnit
from streamrnn.network.elman import ElmanCell, RectifiedElmanCell
from streamrnn.network.gru import GRUCell
from streamrnn.network.lstm import LSTMCell
from streamrnn.rows.cells import NAMES

CELLS: dict[str, type[Cell]] = {
    NAMES[cell.code]: cell for cell in (GRUCell, LSTMCell, ElmanCell, RectifiedElmanCell, LinearRecurrentUnit)
}


class Stack(nn.Module):
    """Layers of one kind of cell (Graves 2013): the lowest reads the inputs, each other the hidden state below it at
    the same step. The state [layers x states x hidden] is that of all layers, the lowest first.

    Parameters
    ----------
    cell : name of the cell, one of ``rows.cells.NAMES``
    layers : how many
    inputs, hidden, generator, dtype, layer_norm : as in `Cell`
    """

    def __init__(
        self,
        cell: str,
        layers: int,
        inputs: int,
        hidden: int,
        generator: torch.Generator,
        dtype: torch.dtype,
        layer_norm: bool = False,
    ) -> None:
        super().__init__()
        kind = CELLS[cell]
        below = [inputs] + [hidden] * (layers - 1)
        self.hidden = hidden
        self.cells = nn.ModuleList(kind(size, hidden, generator, dtype, layer_norm) for size in below)

    @property
    def layers(self) -> list[Cell]:
        """The cells, the lowest first."""
        return [cell for cell in self.cells if isinstance(cell, Cell)]

    @property
    def state_size(self) -> int:
        """Numbers of the state."""
        return sum(cell.state_size for cell in self.layers)

    def forward(self, x: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """The next state from input x [inputs] and a state; leading dimensions are batches."""
        cells = self.layers
        after = []
        for cell, own in zip(cells, state.chunk(len(cells), -1), strict=True):
            after.append(cell(x, own))
            x = after[-1][..., : self.hidden]
        return torch.cat(after, -1)

    def read(self, state: torch.Tensor) -> torch.Tensor:
        """The hidden state [hidden] of the uppermost layer, which a head reads."""
        return state.chunk(len(self.cells), -1)[-1][..., : self.hidden]

    def ordered(self) -> list[nn.Parameter]:
        """All parameters in the order of the flat weights, layer by layer."""
        return [parameter for cell in self.layers for parameter in cell.ordered()]
