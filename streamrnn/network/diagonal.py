"""The linear recurrent unit as a torch module, and its traces: the definition that the kernel is tested against."""

from __future__ import annotations

import math

import torch
from torch import nn

from streamrnn.kernels.diagonal import SLOWEST
from streamrnn.network.activations import sigmoid, tanh
from streamrnn.network.cell import Cell
from streamrnn.rows.cells import LRU

SHORTEST, LONGEST = 2.0, 1000.0  # steps of a unit's memory at the start
WIDEST = math.pi / 10  # largest angle at the start


class LinearRecurrentUnit(Cell):
    """Linear recurrent unit (Orvieto et al. 2023) with what is read of it; equations in ``kernels.diagonal``.

    The state is h, Re s, Im s [3 hidden]. At the start a unit's memory, 1 / exp(nu) steps, is drawn evenly on a scale
    of logarithms, so that each order of time has as many; angles evenly between 0 and ``WIDEST``.
    """

    code = LRU

    def __init__(
        self, inputs: int, hidden: int, generator: torch.Generator, dtype: torch.dtype, layer_norm: bool = False
    ) -> None:
        super().__init__(inputs, hidden, generator, dtype, layer_norm)

        def even(*shape: int) -> torch.Tensor:
            return torch.rand(shape, generator=generator, dtype=torch.float64)

        nu, theta = -math.log(SHORTEST) - math.log(LONGEST / SHORTEST) * even(hidden), WIDEST * even(hidden)
        self.u = nn.Parameter(((2 * even(2 * hidden, 2 * hidden) - 1) * (3 / (2 * hidden)) ** 0.5).to(dtype))
        self.c = nn.Parameter(torch.cat([nu, theta]).to(dtype))

    def forward(self, x: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """The next state [3 hidden]."""
        turning, into, _, _ = self.poles()
        sums = x @ self.w + self.b
        _, re, im = state.chunk(3, -1)
        after = turning * torch.complex(re, im) + into * self._driven(sums)
        carried = torch.cat([after.real, after.imag], -1)
        value, gate = self._said(sums, carried)
        return torch.cat([value * gate, carried], -1)

    def read(self, x: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """What is read [hidden] of a state that a step with this input left."""
        value, gate = self._said(x @ self.w + self.b, state[..., self.hidden :])
        return value * gate

    def poles(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Of each unit l, g, log |l|, and the derivative of g by nu."""
        nu, theta = self.c.chunk(2)
        decay = torch.clamp(-torch.exp(nu), max=SLOWEST)
        size = torch.exp(decay)
        into = torch.sqrt(1 - size * size)
        return torch.polar(size, theta), into, decay, -size * size * decay / into

    def traced(self, x: torch.Tensor, state: torch.Tensor, traces: torch.Tensor) -> torch.Tensor:
        """The traces after a step from a state, from those before [inputs + 3, 2 hidden]: derivatives of Re s and Im s
        by nu, theta, each input's weights into the real part, and the bias."""
        turning, into, decay, into_by_nu = self.poles()
        _, re, im = state.chunk(3, -1)
        before, carried = torch.complex(*traces.chunk(2, -1)), torch.complex(re, im)
        own = torch.zeros_like(before)
        own[0] = turning * decay * carried + into_by_nu * self._driven(x @ self.w + self.b)
        own[1] = 1j * turning * carried
        own[2:] = into * torch.cat([x, torch.ones_like(x[:1])])[:, None]
        after = turning * before + own
        return torch.cat([after.real, after.imag], -1)

    def add_traced(self, x: torch.Tensor, state: torch.Tensor, traces: torch.Tensor, slope: torch.Tensor) -> None:
        """Set the gradients of all weights, of a loss with that slope [hidden] by h, where the state was left by a step
        with input x."""
        carried = state[self.hidden :]
        d_out = self._into_sums(x, state, slope)
        d_state = torch.complex(*(self.u @ d_out).chunk(2))
        by = torch.complex(*traces.chunk(2, -1))
        along = (d_state.conj() * by).real  # by what is added to the real part
        across = (d_state.conj() * 1j * by).real  # and to the imaginary one
        inputs = torch.cat([x, torch.ones_like(x[:1])])
        both = torch.cat([along[2:], across[2:], torch.outer(inputs, d_out)], 1)
        self.w.grad, self.b.grad = both[:-1], both[-1]
        self.u.grad = torch.outer(carried, d_out)
        self.c.grad = torch.cat([along[0], along[1]])

    def into_input(self, x: torch.Tensor, state: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
        """The gradient by the newest step's input [inputs], through that step alone."""
        d_out = self._into_sums(x, state, slope)
        _, into, _, _ = self.poles()
        back: torch.Tensor = self.w @ torch.cat([torch.cat([into, into]) * (self.u @ d_out), d_out])
        return back

    def _said(self, sums: torch.Tensor, carried: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Values and gates."""
        value, gate = (sums[..., 2 * self.hidden :] + carried @ self.u).chunk(2, -1)
        return tanh(value), sigmoid(gate)

    def _into_sums(self, x: torch.Tensor, state: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
        """The gradient by the sums of values and gates [2 hidden]."""
        value, gate = self._said(x @ self.w + self.b, state[self.hidden :])
        return torch.cat([slope * gate * (1 - value * value), slope * value * (gate - gate * gate)])

    def _driven(self, sums: torch.Tensor) -> torch.Tensor:
        """What inputs and bias put into the state."""
        return torch.complex(sums[..., : self.hidden], sums[..., self.hidden : 2 * self.hidden])
