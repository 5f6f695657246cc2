"""Each stream's convex mixture of last value and network, by Bernstein online aggregation.

Wintenberger (2017), "Optimal learning with Bernstein online aggregation": weights in proportion to
eta exp(eta R) with a rate eta of each expert's own, which follows from the squares of its regrets.
"""

import numpy as np

from streamrnn.kernels.compile import kernel
from streamrnn.kernels.functions import exp_negative
from streamrnn.streams.layout import BASELINE, BOUND, FORECAST, NETWORK, REGRET, RMS, SHARE, SQUARES, UNIT

LN_2 = 0.6931471805599453
SMOOTHING = 0.1  # of the absolute error, in running mean changes
TINY = 1e-150  # what is smaller counts as nothing: its square is no number, and its inverse may overflow


@kernel
def rate(account, at, expert):
    """An expert's learning rate: at most half its largest regret's inverse."""
    bound = account[at + BOUND + expert]
    if bound < TINY:
        return 0.0
    return min(0.5 / bound, np.sqrt(LN_2 / account[at + SQUARES + expert]))


@kernel
def settle(account, at, outcome):
    """Learn from the outcome of the pending forecast of the target whose fields start at ``at``."""
    unit = account[at + UNIT]
    if unit < TINY:
        return
    baseline = account[at + BASELINE]
    forecast = account[at + FORECAST]
    network = baseline + account[at + RMS] * account[at + NETWORK]
    error = (forecast - outcome) / unit
    slope = error / np.sqrt(error * error + SMOOTHING * SMOOTHING)
    for expert in range(2):
        regret = slope * (forecast - (baseline if expert == 0 else network)) / unit
        account[at + REGRET + expert] += regret * (1.0 - rate(account, at, expert) * regret)
        account[at + SQUARES + expert] += regret * regret
        account[at + BOUND + expert] = max(account[at + BOUND + expert], abs(regret))
    account[at + SHARE] = share(account, at)


@kernel
def share(account, at):
    """Weight of the network, between 0 and 1."""
    first, second = rate(account, at, 0), rate(account, at, 1)
    if first == 0.0 or second == 0.0:
        return account[at + SHARE]
    gap = second * account[at + REGRET + 1] - first * account[at + REGRET]
    if gap >= 0.0:
        return second / (second + first * exp_negative(-gap))
    odds = second * exp_negative(gap)
    return odds / (first + odds)
