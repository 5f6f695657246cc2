"""Alerts of what is learned: does it learn, and is what it says worth something?"""

from __future__ import annotations

from collections.abc import Callable

from deploy.monitoring.alert import HORIZON, JOB_NAME, LEVEL, PERCENT, SHARE, TARGET, VALUE, Alert
from deploy.monitoring.records import JOB, Names, total
from deploy.monitoring.windows import Windows

WARNING = "warning"
ENOUGH = 1000  # outcomes, to judge by
APPLIED = 'streamrnn_updates_total{result="applied"}'


def learning_alerts(windows: Windows) -> list[Alert]:
    """See `deploy.monitoring.alerts.alerts`."""
    return [*_learns(windows), *_calibrated(windows)]


def _learns(windows: Windows) -> list[Alert]:
    rate, quality = windows.rate, windows.quality
    skipped = total('streamrnn_updates_total{result="skipped"}', quality)
    errs = (
        f"(sum by ({JOB}) (rate(streamrnn_absolute_error_total[{rate}])) > 0 "
        f"or sum by ({JOB}) (rate(streamrnn_log_loss_total[{rate}])) > 0 "
        f"or sum by ({JOB}) (rate(streamrnn_token_log_loss_total[{rate}])) > 0)"
    )
    return [
        Alert(
            "StreamrnnLearningStalled", WARNING,
            _either(_stalled, windows),
            "15m", "an optimiser step falls every 8 outcomes at the latest: none in a thousand is no chance",
            f"{JOB_NAME} answers and does not learn",
            f"More than 1,000 outcomes came to {JOB_NAME} within {quality} (or {windows.slow}), and the optimiser made "
            f"{VALUE} steps.",
        ),
        Alert(
            "StreamrnnLearningDead", WARNING,
            f"(max by ({JOB}) (streamrnn_gradient_norm) == 0 "
            f"or on ({JOB}) {total('streamrnn_learning_loss_total', rate)} == 0) "
            f"and on ({JOB}) ({total(APPLIED, rate)} > 0) and on ({JOB}) {errs}",
            "30m", "the gradient is a sample of one step, which may be zero once",
            f"The network of {JOB_NAME} gets nothing to learn from",
            f"The optimiser of {JOB_NAME} makes steps and forecasts err, yet its gradient or its loss is "
            f"{VALUE}: no number in them is finite, or the network is dead.",
        ),
        Alert(
            "StreamrnnSkippedUpdates", WARNING,
            f"{skipped} / {total('streamrnn_updates_total', quality)} > 0.01", "15m",
            "one outlier may cost a step; a hundredth of all is a network at its limit",
            f"{JOB_NAME} skips optimiser steps",
            f"{PERCENT} of the optimiser steps of {JOB_NAME} are left out, as numbers in them "
            "are not finite.",
        ),
        Alert(
            "StreamrnnWorseThanNaive", WARNING,
            _either(_worse, windows),
            "1h", "two windows on end: a change of regime is learned sooner",
            f"{JOB_NAME} is worse than a naive answer"
            "{{ with $labels.target }} at {{ . }}, {{ $labels.horizon }} ahead{{ end }}",
            f"Over {JOB_NAME}'s last outcomes"
            "{{ with $labels.target }} of {{ . }} at horizon {{ $labels.horizon }}{{ end }} the skill is "
            f"{PERCENT}: the naive answer errs less (the last value, the last label, the usual share of a token).",
        ),
        Alert(
            "StreamrnnAnomalyFlood", WARNING,
            f"{total('streamrnn_anomaly_alerts_total', quality)} "
            f"/ {total('streamrnn_events_consumed_total', quality)} > 0.005 "
            f"and sum by ({JOB}) (increase(streamrnn_anomaly_alerts_total[{quality}])) > 50",
            "15m", "a fault that many streams share is one wave",
            f"{JOB_NAME} gives more anomaly alerts than anybody reads",
            f"{PERCENT} of the events of {JOB_NAME} begin an anomaly alert; usual is below "
            "0.1 %.",
        ),
    ]  # fmt: skip


def _stalled(window: str) -> str:
    applied = f"sum by ({JOB}) (increase({APPLIED}[{window}]))"
    return f"{applied} == 0 and on ({JOB}) (sum by ({JOB}) ({Names.scored(window)}) > {ENOUGH})"


def _worse(window: str) -> str:
    enough = f"and {Names.scored(window)} > {ENOUGH}"
    kinds = Names.skill(window), Names.label_skill(window), Names.token_skill(window)
    return " or ".join(f"{kind} < -0.02 {enough}" for kind in kinds)


def _either(fault: Callable[[str], str], windows: Windows) -> str:
    """What is wrong within an hour or, where too few outcomes come for that, within a day."""
    enough = f"unless on ({JOB}) sum by ({JOB}) ({Names.scored(windows.quality)}) > {ENOUGH}"
    return f"({fault(windows.quality)}) or (({fault(windows.slow)}) {enough})"


def _calibrated(windows: Windows) -> list[Alert]:
    names, coverage = Names(windows), windows.coverage
    return [
        Alert(
            "StreamrnnIntervalsOff", WARNING, _away(
                names.coverage, "streamrnn_interval_level", "level",
                f"sum by ({JOB}, target, horizon, level) (increase(streamrnn_intervals_settled_total[{coverage}]))"
                f" / on ({JOB}, horizon) group_left () max by ({JOB}, horizon) (streamrnn_horizon_steps)",
            ),
            "1h", "the window is long already; what is left is a change that the tracking has not met",
            f"Intervals of {TARGET} hold more or less than they say in {JOB_NAME}",
            f"Over {coverage} the intervals of {TARGET} at horizon {HORIZON} that are to hold "
            f"{LEVEL} of the outcomes are off by {PERCENT} of all outcomes, more than "
            "chance can.",
        ),
        Alert(
            "StreamrnnQuantilesOff", WARNING, _away(
                names.quantile_coverage, "streamrnn_quantile_share", "share",
                f"sum by ({JOB}, target, share) (increase(streamrnn_quantiles_settled_total[{coverage}]))",
            ),
            "1h", "as of intervals",
            f"Quantiles of {TARGET} are off in {JOB_NAME}",
            f"Over {coverage} the share of outcomes below the quantile {SHARE} of {TARGET} is "
            f"off by {PERCENT} of all outcomes, more than chance can.",
        ),
    ]  # fmt: skip


def _away(share: str, told: str, label: str, count: str) -> str:
    """How far a share lies from what it should be, where that is beyond two hundredths and four standard errors.

    Outcomes of overlapping forecasts go together, so that the count is divided by the steps ahead.
    """
    level = f"max by ({JOB}, {label}) ({told})"
    joined = f"on ({JOB}, {label}) group_left ()"
    variance = f"{joined} ({level} * (1 - {level}))"
    return f"abs({share} - {joined} {level}) > 0.02 + 4 * sqrt(1 / ({count} > 1000) * {variance})"
