"""The gated recurrent unit as a torch module: the definition that the kernel is tested against."""

import torch
from torch import nn

from streamrnn.network.activations import sigmoid, tanh


class GRUCell(nn.Module):
    """Gated recurrent unit (Cho et al. 2014), the equations of ``torch.nn.GRUCell``.

    Weights are input-major (the transpose of torch's own): w [inputs, 3 hidden], u [hidden, 3 hidden], columns in the
    order reset, update, candidate; biases b and c [3 hidden].
    """

    def __init__(self, inputs: int, hidden: int, generator: torch.Generator, dtype: torch.dtype) -> None:
        super().__init__()
        bound = hidden**-0.5

        def draw(*shape: int) -> nn.Parameter:
            values = torch.rand(shape, generator=generator, dtype=torch.float64) * (2 * bound) - bound
            return nn.Parameter(values.to(dtype))

        self.w = draw(inputs, 3 * hidden)
        self.b = draw(3 * hidden)
        self.u = draw(hidden, 3 * hidden)
        self.c = draw(3 * hidden)

    def forward(self, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        """The next state [hidden] from input x [inputs] and state h [hidden]."""
        left = (x @ self.w + self.b).chunk(3, -1)
        right = (h @ self.u + self.c).chunk(3, -1)
        reset = sigmoid(left[0] + right[0])
        update = sigmoid(left[1] + right[1])
        candidate = tanh(left[2] + reset * right[2])
        return candidate + update * (h - candidate)
