"""Skill over recent events, from sums that fade."""

import math
from collections.abc import Mapping

from streamrnn.observe.sensor import BatchReport, LabelScore, TargetScore


class RecentSkill:
    """Skill of each target and horizon, 1 - absolute error / that of the last value, over an exponential window.

    Parameters
    ----------
    window : events of one target after which an error weighs 1/e
    """

    def __init__(self, window: float = 10_000) -> None:
        self._window = window
        self._sums: dict[tuple[str, int], tuple[float, float]] = {}

    def add(self, scores: Mapping[tuple[str, int], TargetScore]) -> None:
        """Count one batch's errors."""
        for key, score in scores.items():
            fade = math.exp(-score.count / self._window)
            error, baseline = self._sums.get(key, (0.0, 0.0))
            self._sums[key] = (error * fade + score.absolute_error, baseline * fade + score.baseline_absolute_error)

    def of(self, target: str, horizon: int = 1) -> float:
        """The target's skill at a horizon: 1 is perfect, 0 no better than the last value.

        NaN while the last value never erred.
        """
        error, baseline = self._sums.get((target, horizon), (0.0, 0.0))
        return 1.0 - error / baseline if baseline > 0.0 else math.nan

    def mean(self) -> float:
        """Mean skill of the next step, or of labels, over the targets that have one; NaN if none has."""
        found = (self.of(target, horizon) for target, horizon in self._sums if horizon <= 1)
        known = [skill for skill in found if not math.isnan(skill)]
        return sum(known) / len(known) if known else math.nan


def as_errors(score: LabelScore) -> TargetScore:
    """Wrong answers as errors of 1, so that skill is 1 - wrong answers / those of the baseline."""
    wrong, naive = float(score.count - score.correct), float(score.count - score.last_correct)
    return TargetScore(score.count, wrong, wrong, naive, naive)


def scores_of(report: BatchReport) -> Mapping[tuple[str, int], TargetScore]:
    """The batch's errors by target and horizon; wrong answers as those of a target "label" at horizon 0, log losses as
    those of a target "token" at horizon 1."""
    if report.tokens is not None:
        found = report.tokens.score
        return {("token", 1): TargetScore(found.count, found.log_loss, 0.0, found.usual_log_loss, 0.0)}
    if report.labels is None or report.labels.score is None:
        return report.scores
    return {("label", 0): as_errors(report.labels.score)}
