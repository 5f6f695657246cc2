"""What a shard's loops have counted so far, and what one batch added to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from streamrnn.loops.chain import Chain
from streamrnn.loops.mixture import MixtureLoop
from streamrnn.observe.sensor import ExpertScore, IntervalScore, TargetScore
from streamrnn.rows import intervals, mixture, network

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

Array = npt.NDArray[Any]


class Accounts:
    """The sums of a chain as they stood at one record, to tell what came since.

    Parameters
    ----------
    settings : the daemon's settings
    chain : whose sums are meant
    """

    def __init__(self, settings: Settings, chain: Chain) -> None:
        assert isinstance(chain.mixture, MixtureLoop)
        self._chain, self._mixture = chain, chain.mixture
        self._targets = settings.events.target_names
        self._horizons = settings.forecast.horizons
        self._levels = settings.forecast.levels
        self._experts = settings.expert_names
        self._mark = self._now()

    def mark(self) -> None:
        """What comes from here on counts."""
        self._mark = self._now()

    def added(self) -> dict[str, Any]:
        """The fields of a `BatchReport` that these sums tell, of all since the mark."""
        now = self._now()
        totals, sums, scores, experts, held = (new - old for new, old in zip(now, self._mark, strict=True))
        longest = [self._horizons[place] for place in self._mixture.longest]
        return {
            "scores": {
                (name, horizon): score_of(scores[place, target])
                for place, horizon in enumerate(self._horizons)
                for target, name in enumerate(self._targets)
            },
            "experts": {
                (name, horizon, expert): _expert(experts[group, target, number])
                for group, horizon in enumerate(longest)
                for target, name in enumerate(self._targets)
                for number, expert in enumerate(self._experts)
            },
            "intervals": {
                (name, horizon, level): _interval(held[place, target, number])
                for place, horizon in enumerate(self._horizons)
                for target, name in enumerate(self._targets)
                for number, level in enumerate(self._levels)
            },
            "updates": int(totals[network.STEPS]),
            "skipped_updates": int(totals[network.SKIPPED]),
            "clipped_updates": int(totals[network.CLIPPED]),
            "loss": float(sums[network.LOSS]),
            "losses": int(totals[network.PASSES]),
            "gradient_norm": float(now[1][network.NORM]),
            "learning_rate": self._chain.network.learning_rate,
            "shard_drifts": int(totals[network.DRIFTS]),
        }

    def _now(self) -> tuple[Array, ...]:
        chain, mixed = self._chain, self._mixture
        counted = chain.network.totals, chain.network.sums, mixed.scores, mixed.expert_sums, chain.intervals.sums
        return tuple(each.copy() for each in counted)


def score_of(sums: Array) -> TargetScore:
    """A row of the mixture's scores in words."""
    return TargetScore(
        count=int(sums[mixture.COUNT]),
        absolute_error=float(sums[mixture.ABSOLUTE]),
        squared_error=float(sums[mixture.SQUARED]),
        baseline_absolute_error=float(sums[mixture.BASELINE_ABSOLUTE]),
        baseline_squared_error=float(sums[mixture.BASELINE_SQUARED]),
    )


def _expert(sums: Array) -> ExpertScore:
    return ExpertScore(
        count=int(sums[mixture.EXPERT_COUNT]),
        absolute_error=float(sums[mixture.EXPERT_ERROR]),
        weight=float(sums[mixture.EXPERT_WEIGHT]),
    )


def _interval(sums: Array) -> IntervalScore:
    return IntervalScore(
        count=int(sums[intervals.COUNT]),
        covered=int(sums[intervals.COVERED]),
        width=float(sums[intervals.WIDTH]),
        score=float(sums[intervals.WINKLER]),
    )
