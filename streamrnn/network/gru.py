"""The gated recurrent unit as a torch module: the definition that the kernel is tested against."""

import torch

from streamrnn.network.activations import sigmoid, tanh
from streamrnn.network.cell import Cell
from streamrnn.rows.cells import GRU


class GRUCell(Cell):
    """Gated recurrent unit (Cho et al. 2014), the equations of ``torch.nn.GRUCell``.

    Gates in the order reset, update, candidate; the state is h [hidden].
    """

    code = GRU

    def forward(self, x: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """The next state [hidden]."""
        left, right = x @ self.w, state @ self.u + self.c
        two = 2 * self.hidden
        reset, update = sigmoid(self.biased(left[..., :two] + right[..., :two])).chunk(2, -1)
        candidate = tanh(self.biased(left[..., two:] + reset * right[..., two:], 2))
        after: torch.Tensor = candidate + update * (state - candidate)
        return after
