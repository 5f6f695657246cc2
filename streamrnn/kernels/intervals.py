"""The interval loop: intervals around forecasts, of a stream's own scale, whose stated coverage is the measured one.

An interval is forecast + scale x (lower threshold, upper threshold). The scale follows the size of the stream's errors;
the thresholds follow whether outcomes fell at or below the published bound, so that in the long run the stated share of
them does, whatever the data (Gibbs and Candes 2021, "Adaptive conformal inference under distribution shift"; bounds for
several levels that do not cross, and that are judged as they were published: Ding, Gibbs and Tibshirani 2025,
"Calibrated multi-level quantile forecasting", whose projection is here a nesting from the narrowest interval outwards).
"""

import numpy as np

from streamrnn.kernels.compile import entry, kernel
from streamrnn.kernels.functions import exp
from streamrnn.rows.intervals import ABSENT, COUNT, COVERED, MEAN, SETTLED, THRESHOLDS, WIDTH, WINKLER

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
    """Clear a stream's rows; its errors and thresholds begin as those of the shard."""
    row[:] = ABSENT
    fields = pooled.shape[2]
    for q in range(pooled.shape[0]):
        for k in range(pooled.shape[1]):
            at = (q * pooled.shape[1] + k) * fields
            for j in range(fields):
                track[at + j] = pooled[q, k, j]
            track[at + SETTLED] = 0.0


@kernel
def skip(row, at, length, width, step, moved):
    """Mark the ring's entries of the steps that had no record: those between this one and the one before."""
    for empty in range(max(step - moved + 1, step - length), step):
        for j in range(width):
            row[at + (empty % length) * width + j] = ABSENT


@kernel
def exponent(weights, hidden):
    """The head: product of weights[hidden] and the hidden state."""
    first, second, third, fourth = 0.0, 0.0, 0.0, 0.0
    whole = hidden.shape[0] - hidden.shape[0] % LANES
    for j in range(0, whole, LANES):
        first += weights[j] * hidden[j]
        second += weights[j + 1] * hidden[j + 1]
        third += weights[j + 2] * hidden[j + 2]
        fourth += weights[j + 3] * hidden[j + 3]
    for j in range(whole, hidden.shape[0]):
        first += weights[j] * hidden[j]
    return (first + second) + (third + fourth)


@kernel
def within_limit(power):
    """The head's product within what it may be."""
    return min(max(power, -HEAD_LIMIT), HEAD_LIMIT)


@kernel
def learn(weights, hidden, size):
    """One gradient step of the head on Laplace's likelihood, log b + size / b with b = exp(head).

    The head is computed anew: with the weights of when the interval was given, a shard of 200 streams would sum 200
    gradients at one point, and swing out of bounds. Where the head stands at its limit it is not pushed further.
    """
    power = exponent(weights, hidden)
    slope = max(1.0 - size / exp(within_limit(power)), -LARGEST_SLOPE)
    if not np.isfinite(power * slope):
        return
    if (power <= -HEAD_LIMIT and slope > 0.0) or (power >= HEAD_LIMIT and slope < 0.0):
        return
    step = HEAD_RATE * slope
    for j in range(hidden.shape[0]):
        weights[j] -= step * hidden[j]


@kernel
def keep(held, hidden):
    """Keep the hidden state that an interval was given from, until its outcome is known."""
    for j in range(hidden.shape[0]):
        held[j] = hidden[j] if abs(hidden[j]) <= LARGEST_STATE else 0.0


@kernel
def follow(track, pooled, shares, bounds, outcome, eta):
    """Move each threshold by whether the outcome fell at or below its published bound, and the pooled ones after it."""
    step = max(eta, YOUNG_ETA / (track[SETTLED] + 1.0))
    rate = max(POOLED_RATE, 1.0 / (pooled[SETTLED] + POOLED_PRIOR))
    for j in range(bounds.shape[0]):
        at = THRESHOLDS + j
        track[at] += step * (shares[j] - (1.0 if outcome <= bounds[j] else 0.0))
        pooled[at] += rate * (track[at] - pooled[at])
    track[SETTLED] += 1.0
    pooled[SETTLED] += 1.0


@kernel
def measure(track, pooled, error, rms, forget):
    """Take an error's size, in running changes, into the running means of the stream and of the shard."""
    size = min(error / rms, LARGEST_ERROR)
    track[MEAN] += max(1.0 / (track[SETTLED] + PRIOR), forget) * (size - track[MEAN])
    pooled[MEAN] += max(1.0 / (pooled[SETTLED] + POOLED_PRIOR), POOLED_FORGET) * (size - pooled[MEAN])


@kernel
def plain_scale(track, rms):
    """The scale of a stream's intervals, before the head has its say."""
    return rms * max(track[MEAN], SMALLEST_MEAN) * (1.0 + DOUBT / (track[SETTLED] + 1.0))


@kernel
def place(track, forecast, scale, bounds):
    """Write a forecast's bounds, ascending, each interval holding all narrower ones; ABSENT where one is no number."""
    width = bounds.shape[0]
    inner = width // 2 - 1
    for j in range(width):
        bounds[j] = forecast + scale * track[THRESHOLDS + j]
    bounds[inner + 1] = max(bounds[inner + 1], bounds[inner])
    for j in range(inner - 1, -1, -1):
        bounds[j] = min(bounds[j], bounds[j + 1])
        bounds[width - 1 - j] = max(bounds[width - 1 - j], bounds[width - 2 - j])
    if not (bounds[0] > -ABSENT and bounds[width - 1] < ABSENT):
        bounds[:] = ABSENT


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
def publish(bounds, lower, low, high):
    """Write ascending bounds as the interval of each level."""
    for level in range(lower.shape[0]):
        absent = bounds[0] == ABSENT
        low[level] = np.nan if absent else bounds[lower[level]]
        high[level] = np.nan if absent else bounds[bounds.shape[0] - 1 - lower[level]]


@entry
def process(slots, fresh, advance, steps, outcomes, settled, forecasts, rms, hidden, low, high, settled_low,
            settled_high, horizons, rings, shares, lower, costs, pending, tracks, held, pooled, head, sums):
    """Settle and give the intervals of n records in log order.

    slots int64[n], fresh bool[n], advance and steps int64[n], outcomes and rms float64[n, targets], settled and
    forecasts float64[n, horizons, targets] (NaN: none), hidden float[n, units] -> low, high, settled_low and
    settled_high float64[n, horizons, targets, levels]. The rest is the loop's state and where it lies; see
    ``rows.intervals``.
    """
    targets, count, width, fields = outcomes.shape[1], horizons.shape[0], shares.shape[0], pooled.shape[2]
    units = hidden.shape[1]
    room = np.empty(width)
    for i in range(slots.shape[0]):
        slot = slots[i]
        row = pending[slot]
        step, moved = steps[i], advance[i]
        if fresh[i]:
            start_stream(row, tracks[slot], pooled)
        elif moved > 1:
            for q in range(count):
                skip(row, rings[q], horizons[q], targets * width, step, moved)
        settles = moved > 0 and not fresh[i]
        # Of several records of one cell the first forecast is the one that is settled: so is its interval.
        holds = moved > 0 or fresh[i]
        for q in range(count):
            near = horizons[q] == 1
            eta, forget = (ETA, FORGET) if near else (FAR_ETA, FAR_FORGET)
            for k in range(targets):
                at = rings[q] + ((step % horizons[q]) * targets + k) * width
                bounds = row[at : at + width]
                at = (q * targets + k) * fields
                track = tracks[slot, at : at + fields]
                outcome = outcomes[i, k]
                error = abs(outcome - settled[i, q, k])
                settled_low[i, q, k, :] = np.nan
                settled_high[i, q, k, :] = np.nan
                if settles and error < ABSENT:
                    if bounds[0] != ABSENT:
                        publish(bounds, lower, settled_low[i, q, k], settled_high[i, q, k])
                        for level in range(lower.shape[0]):
                            bottom, top = bounds[lower[level]], bounds[width - 1 - lower[level]]
                            score(sums[q, k, level], bottom, top, outcome, costs[level])
                        follow(track, pooled[q, k], shares, bounds, outcome, eta)
                        if near and row[k] != ABSENT:
                            learn(head[k], held[slot], error / row[k])
                    if rms[i, k] > 0.0:
                        measure(track, pooled[q, k], error, rms[i, k], forget)

                scale = plain_scale(track, rms[i, k])
                power = exponent(head[k], hidden[i]) if near else 0.0
                if not (scale > 0.0 and scale < ABSENT and abs(forecasts[i, q, k]) < ABSENT and np.isfinite(power)):
                    room[:] = ABSENT
                elif near and units > 0:
                    place(track, forecasts[i, q, k], scale * exp(within_limit(power)), room)
                else:
                    place(track, forecasts[i, q, k], scale, room)
                publish(room, lower, low[i, q, k], high[i, q, k])
                if holds:
                    for j in range(width):
                        bounds[j] = room[j]
                    if near:
                        row[k] = scale if units > 0 and room[0] != ABSENT else ABSENT
        if holds:
            keep(held[slot], hidden[i])
