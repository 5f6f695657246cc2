"""Probabilities from outputs."""

import numpy as np
import pytest

from streamrnn.kernels.softmax import log_loss, softmax


@pytest.mark.parametrize("scale", [0.0, 1.0, 50.0, 1e6])
def test_probabilities_are_positive_shares_of_the_known_classes(scale: float) -> None:
    outputs = np.random.default_rng(0).normal(size=5) * scale
    found = np.empty(5)
    softmax(outputs, 3, found)
    expected = np.exp(outputs[:3] - outputs[:3].max())
    np.testing.assert_allclose(found[:3], expected / expected.sum(), rtol=1e-12, atol=1e-300)
    assert (found[3:] == 0).all()


def test_the_log_loss_has_a_floor() -> None:
    assert log_loss(0.25, 0.001) == pytest.approx(np.log(4))
    assert log_loss(0.0, 0.001) == pytest.approx(np.log(1000))
