"""The kernels' activation formulas in torch, so that both engines compute one function."""

from typing import Any

import torch

from streamrnn.kernels import functions as f

ODD = tuple(map(float, (f.A13, f.A11, f.A9, f.A7, f.A5, f.A3, f.A1)))
EVEN = tuple(map(float, (f.B6, f.B4, f.B2, f.B0)))
LIMIT = float(f.LIMIT)
RELU_LIMIT = float(f.RELU_LIMIT)


class _Tanh(torch.autograd.Function):
    """The rational approximation, with the derivative 1 - tanh squared of what it approximates (as in the kernels)."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        x = torch.clamp(x, -LIMIT, LIMIT)
        s = x * x
        y = x * _polynomial(ODD, s) / _polynomial(EVEN, s)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        (y,) = ctx.saved_tensors
        before: torch.Tensor = gradients[0] * (1 - y * y)
        return before


def _polynomial(coefficients: tuple[float, ...], s: torch.Tensor) -> torch.Tensor:
    total = torch.full_like(s, coefficients[0])
    for coefficient in coefficients[1:]:
        total = total * s + coefficient
    return total


def tanh(x: torch.Tensor) -> torch.Tensor:
    """Rational approximation of the hyperbolic tangent; see ``kernels.functions``."""
    y: torch.Tensor = _Tanh.apply(x)  # type: ignore[no-untyped-call]
    return y


def sigmoid(x: torch.Tensor) -> torch.Tensor:
    """Logistic function, by way of ``tanh``."""
    return 0.5 * tanh(0.5 * x) + 0.5


def relu(x: torch.Tensor) -> torch.Tensor:
    """Rectifier with a limit; see ``kernels.functions``. Its slope at 0 is 0."""
    return torch.clamp(torch.relu(x), max=RELU_LIMIT)
