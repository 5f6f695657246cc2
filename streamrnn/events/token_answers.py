"""What the shard answers where events are tokens, as columns and as the fields of output records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from streamrnn.events.columns import Floats, Ints

LN_2 = 0.6931471805599453
MOST_TOLD = 10  # tokens that an output record names
LEAST_TOLD = 0.01  # probability of such a token, but of the likeliest
NEW = "<new>"  # what stands for a token that has no number yet


class NextToken(msgspec.Struct, gc=False):
    """A token, and how likely it is to come next."""

    token: str
    probability: float


class Tokens(msgspec.Struct, gc=False):
    """What came, and what comes next.

    ``counted`` is how many of the event's tokens had been foretold (of sets 1), each before it was known, ``right`` how
    many of these had been held likeliest; ``bits`` is their surprise: minus the binary logarithm of what had been held
    likely, summed; ``baseline_bits`` that of how usual each token is. ``next`` has the likeliest first. ``exact`` tells
    whether each token of the answer, behind the marker, had been held likeliest; null where there is no answer.
    """

    counted: int
    right: int
    bits: float
    baseline_bits: float
    next: list[NextToken]
    exact: bool | None = None


@dataclass(slots=True)
class TokenAnswers:
    """Of n events; C numbers of tokens.

    Attributes
    ----------
    counts, hits : int64[n], tokens that had been foretold, and those of them that had been held likeliest
    losses, usual_losses : float64[n], their log losses (natural logarithms), and those of the usual token
    chances : float64[n, C], what is held likely to come next; zeros where nothing is known
    known : int64[n], numbers that were known behind the event
    exact : int8[n], whether its answer was foretold; NO_ANSWER: it has none
    names : of the tokens, by number
    """

    counts: Ints
    hits: Ints
    losses: Floats
    usual_losses: Floats
    chances: Floats
    known: Ints
    exact: npt.NDArray[np.int8]
    names: Sequence[str]

    def told(self) -> list[Tokens]:
        """Of each event, what the output record tells."""
        columns = zip(
            self.counts.tolist(), self.hits.tolist(), (self.losses / LN_2).tolist(),
            (self.usual_losses / LN_2).tolist(), self.chances, self.known.tolist(), self.exact.tolist(), strict=True,
        )  # fmt: skip
        return [
            Tokens(count, hits, bits, usual, self._next(chances, known), None if exact < 0 else exact == 1)
            for count, hits, bits, usual, chances, known, exact in columns
        ]

    def told_of(self, row: int) -> Tokens:
        """Of one event."""
        at = slice(row, row + 1)
        return TokenAnswers(
            self.counts[at], self.hits[at], self.losses[at], self.usual_losses[at], self.chances[at], self.known[at],
            self.exact[at], self.names,
        ).told()[0]  # fmt: skip

    def _next(self, chances: Floats, known: int) -> list[NextToken]:
        codes = np.flatnonzero(chances >= LEAST_TOLD)
        if not len(codes):
            codes = np.argmax(chances, keepdims=True) if chances.any() else codes
        # Stable, so that of equally likely ones those of the lowest numbers are told, whatever the machine.
        codes = codes[np.argsort(-chances[codes], kind="stable")][:MOST_TOLD]
        return [
            NextToken(self.names[code] if code < known else NEW, chance)
            for code, chance in zip(codes.tolist(), chances[codes].tolist(), strict=True)
        ]
