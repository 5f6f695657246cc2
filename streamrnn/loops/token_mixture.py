"""The loop that weighs what the experts hold likely to come next, publishes their mixture, and scores it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import NONE, Array, Columns, rows
from streamrnn.loops.batch import Batch
from streamrnn.rows import tokens as at
from streamrnn.rows.mixture import EXPERT_COUNT, EXPERT_FIELDS, EXPERT_SUMS, EXPERT_WEIGHT, SCORE_BLOCKS
from streamrnn.rows.tokens import TokenRows

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

FIRST_RATE = 0.5  # of an expert that was never judged; see ``kernels.aggregation``


class TokenMixtureLoop:
    """Probabilities of the next token: each stream's mixture of how usual each token is, of what followed the last ones
    before, and of the networks. With C numbers of tokens and E experts a stream costs 4 E (C + 1) + 24 E + 8
    bytes.

    Attributes
    ----------
    scores : float64[1, 1, 5], prequential sums over all tokens, see ``rows.tokens``
    window : float64[1, 1, 20, 5], the same over the newest events, in blocks
    expert_sums : float64[experts, 3], log losses, weights and counts of tokens that each expert was judged by
    """

    def __init__(self, settings: Settings) -> None:
        sizes = self._sizes = TokenRows.from_settings(settings)
        streams = settings.streams.max_live
        self._block = max(1, settings.scoring.window // SCORE_BLOCKS)
        self._accounts = rows(streams, EXPERT_FIELDS * sizes.experts + 1)
        self._opinions = rows(streams, sizes.opinions, np.float32)
        self.scores = np.zeros((1, 1, at.SCORES))
        self.window = np.zeros((1, 1, SCORE_BLOCKS, at.SCORES))
        self.expert_sums = np.zeros((sizes.experts, EXPERT_SUMS))
        self.slabs: dict[str, Array] = {"mixture": self._accounts, "mixture_opinions": self._opinions}
        self.shared: dict[str, Array] = {
            "scores": self.scores,
            "window": self.window,
            "expert_sums": self.expert_sums,
        }
        self.learned: dict[str, Columns] = {"mixture": slice(EXPERT_FIELDS * sizes.experts), "mixture_opinions": NONE}

    def weigh_as_usual(self, slot: int) -> None:
        """Let a stream whose experts were never judged weigh them as all answers did in the mean.

        A daemon needs no such thing, where some dozen tokens tell what an expert is worth; of a continuation, which
        teaches nothing, it is all that will ever be known.
        """
        from streamrnn.portable import log

        experts = self._sizes.experts
        regrets, squares = self._accounts[slot, :experts], self._accounts[slot, experts : 2 * experts]
        if not squares.any():
            weights, counts = self.expert_sums[:, EXPERT_WEIGHT], self.expert_sums[:, EXPERT_COUNT]
            regrets[:] = [log(float(share)) / FIRST_RATE for share in (weights + 1.0) / (counts + experts)]

    def process(self, batch: Batch) -> None:
        """Publish probabilities, and judge those whose token has come."""
        from streamrnn.kernels import token_mixture

        steps, n, sizes = batch.steps_of_tokens, len(batch), self._sizes
        steps.chances = np.empty((n, sizes.codes))
        steps.answers, steps.settled, steps.settled_baselines = np.empty((3, n), np.int64)
        steps.losses, steps.usual_losses = np.empty((2, n))
        steps.hits, steps.behind = np.empty((2, n), np.bool_)
        token_mixture.process(
            batch.slots, batch.fresh, steps.steps, steps.restarts, batch.records, steps.firsts, steps.tokens,
            steps.edges, steps.known, steps.marker, sizes.sets, steps.said, self._accounts, self._opinions,
            self.scores, self.window, self.expert_sums, self._block, steps.chances, steps.answers, steps.losses,
            steps.usual_losses, steps.settled, steps.settled_baselines, steps.hits, steps.behind,
        )  # fmt: skip
