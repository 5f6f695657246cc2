"""Adam (Kingma and Ba 2015) on the mean gradient, clipped by norm, guarded against non-finite numbers."""

import numpy as np

from streamrnn.kernels.categories import forget_touched, table_of
from streamrnn.kernels.compile import kernel
from streamrnn.kernels.drift import count_down, learning_rate
from streamrnn.kernels.linear import sum_of_squares
from streamrnn.rows.categories import COUNT, FLAGS
from streamrnn.rows.network import (
    BETA1_POWER,
    BETA2_POWER,
    CLIP_NORM,
    CLIPPED,
    CODES,
    CONTRIBUTED,
    EMBEDDING,
    LARGEST_STEP,
    NORM,
    RECORDS_PER_STEP,
    SINCE_STEP,
    SKIPPED,
    STEPS,
    TABLE,
)

BETA1 = 0.9
BETA2 = 0.999
EPSILON = 1e-8


@kernel
def move(weights, first, second, gradient, shrink, keep1, take1, keep2, take2, rate, epsilon):
    """Take these weights a step, and clear their gradient."""
    for i in range(weights.shape[0]):
        g = gradient[i] * shrink
        first[i] = keep1 * first[i] + take1 * g
        second[i] = keep2 * second[i] + take2 * g * g
        weights[i] -= rate * first[i] / (np.sqrt(second[i]) + epsilon)
        gradient[i] = 0


@kernel
def step(weights, first, second, gradient, touched, contributed, sizes, rates, totals, sums):
    """One optimiser step with the mean of ``contributed`` records' gradients; clears the gradient.

    Of the table of embeddings, or of tokens, the rows in ``touched`` take part, and the others stay as they are with
    their moments.
    Returns False, changes nothing and counts the skip where the gradient is not finite.
    """
    codes, at = sizes[CODES], sizes[TABLE]
    behind = at + codes * sizes[EMBEDDING]
    table, slopes = table_of(weights, sizes), table_of(gradient, sizes)
    means, squares = table_of(first, sizes), table_of(second, sizes)
    size = sum_of_squares(gradient[:at]) + sum_of_squares(gradient[behind:])
    for i in range(touched[COUNT]):
        size += sum_of_squares(slopes[touched[FLAGS + codes + i]])
    norm = np.sqrt(size) / contributed
    if not np.isfinite(norm):
        totals[SKIPPED] += 1
        gradient[:] = 0
        forget_touched(touched, codes)
        return False
    scale = 1.0 / contributed
    if norm > rates[CLIP_NORM]:
        totals[CLIPPED] += 1
        scale *= rates[CLIP_NORM] / norm
    sums[NORM] = norm
    sums[BETA1_POWER] *= BETA1
    sums[BETA2_POWER] *= BETA2
    # Constants in the network's own precision: a float64 among them would halve the speed of the loop below.
    constants = np.empty(7, weights.dtype)
    constants[0] = scale
    constants[1] = BETA1
    constants[2] = 1.0 - BETA1
    constants[3] = BETA2
    constants[4] = 1.0 - BETA2
    correction = np.sqrt(1.0 - sums[BETA2_POWER])
    constants[5] = learning_rate(rates, totals) * correction / (1.0 - sums[BETA1_POWER])
    constants[6] = EPSILON * correction
    shrink, keep1, take1, keep2, take2, rate, epsilon = (
        constants[0], constants[1], constants[2], constants[3], constants[4], constants[5], constants[6],
    )  # fmt: skip
    for start, end in ((0, at), (behind, weights.shape[0])):
        move(
            weights[start:end], first[start:end], second[start:end], gradient[start:end], shrink, keep1, take1, keep2,
            take2, rate, epsilon,
        )  # fmt: skip
    for i in range(touched[COUNT]):
        code = touched[FLAGS + codes + i]
        move(
            table[code], means[code], squares[code], slopes[code], shrink, keep1, take1, keep2, take2, rate, epsilon
        )
    forget_touched(touched, codes)
    totals[STEPS] += 1
    return True


@kernel
def count(weights, first, second, gradient, touched, live, sizes, rates, totals, sums):
    """Count what could be learned from; every min(live streams, 8) of them make one step. True where one was made."""
    stepped = False
    totals[SINCE_STEP] += 1
    if totals[SINCE_STEP] >= totals[RECORDS_PER_STEP]:
        if totals[CONTRIBUTED] > 0:
            step(weights, first, second, gradient, touched, totals[CONTRIBUTED], sizes, rates, totals, sums)
            stepped = True
        totals[SINCE_STEP] = 0
        totals[CONTRIBUTED] = 0
        totals[RECORDS_PER_STEP] = max(1, min(live, sizes[LARGEST_STEP]))
    count_down(totals)
    return stepped
