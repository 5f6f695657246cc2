"""The chain of loops for streams of tokens: events are taken apart into steps, and what comes of these is joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import Array, Loop
from streamrnn.loops.batch import Batch
from streamrnn.loops.chain import Chain, further_weights
from streamrnn.loops.ledger import LedgerLoop
from streamrnn.loops.token_batch import NO_ANSWER, StepBatch, steps_of
from streamrnn.loops.token_counts import TokenCountLoop
from streamrnn.loops.token_mixture import TokenMixtureLoop
from streamrnn.loops.token_network import TokenNetworkLoop
from streamrnn.loops.token_starts import TokenStartLoop
from streamrnn.rows.tokens import TokenRows

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

AT_ONCE = 1 << 20  # probabilities of all experts that lie in memory at a time


class TokenChain(Chain):
    """All that computes in a shard that predicts tokens.

    Parameters
    ----------
    settings : the daemon's settings, with a field of tokens
    weights : the network's initial weights, flat
    """

    def __init__(self, settings: Settings, weights: Array) -> None:
        self._records = np.zeros(1, np.int64)
        self._rows = TokenRows.from_settings(settings)
        self._starts = TokenStartLoop(settings)
        self.quantiles = self.distribution = None
        self.network = TokenNetworkLoop(settings, weights)
        self.mixture = self._mixture = TokenMixtureLoop(settings)
        networks = [self.network]
        for name, further in settings.further_networks.items():
            own = further_weights(settings, further, weights)
            networks.append(TokenNetworkLoop(further, own, name.replace(" ", "_"), len(networks)))
        ledger = LedgerLoop(settings.streams.max_live, 1, "token")
        self._step_loops: list[Loop] = [*networks, TokenCountLoop(settings), self.mixture, ledger]
        self.loops = [self._starts, *self._step_loops]

    def process(self, batch: Batch) -> None:
        """Advance all state by the batch, and fill in its columns."""
        self._records[0] += len(batch)
        self._starts.process(batch)
        tokens, n, sizes = batch.tokens, len(batch), self._rows
        steps = steps_of(tokens, self._starts.starts, sizes.sets, sizes.codes)
        counts, hits, losses, usual, asked, met = np.zeros((6, n))
        tokens.chances = np.zeros((n, sizes.codes))
        width = max(1, AT_ONCE // (sizes.experts * sizes.codes))
        for first in range(0, len(steps), width):
            piece = steps.cut(first, min(first + width, len(steps)))
            self._process_steps(batch, piece)
            judged = ~np.isnan(piece.losses)
            of = piece.of[judged]
            counts += np.bincount(of, minlength=n)
            hits += np.bincount(of, piece.hits[judged], minlength=n)
            untold = piece.firsts & self._starts.starts[piece.of]  # the end of a sequence that silence ended before
            answers = judged & piece.behind & ~untold
            asked += np.bincount(piece.of[answers], minlength=n)
            met += np.bincount(piece.of[answers], piece.hits[answers], minlength=n)
            np.add.at(losses, of, piece.losses[judged])  # one after the other, wherever pieces begin
            np.add.at(usual, of, piece.usual_losses[judged])
            tokens.chances[piece.of[piece.lasts]] = piece.chances[piece.lasts]
        tokens.counts, tokens.hits = counts.astype(np.int64), hits.astype(np.int64)
        tokens.losses, tokens.usual_losses = losses, usual
        tokens.exact = np.where(asked > 0, met == asked, NO_ANSWER).astype(np.int8)

    def weigh_as_usual(self, slot: int) -> None:
        """See `TokenMixtureLoop.weigh_as_usual`."""
        self._mixture.weigh_as_usual(slot)

    def _process_steps(self, batch: Batch, steps: StepBatch) -> None:
        """Let steps pass through the loops that learn."""
        of = steps.of
        wide = Batch(
            batch.slots[of], batch.fresh[of] & steps.firsts, batch.live[of], batch.times[of],
            np.empty((len(steps), 0)), batch.records[of],
        )  # fmt: skip
        wide.offsets, wide.steps_of_tokens = batch.offsets[of], steps
        steps.said = np.empty((len(steps), self._rows.experts, self._rows.codes))
        for loop in self._step_loops:
            loop.process(wide)
