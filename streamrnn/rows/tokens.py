"""Rows of the loops that predict tokens: windows of codes, what followed which context, and what awaits its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from streamrnn.rows.cells import state_size

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

NONE = -1  # no token, in a ring of codes
END = 0  # code of a sequence's end

# "starts" float64 of a stream: the last event's time, whether it ended its sequence, and how many events there were.
LAST_TIME, ENDED, EVENTS = range(3)
START_FIELDS = 3

# "network_counts" int64: the newest step's place in the rings, steps of the window, outcomes not yet learned from;
# then the ring of codes.
HEAD, AGE, SINCE = range(3)
RING = 3

# "contexts" int64 of a stream: how many tokens its context has, then these, the newest first; of sets for each token
# in which of the last steps it was, as bits, the newest lowest.
LENGTH = 0
RECENT = 1

# "cells" int64: the context's key with a successor's number (0: nothing here), and the successor with its count. The
# first cell of a context holds how many successors it has in place of one.
KEY, VALUE = range(2)
CELL_FIELDS = 2
WAYS = 4  # cells in which a key may lie
MOST_SUCCESSORS = 255

# "backoffs" float64: for each order, by how many successors and how many counts a context has, how much of what came
# is owed to shorter contexts, and of how much.
FEW, MANY = 8, 16
OWED, SEEN = range(2)

EXPERTS = ("usual token", "counts")  # the networks follow
USUAL, COUNTS, NETWORK = range(3)

# float64 scores: tokens that were predicted, those held likeliest, log loss; and the same of the usual token
COUNT, CORRECT, LOG_LOSS, USUAL_CORRECT, USUAL_LOG_LOSS = range(5)
SCORES = 5


@dataclass(frozen=True, slots=True)
class TokenRows:
    """Sizes of the token loops' arrays.

    Attributes
    ----------
    codes : numbers of tokens
    sets : whether several come at once
    members : tokens of a step at most
    order : longest context of the counting expert
    cells : its counts
    k2 : steps of a learning window
    state : numbers of the network's state at one step
    networks : how many networks learn
    """

    codes: int
    sets: bool
    members: int
    order: int
    cells: int
    k2: int
    state: int
    networks: int

    @classmethod
    def from_settings(cls, settings: Settings) -> TokenRows:
        """The sizes that these settings ask for."""
        tokens, model = settings.tokens, settings.model
        return cls(
            codes=tokens.codes,
            sets=tokens.are_sets,
            members=tokens.members,
            order=tokens.order,
            cells=1 << (tokens.cells - 1).bit_length(),
            k2=model.k2,
            state=state_size(model.cell, model.hidden_size, model.layers),
            networks=1 + len(settings.experts.networks),
        )

    @property
    def ring_steps(self) -> int:
        """Steps that the rings hold: a window, and the step before it."""
        return self.k2 + 1

    @property
    def counts_width(self) -> int:
        """Numbers in a row of the ring of codes."""
        return RING + self.ring_steps * self.members

    @property
    def context_width(self) -> int:
        """Numbers in a row of contexts."""
        return RECENT + (self.codes if self.sets else self.order)

    @property
    def experts(self) -> int:
        """Whose probabilities are mixed."""
        return len(EXPERTS) + self.networks

    @property
    def opinions(self) -> int:
        """Numbers that are kept of the experts until the next token comes."""
        return self.experts * (self.codes + 1)
