"""The kernels' activation formulas in torch, so that both engines compute one function."""

import torch

from streamrnn.kernels import functions


def tanh(x: torch.Tensor) -> torch.Tensor:
    """Rational approximation of the hyperbolic tangent; see ``kernels.functions``."""
    f = functions
    limit = float(f.LIMIT)
    x = torch.clamp(x, -limit, limit)
    s = x * x
    odd = torch.zeros_like(s)
    for coefficient in (f.A13, f.A11, f.A9, f.A7, f.A5, f.A3, f.A1):
        odd = odd * s + float(coefficient)
    even = torch.zeros_like(s)
    for coefficient in (f.B6, f.B4, f.B2, f.B0):
        even = even * s + float(coefficient)
    return x * odd / even


def sigmoid(x: torch.Tensor) -> torch.Tensor:
    """Logistic function, by way of ``tanh``."""
    return 0.5 * tanh(0.5 * x) + 0.5
