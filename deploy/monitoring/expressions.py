"""What the board asks of Prometheus, within what was chosen above it."""

from __future__ import annotations

from deploy.monitoring.panel import Query

S = 'job=~"$job", instance=~"$instance"'
T = f'{S}, target=~"$target"'
P = f'{S}, topic=~"$topic"'
RATE, WINDOW = "$__rate_interval", "$window"
NAMED = "{{topic}}-{{partition}}"


def rate(metric: str, by: str = "", where: str = S, window: str = RATE) -> str:
    """The rate of a counter, summed by labels; ``metric`` is without its prefix."""
    grouped = f" by ({by})" if by else ""
    return f"sum{grouped} (rate(streamrnn_{metric}{{{where}}}[{window}]))"


def share(part: str, whole: str, by: str = "", where: str = T, window: str = WINDOW) -> str:
    """How much of one counter's increase another's is."""
    return f"{rate(part, by, where, window)} / {rate(whole, by, where, window)}"


def quantiles(metric: str) -> tuple[Query, ...]:
    """The usual quantiles of a histogram."""
    return tuple(
        Query(f"histogram_quantile({share}, {rate(f'{metric}_bucket', 'le')})", f"p{100 * share:g}")
        for share in (0.5, 0.95, 0.99)
    )


def skill(by: str) -> str:
    """1 - error / error of the last value, by labels; nothing while that never errs."""
    naive = rate("baseline_absolute_error_total", by, f'{T}, baseline="last_value"', WINDOW)
    return f"1 - {rate('absolute_error_total', by, T, WINDOW)} / ({naive} > 0)"
