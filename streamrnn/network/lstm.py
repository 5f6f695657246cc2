"""The long short-term memory as a torch module: the definition that the kernel is tested against."""

import torch
from torch import nn

from streamrnn.network.activations import sigmoid, tanh
from streamrnn.network.cell import Cell, normalised
from streamrnn.rows.cells import LSTM


class LSTMCell(Cell):
    """Long short-term memory (Hochreiter and Schmidhuber 1997; forget gate by Gers et al. 2000), the equations of
    ``torch.nn.LSTMCell`` with one bias for each gate.

    Gates in the order input, forget, candidate, output; the state is h [hidden], then the memory cells [hidden]. The
    forget gate's bias starts at 1, so that a young network remembers (Gers et al. 2000; Jozefowicz et al. 2015). With
    ``layer_norm`` the memory cells too are normalised where the output reads them, by a gain and a bias of their own,
    and carried as they are (Ba et al. 2016).
    """

    code = LSTM

    def __init__(
        self, inputs: int, hidden: int, generator: torch.Generator, dtype: torch.dtype, layer_norm: bool = False
    ) -> None:
        super().__init__(inputs, hidden, generator, dtype, layer_norm)
        with torch.no_grad():
            self.b[hidden : 2 * hidden] = 1
        self.memory_gain = nn.Parameter(torch.ones(hidden, dtype=dtype)) if layer_norm else None
        self.memory_bias = nn.Parameter(torch.zeros(hidden, dtype=dtype)) if layer_norm else None

    def forward(self, x: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """The next state [2 hidden]."""
        h, memory = state.chunk(2, -1)
        sums = self.biased(x @ self.w + h @ self.u)
        write, keep, _, show = sigmoid(sums).chunk(4, -1)
        memory = keep * memory + write * tanh(sums[..., 2 * self.hidden : 3 * self.hidden])
        seen = memory
        if self.memory_gain is not None and self.memory_bias is not None:
            seen = normalised(memory) * self.memory_gain + self.memory_bias
        return torch.cat([show * tanh(seen), memory], -1)

    def ordered(self) -> list[nn.Parameter]:
        """As in `Cell`, then the memory cells' gain and bias where there are."""
        extra = [each for each in (self.memory_gain, self.memory_bias) if each is not None]
        return [*super().ordered(), *extra]
