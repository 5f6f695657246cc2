"""The interval loop: intervals around forecasts, of a stream's own scale, whose stated coverage is the measured one.

An interval is forecast + scale x (lower threshold, upper threshold). The scale follows the size of the stream's errors;
the thresholds follow which side of the published bounds the outcomes fell on, so that in the long run the stated share
of them falls below, whatever the data (Gibbs and Candes 2021, "Adaptive conformal inference under distribution shift").
Bounds of several levels do not cross, and are judged as they were published (Ding, Gibbs and Tibshirani 2025,
"Calibrated multi-level quantile forecasting", whose projection is here a nesting from the narrowest interval outwards).
"""

import numpy as np

from streamrnn.kernels.compile import entry, kernel
from streamrnn.kernels.functions import exp
from streamrnn.kernels.pending import skip
from streamrnn.rows import ABSENT
from streamrnn.rows.intervals import COUNT, COVERED, MEAN, SETTLED, THRESHOLDS, WIDTH, WINKLER

# Next step, and all steps beyond it (whose errors overlap, and so tell less).
ETA, FAR_ETA = 0.05, 0.04  # step of a threshold, in scales
FORGET, FAR_FORGET = 0.01376729550664083, 0.006907504562964028  # half-lives of 50 and of 100 errors

YOUNG_ETA = 0.5  # first step of a young stream's thresholds; halves with the second
LARGEST_ERROR = 64.0  # in running changes: what an outlier may add to the scale
SMALLEST_MEAN = 1e-6  # in running changes: the scale of a constant series divides
PRIOR = 3.0  # errors that the shard's mean counts for in a new stream
DOUBT = 2.0  # a new stream's scale is 1 + 2 / (n + 1) times what its n errors say
POOLED_RATE, POOLED_PRIOR = 0.003, 20.0  # of the mean of the streams' thresholds
POOLED_FORGET = 0.001  # of the mean of the streams' errors

HEAD_RATE = 2e-3
HEAD_LIMIT = 3.0  # the head makes a scale at most 20 times as large or small
LARGEST_SLOPE = 8.0
LARGEST_STATE = 1e30  # of a hidden unit that is kept in float32

LANES = 4


@kernel
def start_stream(row, track, pooled):
    """Clear a stream's rows; its errors and thresholds begin as the shard's, pooled[horizon and target, track]."""
    for j in range(row.shape[0]):
        row[j] = ABSENT
    fields = pooled.shape[1]
    for which in range(pooled.shape[0]):
        for j in range(fields):
            track[which * fields + j] = pooled[which, j]
        track[which * fields + SETTLED] = 0.0


@kernel
def exponent(weights, k, hidden, i):
    """The head: product of weights[k] and the hidden state hidden[i]."""
    first, second, third, fourth = 0.0, 0.0, 0.0, 0.0
    units = hidden.shape[1]
    whole = units - units % LANES
    for j in range(0, whole, LANES):
        first += weights[k, j] * hidden[i, j]
        second += weights[k, j + 1] * hidden[i, j + 1]
        third += weights[k, j + 2] * hidden[i, j + 2]
        fourth += weights[k, j + 3] * hidden[i, j + 3]
    for j in range(whole, units):
        first += weights[k, j] * hidden[i, j]
    return (first + second) + (third + fourth)


@kernel
def within_limit(power):
    """The head's product within what it may be."""
    return min(max(power, -HEAD_LIMIT), HEAD_LIMIT)


@kernel
def learn(weights, k, held, slot, size):
    """One gradient step of weights[k] on Laplace's likelihood, log b + size / b with b = exp(head of held[slot]).

    The head is computed anew: with the weights of when the interval was given, a shard of 200 streams would sum 200
    gradients at one point, and swing out of bounds. Where the head stands at its limit it is not pushed further.
    """
    power = exponent(weights, k, held, slot)
    slope = max(1.0 - size / exp(within_limit(power)), -LARGEST_SLOPE)
    if not np.isfinite(power * slope):
        return
    if (power <= -HEAD_LIMIT and slope > 0.0) or (power >= HEAD_LIMIT and slope < 0.0):
        return
    step = HEAD_RATE * slope
    for j in range(held.shape[1]):
        weights[k, j] -= step * held[slot, j]


@kernel
def keep(held, slot, hidden, i):
    """Keep the hidden state that an interval was given from, until its outcome is known."""
    for j in range(hidden.shape[1]):
        held[slot, j] = hidden[i, j] if abs(hidden[i, j]) <= LARGEST_STATE else 0.0


@kernel
def follow(track, start, pooled, shares, row, at, outcome, eta):
    """Move each threshold by the side of its published bound that the outcome fell on, and the pooled ones after it.

    An outcome that equals a bound is inside, of lower and upper bounds alike: on a series of few values it is common.
    """
    step = max(eta, YOUNG_ETA / (track[start + SETTLED] + 1.0))
    rate = max(POOLED_RATE, 1.0 / (pooled[SETTLED] + POOLED_PRIOR))
    width = shares.shape[0]
    for j in range(width):
        bound = row[at + j]
        below = outcome < bound or (outcome == bound and 2 * j >= width)
        threshold = track[start + THRESHOLDS + j] + step * (shares[j] - (1.0 if below else 0.0))
        track[start + THRESHOLDS + j] = threshold
        pooled[THRESHOLDS + j] += rate * (threshold - pooled[THRESHOLDS + j])
    track[start + SETTLED] += 1.0
    pooled[SETTLED] += 1.0


@kernel
def measure(track, start, pooled, error, rms, forget):
    """Take an error's size, in running changes, into the running means of the stream and of the shard."""
    size = min(error / rms, LARGEST_ERROR)
    track[start + MEAN] += max(1.0 / (track[start + SETTLED] + PRIOR), forget) * (size - track[start + MEAN])
    pooled[MEAN] += max(1.0 / (pooled[SETTLED] + POOLED_PRIOR), POOLED_FORGET) * (size - pooled[MEAN])


@kernel
def plain_scale(track, start, rms):
    """The scale of a stream's intervals, before the head has its say."""
    return rms * max(track[start + MEAN], SMALLEST_MEAN) * (1.0 + DOUBT / (track[start + SETTLED] + 1.0))


@kernel
def place(track, start, forecast, scale, bounds):
    """Write a forecast's bounds, ascending, each interval holding all narrower ones; ABSENT where one is no number."""
    width = bounds.shape[0]
    inner = width // 2 - 1
    for j in range(width):
        bounds[j] = forecast + scale * track[start + THRESHOLDS + j]
    bounds[inner + 1] = max(bounds[inner + 1], bounds[inner])
    for j in range(inner - 1, -1, -1):
        bounds[j] = min(bounds[j], bounds[j + 1])
        bounds[width - 1 - j] = max(bounds[width - 1 - j], bounds[width - 2 - j])
    if not (bounds[0] > -ABSENT and bounds[width - 1] < ABSENT):
        for j in range(width):
            bounds[j] = ABSENT


@kernel
def score(sums, low, high, outcome, cost):
    """Add an interval to its level's sums. Its score (Winkler 1972) is its width, and what it misses at ``cost``."""
    width = high - low
    missed = max(low - outcome, outcome - high, 0.0)
    if not np.isfinite(sums[WINKLER] + (width + cost * missed)):
        return
    sums[COUNT] += 1.0
    sums[COVERED] += 1.0 if missed == 0.0 else 0.0
    sums[WIDTH] += width
    sums[WINKLER] += width + cost * missed


@kernel
def publish(row, at, lower, low, high, i, which):
    """Write ascending bounds as low[i, which] and high[i, which], in the levels' order."""
    for level in range(lower.shape[0]):
        bottom, top = row[at + lower[level]], row[at + 2 * lower.shape[0] - 1 - lower[level]]
        low[i, which, level] = np.nan if bottom == ABSENT else bottom
        high[i, which, level] = np.nan if bottom == ABSENT else top


@kernel
def withhold(low, high, i, which):
    """Write that there is no interval."""
    for level in range(low.shape[2]):
        low[i, which, level] = np.nan
        high[i, which, level] = np.nan


@entry
def process(slots, fresh, advance, steps, outcomes, settled, forecasts, rms, hidden, low, high, settled_low,
            settled_high, horizons, rings, shares, lower, costs, pending, tracks, held, pooled, head, sums):
    """Settle and give the intervals of n records in log order.

    slots int64[n], fresh bool[n], advance and steps int64[n], outcomes and rms float64[n, targets], settled and
    forecasts float64[n, horizons x targets] (NaN: none), hidden float[n, units] -> low, high, settled_low and
    settled_high float64[n, horizons x targets, levels]. The rest is the loop's state and where it lies; see
    ``rows.intervals``.
    """
    targets, count, width, fields = outcomes.shape[1], horizons.shape[0], shares.shape[0], pooled.shape[1]
    has_head = hidden.shape[1] > 0
    room = np.empty(width)
    for i in range(slots.shape[0]):
        slot = slots[i]
        row, track = pending[slot], tracks[slot]
        step, moved = steps[i], advance[i]
        if fresh[i]:
            start_stream(row, track, pooled)
        elif moved > 1:
            for q in range(count):
                skip(row, rings[q], horizons[q], targets * width, step, moved)
        settles = moved > 0 and not fresh[i]
        # Of several records of one cell the first forecast is the one that is settled: so is its interval.
        holds = moved > 0 or fresh[i]
        for which in range(count * targets):
            q, k = which // targets, which % targets
            near = horizons[q] == 1
            at = rings[q] + ((step % horizons[q]) * targets + k) * width
            start = which * fields
            withhold(settled_low, settled_high, i, which)
            outcome = outcomes[i, k]
            error = abs(outcome - settled[i, which])
            if settles and error < ABSENT:
                if row[at] != ABSENT:
                    publish(row, at, lower, settled_low, settled_high, i, which)
                    for level in range(lower.shape[0]):
                        bottom, top = settled_low[i, which, level], settled_high[i, which, level]
                        score(sums[which, level], bottom, top, outcome, costs[level])
                    follow(track, start, pooled[which], shares, row, at, outcome, ETA if near else FAR_ETA)
                    if near and row[k] != ABSENT:
                        learn(head, k, held, slot, error / row[k])
                if rms[i, k] > 0.0:
                    measure(track, start, pooled[which], error, rms[i, k], FORGET if near else FAR_FORGET)

            plain = plain_scale(track, start, rms[i, k])
            scale = plain
            if near and has_head:
                power = exponent(head, k, hidden, i)
                scale = plain * exp(within_limit(power)) if np.isfinite(power) else ABSENT
            if scale > 0.0 and scale < ABSENT and abs(forecasts[i, which]) < ABSENT:
                place(track, start, forecasts[i, which], scale, room)
                publish(room, 0, lower, low, high, i, which)
            else:
                for j in range(width):
                    room[j] = ABSENT
                withhold(low, high, i, which)
            if holds:
                for j in range(width):
                    row[at + j] = room[j]
                if near:
                    row[k] = plain if has_head and room[0] != ABSENT else ABSENT
        if holds and has_head:
            keep(held, slot, hidden, i)
