"""The loop of distributions: the log likelihood of each outcome, beside that by the last value."""

import numpy as np

from streamrnn.kernels.compile import entry, kernel
from streamrnn.kernels.functions import HALF_LOG_TAU, log, log_gamma
from streamrnn.rows import ABSENT
from streamrnn.rows.heads import DEGREES, LOCATION, PARAMETERS, SCALE
from streamrnn.rows.quantiles import BASELINE_LIKELIHOOD, COUNT, LIKELIHOOD

LEAST = -50.0  # of a log likelihood, so that one outcome cannot outweigh all others
LOG_PI = 1.1447298858494002


@kernel
def gaussian(z):
    """Log density of the standard normal distribution."""
    return -0.5 * z * z - HALF_LOG_TAU


@kernel
def student(z, degrees):
    """Log density of Student's distribution with location 0 and scale 1 (Gosset 1908)."""
    half = 0.5 * degrees
    constant = log_gamma(half + 0.5) - log_gamma(half) - 0.5 * (log(degrees) + LOG_PI)
    return constant - (half + 0.5) * log(1.0 + z * z / degrees)


@kernel
def likelihood(outcome, location, scale, degrees, unit):
    """Log density of an outcome in ``unit``, at least -50; of a Gaussian where there are no degrees of freedom."""
    z = (outcome - location) / scale
    density = gaussian(z) if degrees == ABSENT else student(z, degrees)
    found = density - log(scale / unit)
    return found if found > LEAST else LEAST


@entry
def process(slots, fresh, advance, outcomes, last, rms, told, slab, sums):
    """Judge the distributions of the next step of n records in log order.

    slots int64[n], fresh bool[n], advance int64[n], outcomes, last and rms float64[n, targets], told float64[n,
    targets, 3] (NaN: none; of a Gaussian no degrees of freedom) -> sums float64[targets, 3], of likelihoods in running
    rms changes. A row of ``slab`` holds for each target what was told, then the last value and the unit beside it.
    """
    size = PARAMETERS + 2
    for i in range(slots.shape[0]):
        row = slab[slots[i]]
        for k in range(outcomes.shape[1]):
            at = size * k
            if fresh[i] or advance[i] > 1:
                row[at + SCALE] = ABSENT
            outcome, scale = outcomes[i, k], row[at + SCALE]
            if advance[i] > 0 and not np.isnan(outcome) and scale != ABSENT:
                unit = row[at + PARAMETERS + 1]
                sums[k, COUNT] += 1.0
                sums[k, LIKELIHOOD] += likelihood(outcome, row[at + LOCATION], scale, row[at + DEGREES], unit)
                sums[k, BASELINE_LIKELIHOOD] += likelihood(outcome, row[at + PARAMETERS], unit, ABSENT, unit)
            if advance[i] == 0:
                continue
            usable = told[i, k, SCALE] > 0.0 and told[i, k, SCALE] < ABSENT and abs(told[i, k, LOCATION]) < ABSENT
            row[at + SCALE] = ABSENT
            if usable and rms[i, k] > 0.0:
                for j in range(PARAMETERS):
                    row[at + j] = ABSENT if np.isnan(told[i, k, j]) else told[i, k, j]
                row[at + PARAMETERS] = last[i, k]
                row[at + PARAMETERS + 1] = rms[i, k]
