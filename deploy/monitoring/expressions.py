"""What the board asks of Prometheus, within what was chosen above it."""

from __future__ import annotations

from deploy.monitoring.panel import Query
from deploy.monitoring.records import skill

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


def skills() -> tuple[Query, ...]:
    """The skill of forecasts, labels and tokens."""
    def over(metric: str, by: str = "", where: str = S) -> str:
        return rate(f"{metric}_total", by, where, WINDOW)

    of, last = "target, horizon", 'baseline="last_value"'
    wrong = f"({over('scored_labels')} - {over('correct_labels')})"
    naive = over("baseline_correct_labels", "", f'{S}, baseline="last_label"')
    return (
        Query(
            skill(over("absolute_error", of, T), over("baseline_absolute_error", of, f"{T}, {last}")),
            "{{target}} +{{horizon}}",
        ),
        Query(skill(wrong, f"({over('scored_labels')} - {naive})"), "labels"),
        Query(skill(over("token_log_loss"), over("baseline_token_log_loss")), "tokens"),
    )
