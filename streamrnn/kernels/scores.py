"""Prequential sums of each target: over all records, and over a sliding window in blocks."""

from streamrnn.kernels.compile import kernel
from streamrnn.rows.mixture import (
    ABSOLUTE,
    BASELINE_ABSOLUTE,
    BASELINE_SQUARED,
    COUNT,
    SCORE_BLOCKS,
    SQUARED,
)


@kernel
def score(sums, forecast, baseline, outcome):
    """Add one settled forecast to a target's sums."""
    error = outcome - forecast
    baseline_error = outcome - baseline
    sums[COUNT] += 1.0
    sums[ABSOLUTE] += abs(error)
    sums[SQUARED] += error * error
    sums[BASELINE_ABSOLUTE] += abs(baseline_error)
    sums[BASELINE_SQUARED] += baseline_error * baseline_error


@kernel
def block_of(record, length, window, enters):
    """The window's block that a record falls in; a block is cleared as it is entered anew, by a row that ``enters``."""
    block = (record // length) % SCORE_BLOCKS
    if enters and record % length == 0:
        window[:, :, block] = 0.0
    return block
