"""The point head: one number for each target, the next step's residual, learned by Huber's loss.

A head is a module with one calling convention; with W outputs for each target:

    add_slopes(h, v, d, k, goal, share, delta, levels, raw, said, slopes, losses, dh, gv, gd)
    say(h, v, d, k, levels, base, rms, raw, said, told)

    h [hidden], v [targets W, hidden], d [targets W]; k, the target; raw and said float64[W], slopes [W], work space
    goal, what should have been said; share, of its loss in the gradient; delta, Huber's; levels float64[Q], quantiles'
    losses, sums of the shard; dh [hidden], gv and gd (as v and d), gradients that are added to
    say returns the target's forecast, base + rms x residual, and writes what else is told into told float64[Q]
"""

import numpy as np

from streamrnn.kernels.compile import kernel
from streamrnn.rows.network import LOSS


@kernel
def output_of(h, v, d, k):
    """Output k of a state that begins with h[hidden], with weights v[outputs, hidden] and d[outputs]."""
    total = d[k]
    for j in range(v.shape[1]):
        total += v[k, j] * h[j]
    return total


@kernel
def slope_of(error, delta, losses):
    """Gradient of Huber's loss (of the absolute error where delta is 0); the loss is added to ``losses``."""
    size = abs(error)
    if delta == 0.0:
        losses[LOSS] += size
        return np.sign(error)
    if size <= delta:
        losses[LOSS] += 0.5 * error * error
        return error
    losses[LOSS] += delta * (size - 0.5 * delta)
    return delta * np.sign(error)


@kernel
def add_slope(h, v, k, slope, dh, gv, gd):
    """Add output k's gradient by its slope to those of the state and of the weights."""
    for j in range(v.shape[1]):
        dh[j] += slope * v[k, j]
        gv[k, j] += slope * h[j]
    gd[k] += slope


@kernel
def add_slopes(h, v, d, k, goal, share, delta, levels, raw, said, slopes, losses, dh, gv, gd):
    """Add one target's gradient; its loss is added to ``losses``."""
    error = output_of(h, v, d, k) - goal
    slopes[0] = share * slope_of(error, delta, losses)
    add_slope(h, v, k, slopes[0], dh, gv, gd)


@kernel
def say(h, v, d, k, levels, base, rms, raw, said, told):
    """The forecast."""
    return base + rms * output_of(h, v, d, k)
