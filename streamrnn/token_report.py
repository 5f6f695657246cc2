"""What a shard tells of tokens: the columns of its answers, and the sums of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from streamrnn.accounts import Since, expert_score, learned
from streamrnn.events.token_answers import TokenAnswers
from streamrnn.loops.batch import Batch
from streamrnn.loops.chain import Chain
from streamrnn.loops.token_batch import NO_ANSWER
from streamrnn.observe.sensor import TokenReport, TokenScore
from streamrnn.rows import tokens as at

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

Array = npt.NDArray[Any]


def token_columns(batch: Batch) -> dict[str, Any]:
    """Columns of the answers [n, ...], those of `Predictions` and of `TokenAnswers`."""
    tokens, n = batch.tokens, len(batch)
    flat, empty = np.empty((n, 0)), np.empty((n, 0, 0))
    return {
        "counts": batch.events,
        "records": batch.records,
        "forecasts": empty,
        "baselines": flat,
        "outcomes": flat,
        "settled": empty,
        "settled_baselines": empty,
        "tokens": tokens.counts,
        "hits": tokens.hits,
        "losses": tokens.losses,
        "usual_losses": tokens.usual_losses,
        "chances": tokens.chances,
        "known": tokens.known,
        "exact": tokens.exact,
    }


def take_tokens(columns: dict[str, Any], names: Sequence[str]) -> TokenAnswers:
    """Take the columns of `TokenAnswers` out of all columns."""
    return TokenAnswers(
        counts=columns.pop("tokens"),
        hits=columns.pop("hits"),
        losses=np.nan_to_num(columns.pop("losses")),
        usual_losses=np.nan_to_num(columns.pop("usual_losses")),
        chances=np.nan_to_num(columns.pop("chances")),
        known=columns.pop("known"),
        exact=columns.pop("exact"),
        names=names,
    )


def score_of(sums: Array) -> TokenScore:
    """Sums of tokens as the kernel keeps them, by name."""
    return TokenScore(
        count=int(sums[at.COUNT]),
        correct=int(sums[at.CORRECT]),
        log_loss=float(sums[at.LOG_LOSS]),
        usual_correct=int(sums[at.USUAL_CORRECT]),
        usual_log_loss=float(sums[at.USUAL_LOG_LOSS]),
    )


def with_answers(report: TokenReport, batch: Batch) -> TokenReport:
    """The report with the answers that the batch's events brought."""
    exact = batch.tokens.exact
    return replace(report, answers=int((exact != NO_ANSWER).sum()), exact=int((exact == 1).sum()))


class TokenAccounts:
    """The sums of a token chain as they stood at one record, to tell what came since.

    Parameters
    ----------
    settings : the daemon's settings, with a field of tokens
    chain : whose sums are meant
    """

    def __init__(self, settings: Settings, chain: Chain) -> None:
        self._learner = chain.network
        self._since = Since(chain.network.totals, chain.network.sums, chain.mixture.scores, chain.mixture.expert_sums)
        self._experts = (*at.EXPERTS, "network", *settings.further_networks)

    def mark(self) -> None:
        """What comes from here on counts."""
        self._since.mark()

    def added(self) -> dict[str, Any]:
        """The fields of a `BatchReport` that these sums tell, of all since the mark."""
        totals, sums, scores, experts = self._since.added()
        of_experts = {name: expert_score(row) for name, row in zip(self._experts, experts, strict=True)}
        return learned(self._learner, totals, sums) | {
            "scores": {},
            "tokens": TokenReport(score_of(scores[0, 0]), of_experts),
        }
