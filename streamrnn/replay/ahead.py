"""What a replay has to say beyond the next step: farther horizons, intervals, experts, alerts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from rich.table import Table

from streamrnn.observe.sensor import (
    BatchReport,
    DistributionScore,
    ExpertScore,
    IntervalScore,
    QuantileScore,
    TargetScore,
)
from streamrnn.replay.numbers import finite, number, percent
from streamrnn.replay.terminal import number_table

Sums = TypeVar("Sums", TargetScore, ExpertScore, IntervalScore, QuantileScore, DistributionScore)
Key = TypeVar("Key", bound=Hashable)


class Ahead:
    """Fed with what each batch did; sums it over the run.

    Attributes
    ----------
    scores : by target and horizon
    intervals : by target, horizon and level
    experts : by target, horizon and name
    alerts : of the anomaly score
    drifts : alarms, by scope
    """

    def __init__(self) -> None:
        self.scores: dict[tuple[str, int], TargetScore] = {}
        self.intervals: dict[tuple[str, int, float], IntervalScore] = {}
        self.experts: dict[tuple[str, int, str], ExpertScore] = {}
        self.alerts = 0
        self.drifts: Counter[str] = Counter()

    def add(self, report: BatchReport) -> None:
        """Take what the next batch did."""
        add_up(self.scores, report.scores)
        add_up(self.intervals, report.intervals)
        add_up(self.experts, report.experts)
        self.alerts += report.alerts
        self.drifts.update(report.drifts)

    def columns(self) -> list[tuple[str, str]]:
        """Name and meaning of each number of a row behind target and steps."""
        levels = sorted({level for _, _, level in self.intervals})
        return [
            ("scored", "outcomes with a forecast made so many steps before"),
            ("MAE", "mean absolute error of the forecasts"),
            ("naive MAE", "the same of the last value known when the forecast was made"),
            ("skill", "1 - MAE / naive MAE: above 0 is better than the last value"),
            *(
                (f"within {100 * level:g} %", f"share of outcomes within the interval that {100 * level:g} % should be")
                for level in levels
            ),
        ]

    def rows(self) -> list[list[str]]:
        """Target, steps ahead, and the numbers that `columns` names."""
        levels = sorted({level for _, _, level in self.intervals})
        made = []
        for (target, horizon), score in self.scores.items():
            mae, naive = _mean(score.absolute_error, score.count), _mean(score.baseline_absolute_error, score.count)
            held = [self.intervals.get((target, horizon, level)) for level in levels]
            shares = [math.nan if each is None else _mean(each.covered, each.count) for each in held]
            made.append(
                [
                    target, str(horizon), f"{score.count:,}", number(mae), number(naive), percent(_skill(mae, naive)),
                    *(f"{100 * share:.1f} %" if math.isfinite(share) else "-" for share in shares),
                ]
            )  # fmt: skip
        return made

    def expert_columns(self) -> list[tuple[str, str]]:
        """Name and meaning of each number of an expert's row behind target, steps and name."""
        return [("weight", "mean weight in the mixture"), ("MAE", "mean absolute error of the expert alone")]

    def expert_rows(self) -> list[list[str]]:
        """Target, steps ahead (the longest of a group), expert, and the numbers that `expert_columns` names."""
        return [
            [target, str(horizon), name, percent(_mean(score.weight, score.count), sign=False),
             number(_mean(score.error, score.count))]
            for (target, horizon, name), score in self.experts.items()
        ]  # fmt: skip

    def table(self) -> Table | None:
        """All horizons for a terminal; None where the next step is all there is, without intervals."""
        if len({horizon for _, horizon in self.scores}) < 2 and not self.intervals:
            return None
        names = (name.replace("within ", "within\n") for name, _ in self.columns())
        return number_table("Steps ahead", ["target", "steps", *names], self.rows())

    def sentences(self) -> list[str]:
        """Alerts and alarms, where there were any."""
        found = []
        if self.alerts:
            found.append(f"Alerts of the anomaly score: {self.alerts:,}.")
        if self.drifts["stream"] or self.drifts["shard"]:
            found.append(
                f"Drift alarms: {self.drifts['stream']:,} of a stream's forecasts, {self.drifts['shard']:,} of the "
                "network's loss over all streams."
            )
        return found

    def numbers(self) -> dict[str, Any]:
        """The same as plain data for JSON."""
        horizons = [
            {
                "target": target,
                "horizon": horizon,
                "scored": score.count,
                "mae": finite(_mean(score.absolute_error, score.count)),
                "mse": finite(_mean(score.squared_error, score.count)),
                "naive_mae": finite(_mean(score.baseline_absolute_error, score.count)),
                "naive_mse": finite(_mean(score.baseline_squared_error, score.count)),
                "intervals": [
                    {
                        "level": level,
                        "within": finite(_mean(held.covered, held.count)),
                        "mean_width": finite(_mean(held.width, held.count)),
                        "mean_score": finite(_mean(held.score, held.count)),
                    }
                    for (name, steps, level), held in self.intervals.items()
                    if (name, steps) == (target, horizon)
                ],
                "experts": {
                    expert: {
                        "weight": finite(_mean(told.weight, told.count)),
                        "mae": finite(_mean(told.error, told.count)),
                    }
                    for (name, steps, expert), told in self.experts.items()
                    if (name, steps) == (target, horizon)
                },
            }
            for (target, horizon), score in self.scores.items()
        ]
        return {"horizons": horizons, "alerts": self.alerts, "drifts": dict(self.drifts)}


def add_up(sums: dict[Key, Sums], more: Mapping[Key, Sums]) -> None:
    """Add a batch's sums to those of the run."""
    for key, new in more.items():
        old = sums.get(key)
        sums[key] = new if old is None else type(new)(
            *(getattr(old, each.name) + getattr(new, each.name) for each in fields(new))
        )  # fmt: skip


def _mean(total: float, count: int) -> float:
    return total / count if count else math.nan


def _skill(error: float, naive: float) -> float:
    return 1.0 - error / naive if naive > 0 else math.nan
