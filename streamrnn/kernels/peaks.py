"""How long ago a series was last as high as it is now: a stack of its peaks, each higher and older than the next.

The exact stack may grow without bound (a series that only falls pushes every value). This one keeps 32 peaks: when it
is full, the peak goes whose absence costs least, that of the smallest ratio between the age of the peak below it and
its own. Ages are then at least a geometric ladder, and with n values so far an answer is too large by at most a
factor n^(1/31), and never too small: 0.4 log10 of it, which is what enters a score, is at most 0.06 for 10,000 values
and 0.08 for a million. The highest peak is never dropped. On a series without trend about log n peaks stand at a time.
"""

from streamrnn.kernels.compile import kernel
from streamrnn.rows.anomaly import PEAKS


@kernel
def push(heights, times, size, height, now):
    """Push the value ``height`` of time ``now`` onto the stack of ``size`` peaks.

    heights float32[32], times int64[32], highest and oldest first; times count from 1 -> (steps since a value was at
    least this high, or ``now`` if none ever was; new size).
    """
    while size > 0 and heights[size - 1] < height:
        size -= 1
    gap = now
    if size > 0:
        gap = now - times[size - 1]
        if heights[size - 1] == height:
            size -= 1
    if size == PEAKS:
        size = drop(heights, times, now)
    heights[size] = height
    times[size] = now
    return gap, size + 1


@kernel
def drop(heights, times, now):
    """Take the peak out of a full stack that is least missed; the new size."""
    least = 1
    smallest = 0.0
    for i in range(1, PEAKS):
        ratio = (now - times[i - 1]) / (now - times[i])
        if i == 1 or ratio < smallest:
            least = i
            smallest = ratio
    for i in range(least, PEAKS - 1):
        heights[i] = heights[i + 1]
        times[i] = times[i + 1]
    return PEAKS - 1
