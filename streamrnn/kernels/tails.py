"""How likely a forecast error as large as this one was: a decayed histogram of earlier errors' sizes.

An error is measured by the running mean of those before it (memory 100 errors), so that errors that grow and shrink
together stay comparable. The logarithms of these ratios are counted in 32 bins, four to an octave from 1/4 to 64, with
a memory of 5,000 errors. P(|e| >= the present |e|) is the mass above, or rather (n mass + 1) / (n + 1), as the present
error counts itself: the p-value of conformal prediction (Vovk, Gammerman, Shafer 2005), but for interpolation within
bins and for forgetting. It says nothing finer than 1 / (n + 1), which is 0.0002 in the end; below a quarter of the mean
it is 1, and all errors above 54 times the mean are alike. On the 18 files of the Numenta benchmark at hand .0087 of all
errors have a tail below .01, in a file .0052 to .0137 (`python -m benchmarks nab`): interpolation between bins errs on
the high side.
"""

import numpy as np

from streamrnn.kernels.compile import kernel
from streamrnn.kernels.functions import LOG2_E, log
from streamrnn.rows.anomaly import BINS

PER_OCTAVE = 4.0
LOWEST = -2.0  # log2 of the first bin's edge
YOUNG = 20  # errors before there is a probability
MEMORY = 5000.0
MEAN_MEMORY = 100.0


@kernel
def observe(above, mean, seen, error):
    """Count an absolute error; (its tail probability, NaN for the first 20; new running mean).

    above float32[32], share of earlier errors at or above each bin's lower edge; mean of the ``seen`` errors before.
    """
    if error <= 0.0:
        position = 0.0
    elif mean <= 0.0:
        position = float(BINS)
    else:
        position = min(max((log(error / mean) * LOG2_E - LOWEST) * PER_OCTAVE, 0.0), float(BINS))
    whole = min(int(position), BINS - 1)
    probability = np.nan
    if seen >= YOUNG:
        mass = above[whole]
        if whole + 1 < BINS:
            mass += (position - whole) * (above[whole + 1] - mass)
        weight = min(float(seen), MEMORY)
        probability = min((weight * mass + 1.0) / (weight + 1.0), 1.0)
    mean += max(1.0 / (seen + 1), 1.0 / MEAN_MEMORY) * (error - mean)
    rate = np.float32(max(1.0 / (seen + 1), 1.0 / MEMORY))
    for j in range(BINS):
        above[j] += rate * (np.float32(1.0 if j <= whole else 0.0) - above[j])
    return probability, mean
