"""The read-out loop: for each horizon beyond the next step, a linear read-out of the hidden state corrects the base.

The cell learns from the next step alone: labels of far horizons overlap, and a network trained on them over-trains. A
read-out is learned when its outcome is known, from the hidden state of its origin, with no gradient into the cell.
"""

import numpy as np

from streamrnn.kernels.compile import entry, kernel
from streamrnn.kernels.optimiser import BETA1, BETA2, EPSILON
from streamrnn.kernels.pending import kept, skip
from streamrnn.kernels.scaling import clip
from streamrnn.rows import ABSENT
from streamrnn.rows.readouts import (
    BASE,
    BETA1_POWER,
    BETA2_POWER,
    CONTRIBUTED,
    FIELDS,
    RECORDS_PER_STEP,
    SINCE_STEP,
    SKIPPED,
    UNIT,
)


@kernel
def product(weights, states, at, hidden):
    """weights[hidden + 1] (the last is the bias) times the state that starts at ``at``."""
    a, b, c, d = weights[hidden], 0.0, 0.0, 0.0
    for j in range(0, hidden, 4):
        a += weights[j] * states[at + j]
        b += weights[j + 1] * states[at + j + 1]
        c += weights[j + 2] * states[at + j + 2]
        d += weights[j + 3] * states[at + j + 3]
    return (a + b) + (c + d)


@kernel
def learn(weights, gradient, states, at, hidden, goal, delta, share):
    """Add the gradient of Huber's loss (of the absolute error where delta is 0) to gradient[hidden + 1]."""
    error = product(weights, states, at, hidden) - goal
    slope = np.sign(error) if delta == 0.0 else min(max(error, -delta), delta)
    slope *= share
    if not np.isfinite(slope):
        return
    for j in range(hidden):
        gradient[j] += slope * states[at + j]
    gradient[hidden] += slope


@kernel
def adam(weights, first, second, gradient, contributed, clip_norm, rate, correction1, correction2):
    """One step of Adam with one read-out's mean gradient, clipped by its own norm; False where it is not finite."""
    squares = 0.0
    for j in range(weights.shape[0]):
        squares += gradient[j] * gradient[j]
    norm = np.sqrt(squares) / contributed
    if not np.isfinite(norm):
        return False
    scale = (clip_norm / norm if norm > clip_norm else 1.0) / contributed
    for j in range(weights.shape[0]):
        g = scale * gradient[j]
        first[j] = BETA1 * first[j] + (1.0 - BETA1) * g
        second[j] = BETA2 * second[j] + (1.0 - BETA2) * g * g
        weights[j] -= rate * (first[j] / correction1) / (np.sqrt(second[j] / correction2) + EPSILON)
    return True


@kernel
def step(weights, first, second, gradient, rates, clip_norm, totals, sums):
    """One optimiser step of all read-outs, and no gradient left."""
    sums[BETA1_POWER] *= BETA1
    sums[BETA2_POWER] *= BETA2
    correction1, correction2 = 1.0 - sums[BETA1_POWER], 1.0 - sums[BETA2_POWER]
    for q in range(weights.shape[0]):
        for k in range(weights.shape[1]):
            done = adam(
                weights[q, k], first[q, k], second[q, k], gradient[q, k], totals[CONTRIBUTED], clip_norm, rates[q],
                correction1, correction2,
            )  # fmt: skip
            if not done:
                totals[SKIPPED] += 1
            gradient[q, k, :] = 0.0


@entry
def process(slots, fresh, live, advance, steps, outcomes, base, units, hidden, out, horizons, rings, rates, clip_norm,
            delta, largest_step, states, pending, weights, first, second, gradient, totals, sums):
    """Learn from n records in log order, and correct their base forecasts.

    slots int64[n], fresh bool[n], live, advance and steps int64[n], outcomes float64[n, T], base and units float64[n,
    H, T] (forecasts of each horizon, and what one of the read-out is worth), hidden [n, units of the network] ->
    out float64[n, H, T]. The rest is the loop's state; see ``rows.readouts``.
    """
    count, targets, width = horizons.shape[0], outcomes.shape[1], hidden.shape[1]
    far = horizons[count - 1]
    share = 1.0 / targets
    for i in range(slots.shape[0]):
        ring, row = states[slots[i]], pending[slots[i]]
        now, moved = steps[i], advance[i]
        if fresh[i]:
            ring[:] = 0
            row[:] = ABSENT
        if moved > 1:
            for q in range(count):
                skip(row, rings[q], horizons[q], FIELDS * targets, now, moved)
        learned = False
        for q in range(count):
            h = horizons[q]
            for k in range(targets):
                at = rings[q] + ((now % h) * targets + k) * FIELDS
                outcome = outcomes[i, k]
                if moved == 0 or np.isnan(outcome) or row[at + BASE] == ABSENT or row[at + UNIT] <= 0.0:
                    continue
                goal = clip((outcome - row[at + BASE]) / row[at + UNIT])
                learn(weights[q, k], gradient[q, k], ring, ((now - h) % far) * width, width, goal, delta, share)
                learned = True
        if learned:
            totals[CONTRIBUTED] += 1
        totals[SINCE_STEP] += 1
        if totals[SINCE_STEP] >= totals[RECORDS_PER_STEP]:
            if totals[CONTRIBUTED] > 0:
                step(weights, first, second, gradient, rates, clip_norm, totals, sums)
            totals[CONTRIBUTED] = 0
            totals[SINCE_STEP] = 0
            totals[RECORDS_PER_STEP] = max(1, min(live[i], largest_step))
        place = (now % far) * width
        if moved > 0:
            for j in range(width):
                ring[place + j] = hidden[i, j]
        for q in range(count):
            for k in range(targets):
                said = base[i, q, k]
                # A further record of the same cell speaks from that cell's state, as what it says is of the same step.
                corrected = said + units[i, q, k] * clip(product(weights[q, k], ring, place, width))
                out[i, q, k] = corrected if np.isfinite(corrected) else said
                if moved > 0:
                    at = rings[q] + ((now % horizons[q]) * targets + k) * FIELDS
                    row[at + BASE] = kept(said)
                    row[at + UNIT] = units[i, q, k]
