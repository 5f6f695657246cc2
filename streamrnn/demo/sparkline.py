"""Lines of block characters that show a series in one row of text."""

import math
from collections.abc import Sequence

_BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], low: float | None = None, high: float | None = None) -> str:
    """One character a value: the higher the block, the larger the value; a space where it is NaN.

    Parameters
    ----------
    values : the series
    low, high : values of the lowest and the highest block; None for the series' own. Values outside are cut to them.

    Examples
    --------
    >>> sparkline([0, 1, float("nan"), 3])
    '▁▃ █'
    """
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return " " * len(values)
    low = min(known) if low is None else low
    high = max(known) if high is None else high
    step = (high - low) / (len(_BLOCKS) - 1)
    return "".join(_block(value, low, step) if math.isfinite(value) else " " for value in values)


def _block(value: float, low: float, step: float) -> str:
    if step <= 0.0:
        return _BLOCKS[len(_BLOCKS) // 2]
    return _BLOCKS[min(max(round((value - low) / step), 0), len(_BLOCKS) - 1)]
