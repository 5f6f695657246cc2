"""Skill over recent events, from sums that fade."""

import math
from collections.abc import Mapping

from streamrnn.observe.sensor import TargetScore


class RecentSkill:
    """Skill of each target, 1 - absolute error / absolute error of the last value, over an exponential window.

    Parameters
    ----------
    window : events of one target after which an error weighs 1/e
    """

    def __init__(self, window: float = 10_000) -> None:
        self._window = window
        self._sums: dict[str, tuple[float, float]] = {}

    def add(self, scores: Mapping[str, TargetScore]) -> None:
        """Count one batch's errors."""
        for target, score in scores.items():
            fade = math.exp(-score.count / self._window)
            error, baseline = self._sums.get(target, (0.0, 0.0))
            self._sums[target] = (error * fade + score.absolute_error, baseline * fade + score.baseline_absolute_error)

    def of(self, target: str) -> float:
        """The target's skill: 1 is perfect, 0 no better than the last value, NaN while the last value never erred."""
        error, baseline = self._sums.get(target, (0.0, 0.0))
        return 1.0 - error / baseline if baseline > 0.0 else math.nan

    def mean(self) -> float:
        """Mean skill of the targets that have one; NaN if none has."""
        known = [skill for skill in map(self.of, self._sums) if not math.isnan(skill)]
        return sum(known) / len(known) if known else math.nan
