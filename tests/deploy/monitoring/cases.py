"""For each alert series that bring it about, and twins that must not; then what must bring about none at all."""

from __future__ import annotations

from dataclasses import dataclass

from tests.deploy.monitoring.healthy import HEALTHY, LEARNING, PARTITION, TARGET, healthy, rising, steady

Changes = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Pair:
    """What brings an alert about, and what hardly does not.

    Attributes
    ----------
    firing, quiet : how the series differ from those of a healthy daemon
    at : when to look
    """

    firing: Changes
    quiet: Changes
    at: str


NOTHING: Changes = dict.fromkeys(HEALTHY)
LAG = f"streamrnn_consumer_lag_records{{{PARTITION}}}"
LEFT = f"streamrnn_replay_left_records{{{PARTITION}}}"
SAVED = f"streamrnn_last_snapshot_timestamp_seconds{{{PARTITION}}}"
UNSAVED = f"streamrnn_unsaved_records{{{PARTITION}}}"
ERROR = f"streamrnn_absolute_error_total{{{TARGET}}}"
NAIVE = f'streamrnn_baseline_absolute_error_total{{{TARGET}, baseline="last_value"}}'
SCORED = f"streamrnn_scored_events_total{{{TARGET}}}"
COVERED = f'streamrnn_intervals_covered_total{{{TARGET}, level="0.9"}}'
SETTLED = f'streamrnn_intervals_settled_total{{{TARGET}, level="0.9"}}'
BELOW = 'streamrnn_quantile_outcomes_below_total{target="value", share="0.05"}'
APPLIED, SKIPPED = (f'streamrnn_updates_total{{result="{result}"}}' for result in ("applied", "skipped"))
RESTORING, RUNNING = (f'streamrnn_state{{state="{state}"}}' for state in ("restoring", "running"))
POLLED, COMMITTED = (f"streamrnn_last_{what}_timestamp_seconds" for what in ("poll", "commit"))
LABELS: Changes = {
    "streamrnn_scored_labels_total": rising(6000),
    "streamrnn_correct_labels_total": rising(5000),
    'streamrnn_baseline_correct_labels_total{baseline="last_label"}': rising(4000),
    "streamrnn_log_loss_total": rising(3000),
}
TOKENS: Changes = {
    "streamrnn_scored_tokens_total": rising(6000),
    "streamrnn_token_log_loss_total": rising(6000),
    "streamrnn_baseline_token_log_loss_total": rising(12_000),
}
OF_FORECASTS = ("scored", "absolute", "baseline", "interval", "horizon", "quantile")

PAIRS: dict[str, Pair] = {
    "StreamrnnAbsent": Pair(NOTHING, {"streamrnn_build_info": "_x4 1x240"}, "5m"),
    "StreamrnnDown": Pair({'up{instance="b:9464"}': "1x5 0x240"}, {'up{instance="b:9464"}': "1x5 0x4 1x240"}, "15m"),
    "StreamrnnStalled": Pair(
        {POLLED: "0+60x5 300x240"}, {POLLED: "0+60x5 300x240", RESTORING: "0x4 1x240", RUNNING: "1x4 0x240"}, "10m"
    ),
    "StreamrnnNotCommitting": Pair({COMMITTED: "0+60x5 300x240"}, {COMMITTED: "0+60x5 300x240", LAG: steady(0)}, "10m"),
    "StreamrnnRestartLoop": Pair(
        {"process_start_time_seconds": "1x5 300x5 600x5 900x5 1200x240"},
        {"process_start_time_seconds": "1x5 300x5 600x5 900x240"},
        "25m",
    ),
    "StreamrnnLagGrowing": Pair({LAG: rising(3000)}, {LAG: rising(-3000, 1_800_000)}, "1h"),
    "StreamrnnSlowAnswers": Pair(
        {'streamrnn_processing_latency_seconds_bucket{le="0.1"}': rising(5000)},
        {'streamrnn_processing_latency_seconds_bucket{le="0.1"}': rising(5950)},
        "30m",
    ),
    "StreamrnnDeadLetters": Pair(
        {'streamrnn_dead_letters_total{reason="not_json"}': rising(120)},
        {'streamrnn_dead_letters_total{reason="not_json"}': rising(50)},
        "1h",
    ),
    "StreamrnnSnapshotStale": Pair({SAVED: steady(1)}, {SAVED: steady(1), UNSAVED: steady(0)}, "1h"),
    "StreamrnnRebalanceStorm": Pair(
        {"streamrnn_rebalance_duration_seconds_count": rising(2)},
        {"streamrnn_rebalance_duration_seconds_count": "0+2x10 20x240"},
        "20m",
    ),
    "StreamrnnRestoreHanging": Pair({LEFT: steady(5000)}, {LEFT: rising(-500, 300_000)}, "30m"),
    "StreamrnnStreamsAtCapacity": Pair(
        {'streamrnn_expired_streams_total{reason="capacity"}': rising(5)},
        {'streamrnn_expired_streams_total{reason="capacity"}': rising(3)},
        "2h",
    ),
    "StreamrnnMemoryHigh": Pair(
        {"process_resident_memory_bytes": steady(910)}, {"process_resident_memory_bytes": steady(890)}, "30m"
    ),
    "StreamrnnOpenFiles": Pair({"process_open_fds": steady(810)}, {"process_open_fds": steady(790)}, "30m"),
    "StreamrnnLearningStalled": Pair({APPLIED: steady(500)}, {APPLIED: rising(1)}, "2h"),
    "StreamrnnLearningDead": Pair(
        {"streamrnn_gradient_norm": steady(0)},
        {"streamrnn_gradient_norm": steady(0), ERROR: steady(5), NAIVE: steady(5)},  # of values that stand still
        "2h",
    ),
    "StreamrnnSkippedUpdates": Pair({SKIPPED: rising(10)}, {SKIPPED: rising(7)}, "2h"),
    "StreamrnnWorseThanNaive": Pair({ERROR: rising(1030)}, {ERROR: rising(1010)}, "3h"),
    "StreamrnnAnomalyFlood": Pair(
        {"streamrnn_anomaly_alerts_total": rising(40)}, {"streamrnn_anomaly_alerts_total": rising(20)}, "2h"
    ),
    "StreamrnnIntervalsOff": Pair({COVERED: rising(5220)}, {COVERED: rising(5310)}, "3h"),
    "StreamrnnQuantilesOff": Pair({BELOW: rising(450)}, {BELOW: rising(400)}, "3h"),
}

# Further ways in which an alert must come.
ALSO_FIRING: dict[str, tuple[str, Changes, str]] = {
    "a loss that is not finite": ("StreamrnnLearningDead", {"streamrnn_learning_loss_total": steady(3)}, "2h"),
    "a restore without end": ("StreamrnnRestoreHanging", {RESTORING: steady(1), RUNNING: steady(0)}, "15m"),
    "no commit since the start": ("StreamrnnNotCommitting", {COMMITTED: steady(0)}, "10m"),
    "a slow topic, by the day": ("StreamrnnWorseThanNaive", {ERROR: rising(1100), SCORED: rising(10)}, "3h"),
    "a slow topic that learns nothing": ("StreamrnnLearningStalled", {APPLIED: steady(5), SCORED: rising(10)}, "3h"),
    "labels worse than the last one": (
        "StreamrnnWorseThanNaive", LABELS | {"streamrnn_correct_labels_total": rising(3900)}, "3h",
    ),
    "tokens worse than their usual share": (
        "StreamrnnWorseThanNaive", TOKENS | {"streamrnn_token_log_loss_total": rising(12_500)}, "3h",
    ),
    "tokens that teach nothing": (
        "StreamrnnLearningStalled", dict.fromkeys((ERROR, NAIVE, SCORED)) | TOKENS | {APPLIED: steady(500)}, "2h",
    ),
    "a network of tokens that is dead": (
        "StreamrnnLearningDead",
        dict.fromkeys((ERROR, NAIVE, SCORED)) | TOKENS | {"streamrnn_gradient_norm": steady(0)}, "2h",
    ),
    "one replica is worse than the others are better": (
        "StreamrnnWorseThanNaive",
        {
            ERROR.replace("{", '{instance="b:9464", '): rising(2000),
            NAIVE.replace("{", '{instance="b:9464", '): rising(1000),
        },
        "3h",
    ),
}  # fmt: skip


def _without(*words: str) -> Changes:
    return {name: None for name in HEALTHY if any(f"streamrnn_{word}" in name for word in words)}


IDLE: Changes = {name: steady(0) for name in HEALTHY if "_total" in name or "_bucket" in name}

# What must never wake anybody, at any minute.
SILENT: dict[str, Changes] = {
    "healthy": {},
    "fresh, nothing has come yet": IDLE | {COMMITTED: steady(0), UNSAVED: steady(0), SAVED: steady(1), LAG: steady(0)},
    "no traffic after a busy time": {
        name: values.replace("x240", "x60") + f" {60 * float(values.split('+')[1].split('x')[0])}x240"
        for name, values in HEALTHY.items()
        if "+" in values and "timestamp" not in name
    } | {UNSAVED: steady(0), SAVED: steady(1), LAG: steady(0)},
    "a replay that takes hours": IDLE | {
        LEFT: rising(-500, 5_000_000), COMMITTED: steady(0), SAVED: steady(1), UNSAVED: rising(500),
        LAG: rising(3000, 1000),
    },
    "years of history to learn from first": {
        LAG: rising(-6000, 1e7), f"streamrnn_consumer_lag_seconds{{{PARTITION}}}": rising(-30, 1e8),
    },
    "labels in place of forecasts": _without(*OF_FORECASTS) | LABELS,
    "tokens in place of forecasts": _without(*OF_FORECASTS) | TOKENS,
    "texts that never come": _without(*OF_FORECASTS) | {
        name: steady(0) for name in (*TOKENS, APPLIED, "streamrnn_learning_loss_total", "streamrnn_gradient_norm")
    },
    "labels that never come": _without(*OF_FORECASTS) | {
        name: steady(0) for name in (*LABELS, APPLIED, "streamrnn_learning_loss_total", "streamrnn_gradient_norm")
    },
    "no model": _without(*LEARNING, "baseline"),
    "no anomaly score, no intervals, no quantiles": _without("anomaly", "interval", "quantile"),
    "a pipe, without a log or snapshots": _without("consumer", "last_snapshot", "snapshot_interval", "unsaved"),
    "a second instance that holds nothing": {
        'streamrnn_build_info{instance="b:9464"}': steady(1), 'streamrnn_streams{instance="b:9464"}': steady(0),
        'streamrnn_last_poll_timestamp_seconds{instance="b:9464"}': rising(60),
        'streamrnn_last_commit_timestamp_seconds{instance="b:9464"}': steady(0), 'up{instance="b:9464"}': steady(1),
    },
    "a constant value, forecast all but exactly": {ERROR: rising(1e-9), NAIVE: steady(0)},
    "few outcomes, and bad ones": {ERROR: rising(2000), SCORED: rising(2)},
    "few intervals, and bad ones": {SETTLED: rising(2), COVERED: rising(1)},
    "intervals a day ahead, which go together": {
        SETTLED.replace('"1"', '"24"'): rising(50), COVERED.replace('"1"', '"24"'): rising(40),
        'streamrnn_horizon_steps{horizon="24"}': steady(24),
    },
    "a log whose records tell no time": {f"streamrnn_consumer_lag_seconds{{{PARTITION}}}": None},
    "a log whose end nobody knows": {LAG: None},
    "a scale of its own for every target": {
        ERROR.replace("value", "load"): rising(0.0009), NAIVE.replace("value", "load"): rising(0.001),
        SCORED.replace("value", "load"): rising(6000),
    },
    "a replica that is bad where the others are good": {
        ERROR.replace("{", '{instance="b:9464", '): rising(101),
        NAIVE.replace("{", '{instance="b:9464", '): rising(90),
    },
    "one snapshot fails": {SAVED: "0+60x10 600x7 1020+60x240"},
}  # fmt: skip


def all_of(changes: Changes) -> dict[str, str]:
    """The series of a case."""
    return healthy(changes)
