"""What a replay has to say about quantiles and distributions of the next step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from streamrnn.observe.sensor import BatchReport, DistributionScore, QuantileScore
from streamrnn.replay.ahead import add_up
from streamrnn.replay.numbers import finite, number, percent
from streamrnn.replay.terminal import number_table


class Heads:
    """Fed with what each batch did; sums it over the run. There is nothing to tell of a point head.

    Attributes
    ----------
    quantiles : of published quantiles, by target and share
    distributions : by target
    """

    def __init__(self) -> None:
        self.quantiles: dict[tuple[str, float], QuantileScore] = {}
        self.distributions: dict[str, DistributionScore] = {}

    def expect(self, targets: Sequence[str], shares: Sequence[float], distribution: bool) -> None:
        """Begin with zeros for what the settings ask for, so that it is told of a file without any event too.

        Parameters
        ----------
        targets : names
        shares : of the quantiles; none with another head
        distribution : whether the head tells a distribution
        """
        add_up(self.quantiles, {(name, share): QuantileScore(0, 0.0, 0.0, 0.0) for name in targets for share in shares})
        if distribution:
            add_up(self.distributions, {name: DistributionScore(0, 0.0, 0.0) for name in targets})

    def add(self, report: BatchReport) -> None:
        """Take what the next batch did."""
        add_up(self.quantiles, report.quantiles)
        add_up(self.distributions, report.distributions)

    def title(self) -> str:
        """What it tells of."""
        return "Quantiles of the next step" if self.quantiles else "Distribution of the next step"

    def columns(self) -> list[tuple[str, str]]:
        """Name and meaning of each number of a row behind the target."""
        if self.quantiles:
            return [
                ("quantile", "the share of outcomes that should lie below"),
                ("scored", "quantiles whose outcome came"),
                ("below", "share of outcomes that lay below"),
                ("pinball loss", "mean of the loss that a true quantile makes smallest"),
                ("naive loss", "the same of the last value with the past quantiles of its errors"),
                ("skill", "1 - pinball loss / naive loss"),
            ]
        return [
            ("scored", "distributions whose outcome came"),
            ("log likelihood", "mean logarithm of an outcome's density, in running changes"),
            ("naive", "the same of a Gaussian around the last value"),
            ("gain", "the difference"),
        ]

    def rows(self) -> list[list[str]]:
        """Target, and the numbers that `columns` names."""
        found = []
        for (target, share), score in self.quantiles.items():
            below, loss, naive = _means(score.count, score.below, score.pinball_loss, score.baseline_pinball_loss)
            found.append(
                [target, str(share), f"{score.count:,}", percent(below, sign=False), number(loss), number(naive),
                 percent(_skill(score))]
            )  # fmt: skip
        for target, likely in self.distributions.items():
            ours, theirs = _means(likely.count, likely.log_likelihood, likely.baseline_log_likelihood)
            found.append([target, f"{likely.count:,}", number(ours), number(theirs), number(ours - theirs)])
        return found

    def table(self) -> Table | None:
        """The scores for a terminal; None with a point head."""
        rows = self.rows()
        return number_table(self.title(), ["target", *(name for name, _ in self.columns())], rows) if rows else None

    def numbers(self, target: str) -> dict[str, Any]:
        """The scores of a target as plain data for JSON; null where there is nothing to tell."""
        found: dict[str, Any] = {}
        for (name, share), score in self.quantiles.items():
            if name == target:
                below, loss, naive = _means(score.count, score.below, score.pinball_loss, score.baseline_pinball_loss)
                found.setdefault("quantiles", {})[str(share)] = {
                    "scored": score.count, "below": finite(below), "pinball_loss": finite(loss),
                    "naive_pinball_loss": finite(naive), "skill": finite(_skill(score)),
                }  # fmt: skip
        if target in self.distributions:
            likely = self.distributions[target]
            ours, theirs = _means(likely.count, likely.log_likelihood, likely.baseline_log_likelihood)
            found["distribution"] = {
                "scored": likely.count, "log_likelihood": finite(ours), "naive_log_likelihood": finite(theirs),
            }  # fmt: skip
        return found


def _means(count: int, *sums: float) -> tuple[float, ...]:
    return tuple(each / count if count else math.nan for each in sums)


def _skill(score: QuantileScore) -> float:
    naive = score.baseline_pinball_loss
    return 1.0 - score.pinball_loss / naive if naive > 0.0 else math.nan
