"""The quantile head: a median, and steps from it that are positive, so that no two quantiles can cross.

Learned by the pinball loss (Koenker and Bassett 1978) of all Q quantiles, 2 / Q times their sum: with many of them that
is about the continuous ranked probability score, and its slope in the median is of the size of Huber's. Arguments are
those of ``kernels.point_head``.
"""

import numpy as np

from streamrnn.kernels.compile import kernel
from streamrnn.kernels.functions import logistic, softplus
from streamrnn.kernels.point_head import add_slope, output_of
from streamrnn.rows.network import LOSS


@kernel
def middle(levels):
    """Place of the median."""
    place = 0
    while levels[place] != 0.5:
        place += 1
    return place


@kernel
def quantiles_of(h, v, d, k, levels, raw, said):
    """Outputs of target k into raw[Q], its quantiles in running changes into said[Q], ascending."""
    count, median = levels.shape[0], middle(levels)
    for j in range(count):
        raw[j] = output_of(h, v, d, k * count + j)
    said[median] = raw[median]
    for j in range(median + 1, count):
        said[j] = said[j - 1] + softplus(raw[j])
    for j in range(median - 1, -1, -1):
        said[j] = said[j + 1] - softplus(raw[j])


@kernel
def add_slopes(h, v, d, k, goal, share, delta, levels, raw, said, slopes, losses, dh, gv, gd):
    """Add one target's gradient; its loss is added to ``losses``."""
    count, median = levels.shape[0], middle(levels)
    quantiles_of(h, v, d, k, levels, raw, said)
    loss = 0.0
    for j in range(count):
        error = said[j] - goal
        loss += 0.5 * abs(error) + (0.5 - levels[j]) * error
        said[j] = 0.5 * np.sign(error) + (0.5 - levels[j])
    losses[LOSS] += 2.0 / count * loss
    # A step moves its own quantile and all beyond it, the median all of them.
    for j in range(count - 2, median - 1, -1):
        said[j] += said[j + 1]
    below = 0.0
    for j in range(median):
        below += said[j]
        said[j] = -below
    said[median] += below
    for j in range(count):
        slope = said[j] if j == median else said[j] * logistic(raw[j])
        slopes[j] = share * (2.0 / count) * slope
        add_slope(h, v, k * count + j, slopes[j], dh, gv, gd)


@kernel
def say(h, v, d, k, levels, base, rms, raw, said, told):
    """The forecast, which is the median; the quantiles go to told[Q], NaN where there is no scale yet."""
    quantiles_of(h, v, d, k, levels, raw, said)
    for j in range(levels.shape[0]):
        told[j] = base + rms * said[j] if rms > 0.0 else np.nan
    return base + rms * said[middle(levels)]
