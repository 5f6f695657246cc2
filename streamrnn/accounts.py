"""What a shard's loops have counted so far, and what one batch added to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from streamrnn.loops.chain import Chain
from streamrnn.loops.learner import Learner
from streamrnn.loops.mixture import MixtureLoop
from streamrnn.observe.sensor import ExpertScore, IntervalScore, TargetScore
from streamrnn.rows import intervals, mixture, network

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
        self._since = Since(learner.totals, learner.sums, mixed.scores, mixed.expert_sums, chain.intervals.sums)
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
        totals, sums, scores, experts, held = self._since.added()
        return learned(self._learner, totals, sums) | {
            "scores": {
                (name, horizon): score_of(scores[place, target])
                for place, horizon in enumerate(self._horizons)
                for target, name in enumerate(self._targets)
            },
            "experts": {
                (name, horizon, expert): _expert(experts[group, target, number])
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
