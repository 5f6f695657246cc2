"""Causal running scale of each feature, and the network's inputs in its units."""

import numpy as np

from streamrnn.kernels.compile import kernel
from streamrnn.kernels.functions import sine_of_turn
from streamrnn.rows.scale import (
    ABSOLUTE_CHANGE,
    FEATURE_FIELDS,
    LAST,
    MEAN,
    SQUARED_CHANGE,
    STREAM_FIELDS,
    VARIANCE,
)

CLIP = 8.0
MEMORY = 20000.0  # records over which a scale forgets; younger streams average over their life
DAY = 86400.0
WEEK = 604800.0


@kernel
def floor_of(level):
    """Smallest scale for values of this level, so that a constant series divides by something."""
    return 1e-8 + 1e-6 * abs(level)


@kernel
def clip(x):
    """x within -8 to 8."""
    return min(max(x, -CLIP), CLIP)


@kernel
def update_feature(account, tally, feature, features, value, shown, inputs):
    """Take in a feature's value (NaN: missing), update its scale, and write its three inputs (zeros unless shown).

    Mean and variance by exponentially weighted updates whose first 20,000 steps are plain averages (West 1979).
    """
    at = FEATURE_FIELDS * feature
    place = 3 * feature
    inputs[place] = 0.0
    inputs[place + 1] = 0.0
    inputs[place + 2] = 0.0
    if np.isnan(value):
        inputs[place + 2] = shown
        return
    values = STREAM_FIELDS + feature
    changes = STREAM_FIELDS + features + feature
    if tally[values] > 0:
        change = value - account[at + LAST]
        tally[changes] += 1
        rate = max(1.0 / tally[changes], 1.0 / MEMORY)
        account[at + SQUARED_CHANGE] += rate * (change * change - account[at + SQUARED_CHANGE])
        account[at + ABSOLUTE_CHANGE] += rate * (abs(change) - account[at + ABSOLUTE_CHANGE])
        rms = np.sqrt(account[at + SQUARED_CHANGE]) + floor_of(value)
        inputs[place + 1] = shown * clip(change / rms)
    tally[values] += 1
    rate = max(1.0 / tally[values], 1.0 / MEMORY)
    off = value - account[at + MEAN]
    account[at + MEAN] += rate * off
    account[at + VARIANCE] = (1.0 - rate) * (account[at + VARIANCE] + rate * off * off)
    account[at + LAST] = value
    deviation = np.sqrt(account[at + VARIANCE]) + floor_of(value)
    inputs[place] = shown * clip((value - account[at + MEAN]) / deviation)


@kernel
def calendar_inputs(time, inputs, place):
    """Sine and cosine of the time of day and of the week (UTC), four inputs from ``place``."""
    day = time / DAY
    week = time / WEEK
    inputs[place] = sine_of_turn(day)
    inputs[place + 1] = sine_of_turn(day + 0.25)
    inputs[place + 2] = sine_of_turn(week)
    inputs[place + 3] = sine_of_turn(week + 0.25)
