"""Over what time rules look back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Windows:
    """Durations as Prometheus writes them.

    Attributes
    ----------
    rate : of what is judged at once: flow, latency; at least four scrapes
    events : of what is rare: rebalances, restarts, evictions
    quality : of errors and updates
    slow : of the same, where fewer than a thousand outcomes come within ``quality``
    coverage : of intervals, whose coverage is a long run's
    """

    rate: str = "5m"
    events: str = "30m"
    quality: str = "1h"
    slow: str = "1d"
    coverage: str = "6h"
