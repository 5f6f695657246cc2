"""Causal running scale of each feature, and the network's inputs in its units."""

import numpy as np

from streamrnn.kernels.compile import kernel
from streamrnn.kernels.functions import log, sine_of_turn
from streamrnn.rows.scale import (
    ABSOLUTE_CHANGE,
    CHANGE,
    ELAPSED_COUNT,
    ELAPSED_MEAN,
    ELAPSED_VARIANCE,
    FEATURE_FIELDS,
    LAST,
    LAST_TIME,
    LEVEL,
    MEAN,
    MISSING,
    SQUARED_CHANGE,
    STREAM_FIELDS,
    VARIANCE,
)

CLIP = 8.0
MEMORY = 20000.0  # records over which a scale forgets; younger streams average over their life
DAY = 86400.0
WEEK = 604800.0
SHORTEST = 1e-3  # seconds between events; less counts as this
EVEN = 0.01  # deviation of their logarithm, so that clocks' rounding is no news where events come evenly


@kernel
def floor_of(level):
    """Smallest scale for values of this level, so that a constant series divides by something."""
    return 1e-8 + 1e-6 * abs(level)


@kernel
def clip(x):
    """x within -8 to 8."""
    return min(max(x, -CLIP), CLIP)


@kernel
def update_feature(account, tally, feature, features, value, shown, chosen, inputs, place):
    """Take in a feature's value (NaN: missing), update its scale, and write those of its inputs that are chosen (zeros
    unless shown) from ``place`` on. Returns the place behind them.

    Mean and variance by exponentially weighted updates whose first 20,000 steps are plain averages (West 1979).
    """
    at = FEATURE_FIELDS * feature
    level, change_at, missing, end = -1, -1, -1, place
    if chosen[LEVEL]:
        level = end
        end += 1
    if chosen[CHANGE]:
        change_at = end
        end += 1
    if chosen[MISSING]:
        missing = end
        end += 1
    for i in range(place, end):
        inputs[i] = 0.0
    if np.isnan(value):
        if missing >= 0:
            inputs[missing] = shown
        return end
    values = STREAM_FIELDS + feature
    changes = STREAM_FIELDS + features + feature
    if tally[values] > 0:
        change = value - account[at + LAST]
        tally[changes] += 1
        rate = max(1.0 / tally[changes], 1.0 / MEMORY)
        account[at + SQUARED_CHANGE] += rate * (change * change - account[at + SQUARED_CHANGE])
        account[at + ABSOLUTE_CHANGE] += rate * (abs(change) - account[at + ABSOLUTE_CHANGE])
        rms = np.sqrt(account[at + SQUARED_CHANGE]) + floor_of(value)
        if change_at >= 0:
            inputs[change_at] = shown * clip(change / rms)
    tally[values] += 1
    rate = max(1.0 / tally[values], 1.0 / MEMORY)
    off = value - account[at + MEAN]
    account[at + MEAN] += rate * off
    account[at + VARIANCE] = (1.0 - rate) * (account[at + VARIANCE] + rate * off * off)
    account[at + LAST] = value
    deviation = np.sqrt(account[at + VARIANCE]) + floor_of(value)
    if level >= 0:
        inputs[level] = shown * clip((value - account[at + MEAN]) / deviation)
    return end


@kernel
def update_elapsed(account, at, time, fresh):
    """Take in an event's time, and give the logarithm of the seconds since the one before as a running z-score; 0 for a
    stream's first event, and where there is no spread. The scale is updated as a feature's."""
    if fresh:
        account[at + LAST_TIME] = time
        return 0.0
    elapsed = log(max(time - account[at + LAST_TIME], SHORTEST))
    account[at + LAST_TIME] = max(time, account[at + LAST_TIME])
    account[at + ELAPSED_COUNT] += 1.0
    rate = max(1.0 / account[at + ELAPSED_COUNT], 1.0 / MEMORY)
    off = elapsed - account[at + ELAPSED_MEAN]
    account[at + ELAPSED_MEAN] += rate * off
    account[at + ELAPSED_VARIANCE] = (1.0 - rate) * (account[at + ELAPSED_VARIANCE] + rate * off * off)
    return clip((elapsed - account[at + ELAPSED_MEAN]) / (np.sqrt(account[at + ELAPSED_VARIANCE]) + EVEN))


@kernel
def calendar_inputs(time, inputs, place):
    """Sine and cosine of the time of day and of the week (UTC), four inputs from ``place``."""
    day = time / DAY
    week = time / WEEK
    inputs[place] = sine_of_turn(day)
    inputs[place + 1] = sine_of_turn(day + 0.25)
    inputs[place + 2] = sine_of_turn(week)
    inputs[place + 3] = sine_of_turn(week + 0.25)
