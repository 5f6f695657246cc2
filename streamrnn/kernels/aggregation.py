"""Bernstein online aggregation: a convex mixture of experts, each weighed by what it was worth so far.

Wintenberger (2017), "Optimal learning with Bernstein online aggregation": weights in proportion to eta exp(eta R),
where R is an expert's regret corrected by its squares, and the rate eta is the expert's own and follows from the
squares of its regrets. Nothing is to be tuned, and the mixture is never much worse than the best expert. Experts may
sleep: who gives no forecast (NaN) has no weight and no regret that round (Gaillard, Stoltz and van Erven 2014, "A
second-order bound with excess losses").

The account of one mixture is 3 E float64 from ``at`` on, zero at the start: corrected regrets [E], sums of squared
regrets [E], largest absolute regrets [E].
"""

import numpy as np

from streamrnn.kernels.compile import kernel
from streamrnn.kernels.functions import exp

FIELDS = 3  # of each expert
SMOOTHING = 0.1  # of the absolute error, in its own unit
LARGEST_REGRET = 1e100  # so that no sum of squares overflows

# Natural logarithms of 1 to 16 (of 2 where one expert has no rival), by the number of experts: the price of not knowing
# which of them is the best.
LOG = np.array(
    [
        0.6931471805599453, 0.6931471805599453, 0.6931471805599453, 1.0986122886681098, 1.3862943611198906,
        1.6094379124341003, 1.791759469228055, 1.9459101490553132, 2.0794415416798357, 2.1972245773362196,
        2.302585092994046, 2.3978952727983707, 2.4849066497880004, 2.5649493574615367, 2.6390573296152584,
        2.70805020110221, 2.772588722239781,
    ]
)  # fmt: skip
LARGEST = len(LOG) - 1  # experts of one mixture


@kernel
def rate(account, at, experts, expert):
    """An expert's learning rate: at most half the inverse of its largest regret, or of a whole unit if that is more;
    it falls with the squares of its regrets.

    The unit counts because weights are in proportion to the rates: among experts that differ by next to nothing at
    first, rates without bound would let one of them keep all weight for good.
    """
    largest = max(1.0, account[at + 2 * experts + expert])
    squares = account[at + experts + expert]
    return min(0.5 / largest, np.sqrt(LOG[experts] / squares)) if squares > 0.0 else 0.5


@kernel
def weigh(account, at, experts, forecasts, weights):
    """Fill in weights[E] for forecasts[E]: 0 where a forecast is NaN, of sum 1 over the others if there are any."""
    largest = -np.inf
    for e in range(experts):
        weights[e] = 0.0
        if not np.isnan(forecasts[e]):
            largest = max(largest, rate(account, at, experts, e) * account[at + e])
    total = 0.0
    for e in range(experts):
        if not np.isnan(forecasts[e]):
            eta = rate(account, at, experts, e)
            weights[e] = eta * exp(eta * account[at + e] - largest)
            total += weights[e]
    for e in range(experts):
        if weights[e] > 0.0:
            weights[e] /= total


@kernel
def combine(experts, forecasts, weights):
    """The mixture of forecasts[E]; NaN where all sleep.

    Taken from the first one awake, so that experts which agree give their very value.
    """
    origin = np.nan
    total = 0.0
    for e in range(experts):
        if np.isnan(forecasts[e]):
            continue
        if np.isnan(origin):
            origin = forecasts[e]
        total += weights[e] * (forecasts[e] - origin)
    return origin + total


@kernel
def absolute_slope(error):
    """Slope of the absolute error, smoothed within a tenth of its unit; between -1 and 1."""
    return error / np.sqrt(error * error + SMOOTHING * SMOOTHING)


@kernel
def regret(slope, mixed, forecast, unit):
    """What the mixture lost against one expert, to first order: slope of the loss at the mixture, times the distance.

    ``slope`` may be that of any convex loss; both forecasts are in the target's unit, the regret in ``unit`` of those,
    which should be a usual distance. NaN where the expert slept or there is no unit yet.
    """
    return slope * ((mixed - forecast) / unit) if unit > 0.0 else np.nan


@kernel
def update(account, at, experts, regrets):
    """Take in one round's regrets[E], in units of a usual loss; NaN (the expert slept) changes nothing."""
    for e in range(experts):
        if np.isnan(regrets[e]):
            continue
        found = min(max(regrets[e], -LARGEST_REGRET), LARGEST_REGRET)
        account[at + experts + e] += found * found
        account[at + 2 * experts + e] = max(account[at + 2 * experts + e], abs(found))
        # The rate after the round's own bound: before it, one regret far beyond all others would count by its square.
        account[at + e] += found * (1.0 - rate(account, at, experts, e) * found)
