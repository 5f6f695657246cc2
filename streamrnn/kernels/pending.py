"""Rings of what awaits its outcome: what stands in a ring of length h at step modulo h was put there h steps ago."""

import numpy as np

from streamrnn.kernels.compile import kernel
from streamrnn.rows import ABSENT


@kernel
def skip(row, at, length, width, step, moved):
    """Mark the ring's entries of the steps that had no record: those between this one and the one before."""
    for empty in range(max(step - moved + 1, step - length), step):
        for j in range(width):
            row[at + (empty % length) * width + j] = ABSENT


@kernel
def known(value):
    """NaN where the ring holds nothing."""
    return np.nan if value == ABSENT else value


@kernel
def kept(value):
    """What to put into a ring."""
    return ABSENT if np.isnan(value) else value
