"""What a shard's loops have counted so far, and what one batch added to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from streamrnn.loops.chain import Chain
from streamrnn.loops.learner import Learner
from streamrnn.loops.mixture import MixtureLoop
from streamrnn.observe.sensor import (
    DistributionScore,
    ExpertScore,
    IntervalScore,
    QuantileExpertScore,
    QuantileScore,
    TargetScore,
)
from streamrnn.rows import intervals, mixture, network, quantiles

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

Array = npt.NDArray[Any]


class Since:
    """Sums that loops change in place, and what was added to them since a mark.

    Parameters
    ----------
    sums : the arrays themselves
    """

    def __init__(self, *sums: Array) -> None:
        self._sums = sums
        self.mark()

    def mark(self) -> None:
        """What comes from here on counts."""
        self._mark = tuple(each.copy() for each in self._sums)

    def added(self) -> tuple[Array, ...]:
        """What each array has gained since the mark."""
        return tuple(now - before for now, before in zip(self._sums, self._mark, strict=True))


class Accounts:
    """The sums of a chain as they stood at one record, to tell what came since.

    Parameters
    ----------
    settings : the daemon's settings
    chain : whose sums are meant
    """

    def __init__(self, settings: Settings, chain: Chain) -> None:
        assert isinstance(chain.mixture, MixtureLoop)
        learner, mixed = chain.network, chain.mixture
        self._learner = learner
        none = np.zeros(0)
        self._since = Since(
            learner.totals, learner.sums, mixed.scores, mixed.expert_sums, chain.intervals.sums,
            none if chain.quantiles is None else chain.quantiles.sums,
            none if chain.distribution is None else chain.distribution.sums,
        )  # fmt: skip
        self._shares = settings.model.quantiles
        self._longest = [settings.forecast.horizons[place] for place in mixed.longest]
        self._targets = settings.events.target_names
        self._horizons = settings.forecast.horizons
        self._levels = settings.forecast.levels
        self._experts = settings.expert_names

    def mark(self) -> None:
        """What comes from here on counts."""
        self._since.mark()

    def added(self) -> dict[str, Any]:
        """The fields of a `BatchReport` that these sums tell, of all since the mark."""
        totals, sums, scores, experts, held, told, likely = self._since.added()
        return learned(self._learner, totals, sums) | {
            "scores": {
                (name, horizon): score_of(scores[place, target])
                for place, horizon in enumerate(self._horizons)
                for target, name in enumerate(self._targets)
            },
            "experts": {
                (name, horizon, expert): expert_score(experts[group, target, number])
                for group, horizon in enumerate(self._longest)
                for target, name in enumerate(self._targets)
                for number, expert in enumerate(self._experts)
            },
            "intervals": {
                (name, horizon, level): _interval(held[place, target, number])
                for place, horizon in enumerate(self._horizons)
                for target, name in enumerate(self._targets)
                for number, level in enumerate(self._levels)
            },
            "quantiles": quantile_scores(told, self._targets, self._shares) if told.size else {},
            "quantile_experts": quantile_experts(told, self._targets, self._shares) if told.size else {},
            "distributions": distribution_scores(likely, self._targets) if likely.size else {},
        }


def learned(loop: Learner, totals: Array, sums: Array) -> dict[str, Any]:
    """The fields of a `BatchReport` that tell how a network learned, and "shard_drifts"."""
    return {
        "updates": int(totals[network.STEPS]),
        "skipped_updates": int(totals[network.SKIPPED]),
        "clipped_updates": int(totals[network.CLIPPED]),
        "loss": float(sums[network.LOSS]),
        "losses": int(totals[network.PASSES]),
        "gradient_norm": float(loop.sums[network.NORM]),
        "learning_rate": loop.learning_rate,
        "shard_drifts": int(totals[network.DRIFTS]),
    }


def score_of(sums: Array) -> TargetScore:
    """A row of the mixture's scores in words."""
    return TargetScore(
        count=int(sums[mixture.COUNT]),
        absolute_error=float(sums[mixture.ABSOLUTE]),
        squared_error=float(sums[mixture.SQUARED]),
        baseline_absolute_error=float(sums[mixture.BASELINE_ABSOLUTE]),
        baseline_squared_error=float(sums[mixture.BASELINE_SQUARED]),
    )


def quantile_scores(
    sums: Array, targets: Sequence[str], shares: Sequence[float]
) -> dict[tuple[str, float], QuantileScore]:
    """What the quantile loop's sums [T, Q, ...] tell of the published quantiles, by target and share."""
    return {
        (name, share): QuantileScore(
            count=int(row[quantiles.COUNT]),
            below=float(row[quantiles.BELOW]),
            pinball_loss=float(row[quantiles.LOSS]),
            baseline_pinball_loss=float(row[quantiles.BASELINE_LOSS]),
        )
        for name, rows in zip(targets, sums, strict=True)
        for share, row in zip(shares, rows[:, -1], strict=True)
    }


def quantile_experts(
    sums: Array, targets: Sequence[str], shares: Sequence[float]
) -> dict[tuple[str, float, str], QuantileExpertScore]:
    """What they tell of each expert's quantiles, by target, share and expert."""
    return {
        (name, share, expert): QuantileExpertScore(
            count=int(row[quantiles.COUNT]),
            below=float(row[quantiles.BELOW]),
            pinball_loss=float(row[quantiles.LOSS]),
            weight=float(row[quantiles.WEIGHT]),
        )
        for name, of_target in zip(targets, sums, strict=True)
        for share, rows in zip(shares, of_target, strict=True)
        for expert, row in zip(quantiles.EXPERTS, rows[:-1], strict=True)
    }


def distribution_scores(sums: Array, targets: Sequence[str]) -> dict[str, DistributionScore]:
    """What the distribution loop's sums [T, 3] tell, by target."""
    return {
        name: DistributionScore(
            int(row[quantiles.COUNT]), float(row[quantiles.LIKELIHOOD]), float(row[quantiles.BASELINE_LIKELIHOOD])
        )
        for name, row in zip(targets, sums, strict=True)
    }


def expert_score(sums: Array) -> ExpertScore:
    """A row of a mixture's sums of experts in words."""
    return ExpertScore(
        count=int(sums[mixture.EXPERT_COUNT]),
        error=float(sums[mixture.EXPERT_ERROR]),
        weight=float(sums[mixture.EXPERT_WEIGHT]),
    )


def _interval(sums: Array) -> IntervalScore:
    return IntervalScore(
        count=int(sums[intervals.COUNT]),
        covered=int(sums[intervals.COVERED]),
        width=float(sums[intervals.WIDTH]),
        score=float(sums[intervals.WINKLER]),
    )
