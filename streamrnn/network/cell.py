"""What all recurrent cells have in common: weights, how they start, and layer normalisation."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import nn

from streamrnn.rows.cells import GATES, INNER_BIASES, STATES

EPSILON = 1e-5  # added to the variance of a layer's sums, as torch.nn.LayerNorm does


class Cell(nn.Module):
    """A recurrent cell: from a step's input and the state before to the state after.

    Weights are input-major (the transpose of torch's own): w [inputs, gates x hidden], b [gates x hidden], u [hidden,
    gates x hidden] and, where a gate acts on the state's own sum, c [gates x hidden] (else [0]). The state [states x
    hidden] begins with the hidden state, which a head or the next layer reads.

    At the start each input weight has variance 1 / inputs (LeCun et al. 1998), each gate's recurrent weights are
    orthogonal (Saxe et al. 2014) and biases are zero. Against the 1 / sqrt(hidden) bound of torch's own cells that
    takes 4 to 8 % off a GRU's error on taxi demand, where one network has to learn from one stream.

    Layer normalisation (Ba et al. 2016, equation 4) acts on each gate's sum over inputs and state together, just
    before the gate's function: mean 0 and variance 1 over the layer's hidden units, then a gain of each unit's own,
    which starts at 1, and the bias b. Inputs and state share one normalisation so that the size of the inputs still
    counts; the paper's own GRU and LSTM normalise the two apart, which leaves of a step's few inputs their direction.

    Parameters
    ----------
    inputs, hidden : numbers of a step's input and of the hidden state
    generator : draws the weights, in float64
    dtype : of the weights
    layer_norm : whether sums are normalised
    """

    code: ClassVar[int]

    def __init__(
        self, inputs: int, hidden: int, generator: torch.Generator, dtype: torch.dtype, layer_norm: bool = False
    ) -> None:
        super().__init__()
        self.hidden = hidden
        gates = GATES[self.code]
        bound = (3 / inputs) ** 0.5
        draws = torch.rand((inputs, gates * hidden), generator=generator, dtype=torch.float64)
        self.w = nn.Parameter(((2 * draws - 1) * bound).to(dtype))
        self.b = nn.Parameter(torch.zeros(gates * hidden, dtype=dtype))
        self.u = nn.Parameter(torch.cat([_orthogonal(hidden, generator) for _ in range(gates)], 1).to(dtype))
        self.c = nn.Parameter(torch.zeros(INNER_BIASES[self.code] * hidden, dtype=dtype))
        self.gain = nn.Parameter(torch.ones(gates * hidden, dtype=dtype)) if layer_norm else None

    @property
    def state_size(self) -> int:
        """Numbers of the state."""
        return STATES[self.code] * self.hidden

    def forward(self, x: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """The next state [states x hidden] from input x [inputs] and a state; leading dimensions are batches."""
        raise NotImplementedError

    def ordered(self) -> list[nn.Parameter]:
        """All parameters in the order of the flat weights: w, b, u, c, then the gain where there is one."""
        parameters = [self.w, self.b, self.u, self.c]
        return parameters if self.gain is None else [*parameters, self.gain]

    def biased(self, sums: torch.Tensor, first: int = 0) -> torch.Tensor:
        """Sums [gates x hidden] of a gate and those after it as their functions take them: normalised gate by gate
        where asked for, then the bias b."""
        own = slice(first * self.hidden, first * self.hidden + sums.shape[-1])
        if self.gain is not None:
            apart = sums.reshape(*sums.shape[:-1], -1, self.hidden)
            sums = normalised(apart).flatten(-2) * self.gain[own]
        return sums + self.b[own]


def normalised(sums: torch.Tensor) -> torch.Tensor:
    """Sums [..., hidden] with mean 0 and variance 1 over the hidden units."""
    off = sums - sums.mean(-1, keepdim=True)
    return off / torch.sqrt((off * off).mean(-1, keepdim=True) + EPSILON)


def _orthogonal(size: int, generator: torch.Generator) -> torch.Tensor:
    """A random orthogonal matrix [size, size] in float64."""
    q, r = torch.linalg.qr(torch.randn((size, size), generator=generator, dtype=torch.float64))
    matrix: torch.Tensor = q * torch.sign(torch.diagonal(r))
    return matrix
