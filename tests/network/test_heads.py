"""Heads in torch: their losses are those of the books, and they start where they should."""

import math

import pytest
import torch

from streamrnn.network.forecaster import Forecaster
from streamrnn.network.heads import (
    FIRST_SCALE,
    LEAST_DEGREES,
    LEAST_SCALE,
    MOST_DEGREES,
    GaussianHead,
    QuantileHead,
    StudentHead,
    make_head,
)
from streamrnn.rows.heads import NAMES, told, width
from streamrnn.rows.network import NetworkRows
from tests.helpers import settings

SHARES = (0.05, 0.2, 0.5, 0.6, 0.99)
OUTPUTS = torch.randn((7, 5), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
GOALS = torch.randn(7, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_a_gaussians_loss_is_torchs_negative_log_likelihood() -> None:
    head = GaussianHead()
    location, scale, _ = head.told(OUTPUTS[:, :2]).unbind(1)
    expected = -torch.distributions.Normal(location, scale).log_prob(GOALS)
    torch.testing.assert_close(head.loss(OUTPUTS[:, :2], GOALS), expected)


def test_students_loss_is_torchs_negative_log_likelihood() -> None:
    head = StudentHead()
    location, scale, degrees = head.told(OUTPUTS[:, :3]).unbind(1)
    expected = -torch.distributions.StudentT(degrees, location, scale).log_prob(GOALS)
    torch.testing.assert_close(head.loss(OUTPUTS[:, :3], GOALS), expected)


@pytest.mark.parametrize("size", [-1e30, -50.0, 50.0, 1e30])
def test_scales_stay_above_their_floor_and_degrees_of_freedom_within_their_bounds(size: float) -> None:
    outputs = torch.full((1, 3), size, dtype=torch.float64)
    assert float(GaussianHead().told(outputs[:, :2])[0, 1]) >= LEAST_SCALE
    _, scale, degrees = StudentHead().told(outputs)[0].tolist()
    assert scale >= LEAST_SCALE
    assert LEAST_DEGREES <= degrees <= MOST_DEGREES


def test_the_quantile_loss_is_the_mean_of_pinball_losses_twice() -> None:
    head = QuantileHead(SHARES)
    quantiles = head.told(OUTPUTS)
    expected = torch.zeros(7, dtype=torch.float64)
    for place, share in enumerate(SHARES):
        error = GOALS - quantiles[:, place]
        expected += torch.where(error > 0, share * error, (share - 1) * error)
    torch.testing.assert_close(head.loss(OUTPUTS, GOALS), 2 * expected / len(SHARES))


def test_the_median_is_the_forecast_and_quantiles_rise_from_it() -> None:
    quantiles = QuantileHead(SHARES).told(OUTPUTS)
    assert torch.equal(quantiles[:, 2], QuantileHead(SHARES).forecast(OUTPUTS))
    assert (quantiles.diff(dim=1) > 0).all()


def test_an_untrained_quantile_head_tells_those_of_laplaces_distribution() -> None:
    head = QuantileHead(SHARES)
    quantiles = head.told(torch.tensor([head.biases()], dtype=torch.float64))[0]
    expected = torch.distributions.Laplace(0.0, FIRST_SCALE).icdf(torch.tensor(SHARES, dtype=torch.float64))
    torch.testing.assert_close(quantiles, expected.double())


@pytest.mark.parametrize("name", NAMES)
def test_every_head_has_the_width_that_the_rows_say_and_first_forecasts_no_change(name: str) -> None:
    layout = NetworkRows.from_settings(settings(f"model.head={name}", 'events.features=["a","b"]'))
    network, head = Forecaster(layout, 0, torch.float64), make_head(layout)
    outputs = network.head(torch.randn(layout.state, dtype=torch.float64)).reshape(layout.targets, -1)
    assert outputs.shape == (2, width(name, 5))
    assert head.told(outputs).shape == (2, told(name, 5))
    assert head.forecast(outputs).tolist() == [0.0, 0.0]
    assert not math.isnan(float(head.loss(outputs.detach(), torch.zeros(2, dtype=torch.float64)).sum()))
