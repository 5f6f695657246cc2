"""What a replay has to say about quantiles and distributions."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from streamrnn.observe.sensor import DistributionScore, QuantileScore
from streamrnn.replay.numbers import finite, number, percent

_MEANINGS = {
    "below": "share of outcomes below the quantile",
    "pinball loss": "mean loss that the true quantile makes smallest",
    "naive loss": "the same of the last value with the past quantiles of its errors",
    "log likelihood": "mean logarithm of an outcome's density in running changes",
    "naive": "the same of a Gaussian around the last value",
    "gain": "the difference",
}


@dataclass(frozen=True, slots=True)
class HeadScores:
    """Sums of all that a network said beside its forecasts; whoever feeds a report takes them from the shard.

    Attributes
    ----------
    quantiles : of published quantiles, by target and share
    distributions : by target
    """

    quantiles: Mapping[tuple[str, float], QuantileScore]
    distributions: Mapping[str, DistributionScore]

    def columns(self) -> list[str]:
        """Heads of the columns of `rows`; none where there is nothing to tell."""
        if self.quantiles:
            return ["quantile", "scored", "below", "pinball loss", "naive loss", "skill"]
        return ["scored", "log likelihood", "naive", "gain"] if self.distributions else []

    def rows(self) -> list[tuple[str, list[str]]]:
        """Target and cells of each line."""
        found = []
        for (target, share), score in self.quantiles.items():
            n = score.count or math.nan
            loss, naive = score.pinball_loss / n, score.baseline_pinball_loss / n
            cells = [str(share), f"{score.count:,}", percent(score.below / n, sign=False), number(loss), number(naive)]
            found.append((target, [*cells, percent(skill(score))]))
        for target, likely in self.distributions.items():
            n = likely.count or math.nan
            ours, theirs = likely.log_likelihood / n, likely.baseline_log_likelihood / n
            gain = number(ours - theirs, sign=True)
            found.append((target, [f"{likely.count:,}", number(ours), number(theirs), gain]))
        return found

    def notes(self) -> str:
        """What the columns mean, as one sentence."""
        return "; ".join(f"{name}: {_MEANINGS[name]}" for name in self.columns() if name in _MEANINGS) + "."

    def table(self) -> Table:
        """The scores for a terminal."""
        table = Table(box=box.SIMPLE, padding=(0, 1, 0, 0))
        table.add_column("target", overflow="fold")
        for name in self.columns():
            table.add_column(name, justify="right", no_wrap=True)
        for target, cells in self.rows():
            table.add_row(escape(target), *cells)
        return table

    def numbers(self, target: str) -> dict[str, Any]:
        """The scores of a target as plain data for JSON; null where there is nothing to tell."""
        found: dict[str, Any] = {}
        for (name, share), score in self.quantiles.items():
            if name == target:
                found.setdefault("quantiles", {})[str(share)] = {
                    "scored": score.count, **_means(score.count, below=score.below, pinball_loss=score.pinball_loss,
                                                    naive_pinball_loss=score.baseline_pinball_loss),
                    "skill": finite(skill(score)),
                }  # fmt: skip
        if target in self.distributions:
            likely = self.distributions[target]
            found["distribution"] = {"scored": likely.count} | _means(
                likely.count, log_likelihood=likely.log_likelihood, naive_log_likelihood=likely.baseline_log_likelihood
            )
        return found


def skill(score: QuantileScore) -> float:
    """1 - pinball loss / naive pinball loss; NaN where that is none."""
    naive = score.baseline_pinball_loss
    return 1.0 - score.pinball_loss / naive if naive > 0.0 else math.nan


def _means(count: int, **sums: float) -> dict[str, float | None]:
    return {name: finite(total / count) if count else None for name, total in sums.items()}
