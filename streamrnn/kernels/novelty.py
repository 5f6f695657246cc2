"""How new the last stretch of a series is against all that is remembered of it.

A block sums up s events: mean, least and greatest value, mean absolute forecast error. The last 10 blocks are compared
with every stretch of 10 remembered blocks that does not overlap them; the distance to the nearest, in today's scale,
is the novelty d. How unusual that is: z of log(d + 0.03) among earlier ones, and how long no distance was as large.

Blocks lie in a ring of float32 as multiples of a unit above an anchor, both float64. They are the deviation and mean of
the day they were set, and set anew (the ring is converted) when today's differ by far: so that float32 neither
overflows nor loses the series in its offset. The ring's first 9 blocks stand behind its end once more, so that every
stretch is contiguous and the walk over all of them vectorises.
"""

import numpy as np

from streamrnn.kernels.compile import kernel
from streamrnn.kernels.functions import log
from streamrnn.kernels.peaks import push
from streamrnn.rows.anomaly import (
    ANCHOR,
    BLOCKS,
    ERROR_SUM,
    GREATEST,
    LEAST,
    LOG_MEAN,
    LOG_VARIANCE,
    PARTS,
    STACK,
    SUM,
    UNIT,
    WINDOW,
    YOUNG,
)

DECAY = 0.85  # of a block's weight, for each block further back
WEIGHTS = 21.416682550914057  # 4 times the sum of DECAY^q over the window
ERROR_SHARE = 0.2  # what a difference in mean errors counts for, in rms changes
OFFSET = 0.03  # distances below it are alike
PRIOR = 50  # blocks at log OFFSET that stand before the first
SPREAD_FLOOR = 0.1
FAR_OFF = 1e3  # deviations between mean and anchor
FAR_APART = 1e4  # between deviation and unit, as a ratio
CLIP = 1e9  # units: a value is never above some 150 deviations of its day, a forecast error can be
BEYOND = np.float32(3e38)


@kernel
def gather(account, at, first, value, error):
    """Add an event to the detector's present block; ``first`` of a block starts it anew."""
    if first:
        account[at + SUM] = 0.0
        account[at + ERROR_SUM] = 0.0
        account[at + LEAST] = value
        account[at + GREATEST] = value
    account[at + SUM] += value
    account[at + ERROR_SUM] += error
    account[at + LEAST] = min(account[at + LEAST], value)
    account[at + GREATEST] = max(account[at + GREATEST], value)


@kernel
def clipped(x):
    """x within -1e9 to 1e9."""
    return min(max(x, -CLIP), CLIP)


@kernel
def set_scale(account, at, blocks, mean, deviation, ring):
    """Make mean and deviation the ring's anchor and unit, if it is empty or they are far from those it has."""
    anchor, unit = account[at + ANCHOR], account[at + UNIT]
    if blocks > 0:
        alike = deviation <= FAR_APART * unit and unit <= FAR_APART * deviation
        if alike and abs(mean - anchor) <= FAR_OFF * deviation:
            return
        ratio = unit / deviation
        offset = (anchor - mean) / deviation
        for part in range(PARTS):
            row = ring[part]
            shift = offset if part < PARTS - 1 else 0.0
            for j in range(row.shape[0]):
                row[j] = np.float32(clipped(row[j] * ratio + shift))
    account[at + ANCHOR] = mean
    account[at + UNIT] = deviation


@kernel
def store(account, at, block, size, ring):
    """Close a block of ``size`` events: write it to the ring as its ``block``-th, counted from 0."""
    length = ring.shape[1] - (WINDOW - 1)
    place = block % length
    anchor, unit = account[at + ANCHOR], account[at + UNIT]
    ring[0, place] = np.float32(clipped((account[at + SUM] / size - anchor) / unit))
    ring[1, place] = np.float32(clipped((account[at + LEAST] - anchor) / unit))
    ring[2, place] = np.float32(clipped((account[at + GREATEST] - anchor) / unit))
    ring[3, place] = np.float32(clipped(account[at + ERROR_SUM] / size / unit))
    if place < WINDOW - 1:
        for part in range(PARTS):
            ring[part, length + place] = ring[part, place]


@kernel
def distance(ring, blocks, level_weight, error_weight, room):
    """Distance of the newest stretch to the nearest remembered one that does not overlap it.

    d^2 = sum over q of DECAY^(9 - q) [level_weight (three differences squared) + error_weight (errors' difference
    squared)] / (4 sum of DECAY^q); weights turn units squared into today's. ring float32[4, length + 9] of which
    ``blocks`` were written, room float32[length] for the walk.
    """
    length = ring.shape[1] - (WINDOW - 1)
    newest = (blocks - 1) % length
    stretches = length if blocks >= length else blocks - 2 * WINDOW + 1
    levels = np.float32(level_weight)
    errors = np.float32(error_weight)
    decay = np.float32(DECAY)
    sums = room[:stretches]
    sums[:] = np.float32(0.0)
    for q in range(WINDOW):
        at = (newest - (WINDOW - 1) + q) % length
        mean, least, greatest, error = ring[0, at], ring[1, at], ring[2, at], ring[3, at]
        means = ring[0, q : q + stretches]
        lows = ring[1, q : q + stretches]
        highs = ring[2, q : q + stretches]
        faults = ring[3, q : q + stretches]
        for j in range(stretches):
            a = means[j] - mean
            b = lows[j] - least
            c = highs[j] - greatest
            e = faults[j] - error
            sums[j] = decay * sums[j] + ((a * a + b * b + c * c) * levels + e * e * errors)
    if stretches == length:  # those that overlap the newest, or run from newest to oldest
        for back in range(2 * WINDOW - 1):
            sums[(newest - back) % length] = BEYOND
    return np.sqrt(smallest(sums) / WEIGHTS)


@kernel
def smallest(numbers):
    """The least of float32[n], none of them negative. It takes the place of the first.

    Such numbers stand in the order of their bits, and the least of integers is found in vectors, that of floats is not.
    """
    bits = numbers.view(np.int32)
    least = bits[0]
    for j in range(bits.shape[0]):
        least = min(least, bits[j])
    bits[0] = least
    return float(numbers[0])


@kernel
def close_block(account, at, tally, place, size, forget, mean, deviation, rms, row, heights, times, room):
    """Close a block of ``size`` events; (novelty d, its z, blocks since one as large), zeros while too young.

    z = (l - m) / (sqrt(v) + 0.1) for l = log(d + 0.03), m and v of the earlier l, running with rate max(1 / (n + 1),
    forget), n = 50 at first: West (1979). row float32[4 (length + 9)] is the ring, heights float32[32] and times
    int64[32] the stack of earlier distances.
    """
    ring = row.reshape((PARTS, row.shape[0] // PARTS))
    set_scale(account, at, tally[place + BLOCKS], mean, deviation, ring)
    store(account, at, tally[place + BLOCKS], size, ring)
    tally[place + BLOCKS] += 1
    blocks = tally[place + BLOCKS]
    if blocks < YOUNG:
        return 0.0, 0.0, 0.0
    levels = account[at + UNIT] / deviation
    errors = ERROR_SHARE * (account[at + UNIT] / rms)
    d = distance(ring, blocks, levels * levels, errors * errors, room)
    off = log((d + OFFSET) / OFFSET) - account[at + LOG_MEAN]
    z = off / (np.sqrt(account[at + LOG_VARIANCE]) + SPREAD_FLOOR)
    rate = max(1.0 / (PRIOR + 1 + blocks - YOUNG), forget)
    account[at + LOG_MEAN] += rate * off
    account[at + LOG_VARIANCE] = (1.0 - rate) * (account[at + LOG_VARIANCE] + rate * off * off)
    gap, tally[place + STACK] = push(heights, times, tally[place + STACK], np.float32(d), blocks)
    return d, z, gap
