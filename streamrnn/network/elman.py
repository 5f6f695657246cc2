"""The simple recurrent network as torch modules: the definition that the kernel is tested against."""

import torch

from streamrnn.network.activations import relu, tanh
from streamrnn.network.cell import Cell
from streamrnn.rows.cells import RNN, RNN_RELU


class ElmanCell(Cell):
    """Simple recurrent network (Elman 1990), the equation of ``torch.nn.RNNCell`` with one bias; the state is h."""

    code = RNN

    def forward(self, x: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """The next state [hidden]."""
        return tanh(self.biased(x @ self.w + state @ self.u))


class RectifiedElmanCell(Cell):
    """The same with a rectifier that ends at 20, so that no state can grow for ever."""

    code = RNN_RELU

    def forward(self, x: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """The next state [hidden]."""
        return relu(self.biased(x @ self.w + state @ self.u))
