"""Hooks that the daemon calls, so that the loop knows no metrics library."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from streamrnn.events.columns import DeadLetter, Events, Partition, Predictions


@dataclass(frozen=True, slots=True)
class TargetScore:
    """Prequential sums of one target and horizon over one batch (or a whole run): error of the forecast and of the last
    value."""

    count: int
    absolute_error: float
    squared_error: float
    baseline_absolute_error: float
    baseline_squared_error: float


@dataclass(frozen=True, slots=True)
class ExpertScore:
    """Sums of one expert, taken when a forecast settles: its error (absolute, or the loss that its kind of answer is
    judged by), and the weight that it had."""

    count: int
    error: float
    weight: float


@dataclass(frozen=True, slots=True)
class IntervalScore:
    """Sums of one level's intervals: how many settled, how many held their outcome, widths and interval scores."""

    count: int
    covered: int
    width: float
    score: float


@dataclass(frozen=True, slots=True)
class QuantileScore:
    """Sums of one quantile of the next step: how many settled, how many outcomes fell below it (half of one that equals
    it), and its pinball loss, beside that of the last value with the past quantiles of its errors."""

    count: int
    below: float
    pinball_loss: float
    baseline_pinball_loss: float


@dataclass(frozen=True, slots=True)
class QuantileExpertScore:
    """The same sums of one expert's quantile, and the weight that it had."""

    count: int
    below: float
    pinball_loss: float
    weight: float


@dataclass(frozen=True, slots=True)
class DistributionScore:
    """Sums of a target's distributions of the next step: how many settled, and the log likelihood of their outcomes in
    running changes (natural logarithm, at least -50), beside that of a Gaussian around the last value."""

    count: int
    log_likelihood: float
    baseline_log_likelihood: float


@dataclass(frozen=True, slots=True)
class LabelScore:
    """Prequential sums of labels that are classes over one batch (or a whole run): right answers and log loss (natural
    logarithms, a probability below a thousandth counting as that) of the published answer, of the last known label, and
    of the most frequent class."""

    count: int
    correct: int
    log_loss: float
    last_correct: int
    last_log_loss: float
    frequent_correct: int
    frequent_log_loss: float


@dataclass(frozen=True, slots=True)
class LabelReport:
    """What one batch did with labels: ``delay`` is in events of the stream, summed over those that found their event;
    ``score`` is None where labels are numbers. ``experts`` are judged by log loss, or by absolute error. ``lost`` is
    how many events there were whose stream went before their answer fell due."""

    score: LabelScore | None
    matched: int
    late: int
    unmatched: int
    delay: int
    experts: Mapping[str, ExpertScore] = field(default_factory=dict)
    lost: int = 0


@dataclass(frozen=True, slots=True)
class TokenScore:
    """Prequential sums of tokens (of sets of them) over one batch (or a whole run): those that were held likeliest, and
    log loss (natural logarithms); of what was published, and of how usual each token is."""

    count: int
    correct: int
    log_loss: float
    usual_correct: int
    usual_log_loss: float


@dataclass(frozen=True, slots=True)
class TokenReport:
    """What came of one batch's tokens; experts are judged by log loss. ``answers`` is how many events brought tokens
    behind the marker, ``exact`` how many of these were foretold to the last token."""

    score: TokenScore
    experts: Mapping[str, ExpertScore] = field(default_factory=dict)
    answers: int = 0
    exact: int = 0


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What one processed batch did. Sums and counts are of this batch alone, gauges are as of its end."""

    events: int
    bytes: int
    scores: Mapping[tuple[str, int], TargetScore]  # by target and horizon
    dead_letters: Mapping[str, int]
    late: int
    updates: int
    skipped_updates: int
    clipped_updates: int
    loss: float  # summed over `losses` learning passes
    losses: int
    expired: Mapping[str, int]  # by reason: time, capacity, tombstone
    live_streams: int
    gradient_norm: float
    drifts: Mapping[str, int]  # alarms, by scope: stream, shard
    learning_rate: float
    experts: Mapping[tuple[str, int, str], ExpertScore] = field(default_factory=dict)  # by target, horizon and name
    intervals: Mapping[tuple[str, int, float], IntervalScore] = field(default_factory=dict)  # by target, horizon, level
    quantiles: Mapping[tuple[str, float], QuantileScore] = field(default_factory=dict)  # by target and share
    quantile_experts: Mapping[tuple[str, float, str], QuantileExpertScore] = field(default_factory=dict)  # and expert
    distributions: Mapping[str, DistributionScore] = field(default_factory=dict)  # by target
    alerts: int = 0  # of the anomaly score
    labels: LabelReport | None = None
    tokens: TokenReport | None = None


class Sensor:
    """Does nothing at each hook; subclass what you need. Hooks must be quick and must not raise."""

    def on_batch(self, partition: Partition, report: BatchReport) -> None:
        """A live batch was processed (never called for silent replay)."""

    def on_events(self, partition: Partition, events: Events) -> None:
        """The events of a live batch as they were decoded, only to be looked at."""

    def on_answers(self, partition: Partition, predictions: Predictions) -> None:
        """The answers of a live batch, once they were published; only to be looked at."""

    def on_refused(self, partition: Partition, letters: Sequence[DeadLetter]) -> None:
        """Records of a live batch became dead letters; not called where none did."""

    def on_restore(self, partition: Partition, seconds: float) -> None:
        """A partition's state was read from a snapshot."""

    def on_replay(self, partition: Partition, events: int, left: int) -> None:
        """Events were replayed silently to reach the committed offset, which is `left` offsets ahead."""

    def on_busy(self, stage: str, seconds: float) -> None:
        """Time spent in a stage: poll_wait, decode, process, encode, publish, commit, snapshot."""

    def on_published(self, partition: Partition, predictions: int, dead_letters: int) -> None:
        """Output was handed to the transport."""

    def on_answered(self, partition: Partition, events: int, seconds: float) -> None:
        """Events of a live batch were answered: so long after they were polled, their output was handed over."""

    def on_commit(self, ok: bool, seconds: float) -> None:
        """A commit ended."""

    def on_snapshot(self, partition: Partition, ok: bool, seconds: float, size: int) -> None:
        """A snapshot was written (size in bytes) or failed."""

    def on_assignment(self, partition: Partition, assigned: int, event: str) -> None:
        """A partition changed hands: event is assigned, revoked or lost; `assigned` is how many are held now."""

    def on_streams(self, partition: Partition, live: int) -> None:
        """A partition was taken over with so many live streams."""

    def on_unsaved(self, partition: Partition, records: int) -> None:
        """So many records lie between the partition's last snapshot and its position: a restart would replay them."""

    def on_rebalance(self, seconds: float) -> None:
        """Partitions changed hands, for which the loop stood still so long."""

    def on_contact(self, seconds: float | None) -> None:
        """Seconds since the log's other side gave a sign of life; None where there is no other side."""

    def on_failure(self, kind: str) -> None:
        """Something failed, and the process is about to end; `kind` is one of few words, see `endings`."""

    def on_lag(self, partition: Partition, records: int | None, seconds: float | None) -> None:
        """How far the partition is behind its log's end."""

    def on_turn(self) -> None:
        """The loop goes round, or a long step of it gets on; called often."""

    def on_state(self, state: str) -> None:
        """The daemon entered a state: starting, restoring, running, draining, stopped."""


class Sensors(Sensor):
    """Several sensors as one; each hook is called of those alone that have one of their own."""

    def __init__(self, *sensors: Sensor) -> None:
        for name in (name for name in vars(Sensor) if name.startswith("on_")):
            theirs = [sensor for sensor in sensors if getattr(type(sensor), name) is not getattr(Sensor, name)]
            setattr(self, name, _one_after_another([getattr(sensor, name) for sensor in theirs]))


def _one_after_another(hooks: list[Callable[..., None]]) -> Callable[..., None]:
    if len(hooks) == 1:
        return hooks[0]

    def call(*args: Any) -> None:
        for hook in hooks:
            hook(*args)

    return call
