"""Recording rules: what the alerts ask for more than once, summed over the replicas of a job."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.monitoring.windows import Windows

JOB = "job, namespace"
INSTANCE = f"{JOB}, instance"


@dataclass(frozen=True, slots=True)
class Record:
    """A series that Prometheus keeps under a name of its own."""

    name: str
    expression: str


def total(metric: str, window: str, *labels: str, by: str = JOB) -> str:
    """The rate of a counter, summed over replicas."""
    return f"sum by ({', '.join((by, *labels))}) (rate({metric}[{window}]))"


def quantile(share: float, metric: str, window: str, by: str = JOB) -> str:
    """A quantile of a histogram, over replicas."""
    return f"histogram_quantile({share}, sum by ({by}, le) (rate({metric}_bucket[{window}])))"


def skill(error: str, naive: str) -> str:
    """1 - error / naive error; nothing while the naive forecast never errs, as of a value that stands still."""
    return f"1 - {error} / ({naive} > 0)"


class Names:
    """The names of the recording rules, which tell their window as is the custom.

    Parameters
    ----------
    windows : over which they look back
    """

    def __init__(self, windows: Windows) -> None:
        self.events = f"job:streamrnn_events:rate{windows.rate}"
        self.records = f"job:streamrnn_records:rate{windows.rate}"
        self.busy = f"instance:streamrnn_busy:ratio_rate{windows.rate}"
        self.lag_records = "job:streamrnn_lag_records:sum"
        self.lag_seconds = "job:streamrnn_lag_seconds:max"
        self.work = f"job:streamrnn_lag_work_seconds:rate{windows.rate}"
        self.recovering = "job:streamrnn_recovering:max"
        self.coverage = f"job:streamrnn_interval_coverage:ratio_rate{windows.coverage}"
        self.quantile_coverage = f"job:streamrnn_quantile_coverage:ratio_rate{windows.coverage}"

    @staticmethod
    def skill(window: str) -> str:
        """Of forecasts, by target and horizon."""
        return f"job:streamrnn_skill:ratio_rate{window}"

    @staticmethod
    def label_skill(window: str) -> str:
        """Of labels that are classes."""
        return f"job:streamrnn_label_skill:ratio_rate{window}"

    @staticmethod
    def token_skill(window: str) -> str:
        """Of tokens, in log loss."""
        return f"job:streamrnn_token_skill:ratio_rate{window}"

    @staticmethod
    def scored(window: str) -> str:
        """How many outcomes came: by target and horizon, or labels that are classes, or tokens."""
        return f"job:streamrnn_scored:increase{window}"


def records(windows: Windows) -> list[Record]:
    """All recording rules, each after those that it asks for."""
    names, rate, quality, coverage = Names(windows), windows.rate, windows.quality, windows.coverage
    of = "target", "horizon"
    return [
        Record(names.events, total("streamrnn_events_consumed_total", rate)),
        Record(names.records, f"{names.events} + {total('streamrnn_dead_letters_total', rate)}"),
        Record(names.busy, total("streamrnn_busy_seconds_total", rate, "stage", by=INSTANCE)),
        Record(names.lag_records, f"sum by ({JOB}) (streamrnn_consumer_lag_records >= 0)"),
        Record(names.lag_seconds, f"max by ({JOB}) (streamrnn_consumer_lag_seconds >= 0)"),
        Record(names.work, f"{names.lag_records} / {names.records}"),
        Record(
            names.recovering,
            f'max by ({JOB}) (streamrnn_state{{state="restoring"}} or (streamrnn_replay_left_records > bool 0))',
        ),
        *_quality(quality),
        *_quality(windows.slow),
        Record(
            names.coverage,
            f"{total('streamrnn_intervals_covered_total', coverage, *of, 'level')} / "
            f"{total('streamrnn_intervals_settled_total', coverage, *of, 'level')}",
        ),
        Record(
            names.quantile_coverage,
            f"{total('streamrnn_quantile_outcomes_below_total', coverage, 'target', 'share')} / "
            f"{total('streamrnn_quantiles_settled_total', coverage, 'target', 'share')}",
        ),
    ]


def _quality(window: str) -> list[Record]:
    """Skill, and of how many outcomes it is."""
    scored = total("streamrnn_scored_labels_total", window)
    naive = total('streamrnn_baseline_correct_labels_total{baseline="last_label"}', window)
    return [
        Record(
            Names.skill(window),
            skill(
                total("streamrnn_absolute_error_total", window, "target", "horizon"),
                total('streamrnn_baseline_absolute_error_total{baseline="last_value"}', window, "target", "horizon"),
            ),
        ),
        Record(
            Names.label_skill(window),
            skill(f"({scored} - {total('streamrnn_correct_labels_total', window)})", f"({scored} - {naive})"),
        ),
        Record(
            Names.token_skill(window),
            skill(
                total("streamrnn_token_log_loss_total", window),
                total("streamrnn_baseline_token_log_loss_total", window),
            ),
        ),
        Record(
            Names.scored(window),
            f"sum by ({JOB}, target, horizon) (increase(streamrnn_scored_events_total[{window}])) "
            f"or sum by ({JOB}) (increase(streamrnn_scored_labels_total[{window}])) "
            f"or sum by ({JOB}) (increase(streamrnn_scored_tokens_total[{window}]))",
        ),
    ]
