"""What a healthy daemon shows, minute by minute, in the words of promtool."""

from __future__ import annotations

MINUTES = 240
PARTITION = 'topic="events", partition="0"'
TARGET = 'target="value", horizon="1"'


def steady(value: float) -> str:
    """The same at every minute."""
    return f"{value}x{MINUTES}"


def rising(step: float, start: float = 0) -> str:
    """So much more at every minute, or less."""
    return f"{start}{step:+}x{MINUTES}"


NOW = rising(60)  # the time itself, as of what happens all the time

# 100 events a second in 100 streams.
HEALTHY: dict[str, str] = {
    "up": steady(1),
    "streamrnn_build_info": steady(1),
    "process_start_time_seconds": steady(1),
    "process_resident_memory_bytes": steady(500),
    "process_open_fds": steady(20),
    "process_max_fds": steady(1000),
    'streamrnn_state{state="restoring"}': steady(0),
    'streamrnn_state{state="running"}': steady(1),
    'streamrnn_state{state="draining"}': steady(0),
    "streamrnn_last_poll_timestamp_seconds": NOW,
    "streamrnn_last_commit_timestamp_seconds": NOW,
    f"streamrnn_last_snapshot_timestamp_seconds{{{PARTITION}}}": NOW,
    "streamrnn_snapshot_interval_seconds": steady(300),
    f"streamrnn_unsaved_records{{{PARTITION}}}": steady(6000),
    f"streamrnn_consumer_lag_records{{{PARTITION}}}": steady(5),
    f"streamrnn_consumer_lag_seconds{{{PARTITION}}}": steady(0.1),
    "streamrnn_events_consumed_total": rising(6000),
    'streamrnn_dead_letters_total{reason="not_json"}': steady(0),
    'streamrnn_expired_streams_total{reason="capacity"}': steady(0),
    "streamrnn_streams": steady(100),
    "streamrnn_streams_max": steady(10_000),
    "streamrnn_memory_limit_bytes": steady(1000),
    'streamrnn_processing_latency_seconds_bucket{le="0.1"}': rising(6000),
    'streamrnn_processing_latency_seconds_bucket{le="5.0"}': rising(6000),
    'streamrnn_processing_latency_seconds_bucket{le="+Inf"}': rising(6000),
    'streamrnn_commit_duration_seconds_bucket{le="0.1"}': rising(600),
    'streamrnn_commit_duration_seconds_bucket{le="+Inf"}': rising(600),
    "streamrnn_rebalance_duration_seconds_count": steady(1),
    'streamrnn_updates_total{result="applied"}': rising(750),
    'streamrnn_updates_total{result="skipped"}': steady(0),
    "streamrnn_gradient_norm": steady(0.5),
    "streamrnn_learning_loss_total": rising(300),
    f"streamrnn_scored_events_total{{{TARGET}}}": rising(6000),
    f"streamrnn_absolute_error_total{{{TARGET}}}": rising(900),
    f'streamrnn_baseline_absolute_error_total{{{TARGET}, baseline="last_value"}}': rising(1000),
    "streamrnn_anomaly_alerts_total": rising(4),
    f'streamrnn_intervals_settled_total{{{TARGET}, level="0.9"}}': rising(6000),
    f'streamrnn_intervals_covered_total{{{TARGET}, level="0.9"}}': rising(5400),
    'streamrnn_interval_level{level="0.9"}': steady(0.9),
    'streamrnn_horizon_steps{horizon="1"}': steady(1),
    'streamrnn_quantiles_settled_total{target="value", share="0.05"}': rising(6000),
    'streamrnn_quantile_outcomes_below_total{target="value", share="0.05"}': rising(300),
    'streamrnn_quantile_share{share="0.05"}': steady(0.05),
}

LEARNING = ("updates", "gradient", "learning", "scored", "absolute", "anomaly", "interval", "horizon", "quantile")


def healthy(changes: dict[str, str | None]) -> dict[str, str]:
    """The healthy series with these instead; None takes one away."""
    return {name: values for name, values in (HEALTHY | changes).items() if values is not None}


def series(found: dict[str, str]) -> list[dict[str, str]]:
    """As promtool takes them, each with the labels that Prometheus adds."""
    return [{"series": _labelled(name), "values": values} for name, values in found.items()]


def _labelled(name: str) -> str:
    metric, _, labels = name.partition("{")
    given = [labels.rstrip("}")] if labels else []
    if "instance=" not in labels:
        given.append('instance="a:9464"')
    given.append('job="streamrnn"')
    return f"{metric}{{{', '.join(given)}}}"
