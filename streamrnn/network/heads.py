"""What a network's outputs mean, as torch computes it: losses for autograd, and what is told of the next step.

Each head takes outputs [T, W] of T targets and is called in three ways: ``loss`` [T] of goals [T], ``told`` [T, ...]
beside the forecast, and ``forecast`` [T], both in running rms changes from what the network corrects.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Protocol

import torch
from torch.nn.functional import softplus

from streamrnn.rows.intervals import laplace_quantiles
from streamrnn.rows.network import NetworkRows

FIRST_SCALE = 0.7  # mean size of an error at the start, in running rms changes
LEAST_SCALE = 1e-3  # of a distribution, in running rms changes
LEAST_DEGREES, MOST_DEGREES = 2.1, 100.0  # of freedom: above 2 there is a variance, at 100 it is about a Gaussian
FIRST_DEGREES = 6.0
# What a likelihood's gradient is divided by, which Adam does not mind. At its full size the clipping by norm would
# leave an outlier no more weight than any outcome, and scales would come out too small.
SOFTNESS = 50.0


class Head(Protocol):
    """One meaning of outputs; the gradient of its loss is divided by ``softness``."""

    softness: float

    def biases(self) -> list[float]:
        """The outputs of an untrained network."""

    def loss(self, outputs: torch.Tensor, goals: torch.Tensor) -> torch.Tensor:
        """Loss [T] of outputs [T, W]."""

    def forecast(self, outputs: torch.Tensor) -> torch.Tensor:
        """Forecast [T] of the residual."""

    def told(self, outputs: torch.Tensor) -> torch.Tensor:
        """What else is told [T, ...], of the residual."""


class PointHead:
    """The residual itself; Huber's loss, or the absolute error where delta is 0."""

    softness = 1.0

    def __init__(self, delta: float) -> None:
        self._delta = delta

    def biases(self) -> list[float]:
        return [0.0]

    def loss(self, outputs: torch.Tensor, goals: torch.Tensor) -> torch.Tensor:
        error = outputs[:, 0] - goals
        if self._delta == 0.0:
            return error.abs()
        return torch.nn.functional.huber_loss(error, torch.zeros_like(error), reduction="none", delta=self._delta)

    def forecast(self, outputs: torch.Tensor) -> torch.Tensor:
        return outputs[:, 0]

    def told(self, outputs: torch.Tensor) -> torch.Tensor:
        return outputs[:, :0]


class QuantileHead:
    """A median, and positive steps from it outwards; 2 / Q times the sum of the pinball losses (Koenker and Bassett
    1978). Untrained it tells those of Laplace's distribution.

    Parameters
    ----------
    shares : of outcomes below each quantile, Q of them, rising, 0.5 among them
    """

    softness = 1.0

    def __init__(self, shares: tuple[float, ...]) -> None:
        self._shares = torch.tensor(shares, dtype=torch.float64)
        self._median = shares.index(0.5)

    def biases(self) -> list[float]:
        quantiles = (FIRST_SCALE * laplace_quantiles(self._shares.numpy())).tolist()
        steps = [later - earlier for earlier, later in pairwise(quantiles)]
        before, after = steps[: self._median], steps[self._median :]
        return [*map(_before_softplus, before), 0.0, *map(_before_softplus, after)]

    def loss(self, outputs: torch.Tensor, goals: torch.Tensor) -> torch.Tensor:
        error = self.told(outputs) - goals.double()[:, None]
        pinball = 0.5 * error.abs() + (0.5 - self._shares) * error
        return 2.0 / len(self._shares) * pinball.sum(1)

    def forecast(self, outputs: torch.Tensor) -> torch.Tensor:
        return outputs[:, self._median]

    def told(self, outputs: torch.Tensor) -> torch.Tensor:
        wide = outputs.double()
        middle = wide[:, self._median : self._median + 1]
        above = middle + softplus(wide[:, self._median + 1 :]).cumsum(1)
        below = middle - softplus(wide[:, : self._median]).flip(1).cumsum(1).flip(1)
        return torch.cat([below, middle, above], 1)


class GaussianHead:
    """Location and scale, which is at least a thousandth; the negative log likelihood."""

    softness = SOFTNESS

    def biases(self) -> list[float]:
        return [0.0, _before_softplus(FIRST_SCALE)]

    def loss(self, outputs: torch.Tensor, goals: torch.Tensor) -> torch.Tensor:
        location, scale = outputs[:, 0], LEAST_SCALE + softplus(outputs[:, 1])
        z = (goals - location) / scale
        return scale.log() + 0.5 * z * z + 0.5 * math.log(2 * math.pi)

    def forecast(self, outputs: torch.Tensor) -> torch.Tensor:
        return outputs[:, 0]

    def told(self, outputs: torch.Tensor) -> torch.Tensor:
        location, scale = outputs[:, 0], LEAST_SCALE + softplus(outputs[:, 1])
        return torch.stack([location, scale, torch.full_like(scale, math.nan)], 1)


class StudentHead:
    """Location, scale and degrees of freedom, between 2.1 and 100; the negative log likelihood of Student's
    distribution, in whose tails outliers pull less."""

    softness = SOFTNESS

    def biases(self) -> list[float]:
        share = (FIRST_DEGREES - LEAST_DEGREES) / (MOST_DEGREES - LEAST_DEGREES)
        return [0.0, _before_softplus(FIRST_SCALE), math.log(share / (1 - share))]

    def loss(self, outputs: torch.Tensor, goals: torch.Tensor) -> torch.Tensor:
        location, scale, degrees = self.told(outputs).unbind(1)
        z, half = (goals - location) / scale, degrees / 2
        constant = torch.lgamma(half + 0.5) - torch.lgamma(half) - 0.5 * (degrees * math.pi).log()
        return scale.log() - constant + (half + 0.5) * torch.log1p(z * z / degrees)

    def forecast(self, outputs: torch.Tensor) -> torch.Tensor:
        return outputs[:, 0]

    def told(self, outputs: torch.Tensor) -> torch.Tensor:
        degrees = LEAST_DEGREES + (MOST_DEGREES - LEAST_DEGREES) * torch.sigmoid(outputs[:, 2])
        return torch.stack([outputs[:, 0], LEAST_SCALE + softplus(outputs[:, 1]), degrees], 1)


def make_head(layout: NetworkRows, delta: float = 0.0) -> Head:
    """The head that a layout asks for; ``delta`` is Huber's, of the point head."""
    match layout.head:
        case "quantiles":
            return QuantileHead(layout.quantiles)
        case "gaussian":
            return GaussianHead()
        case "student_t":
            return StudentHead()
        case _:
            return PointHead(delta)


def _before_softplus(value: float) -> float:
    """The number whose softplus is ``value``."""
    return math.log(math.expm1(value))
