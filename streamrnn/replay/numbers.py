"""Numbers as a report shows them."""

import math


def number(value: float) -> str:
    """Four significant digits; a dash for what cannot be told."""
    return f"{value:.4g}" if math.isfinite(value) else "-"


def percent(value: float, sign: bool = True) -> str:
    """One decimal, and the sign; a dash for what cannot be told."""
    if not math.isfinite(value):
        return "-"
    return f"{100 * value:+.1f} %" if sign else f"{100 * value:.1f} %"


def finite(value: float) -> float | None:
    """The value, None where it cannot be told: JSON has no NaN."""
    return value if math.isfinite(value) else None
