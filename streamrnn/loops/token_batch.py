"""The columns that only batches with tokens have: of the events, and of the steps that they are taken apart into."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from streamrnn.events.columns import Floats, Ints
from streamrnn.rows.tokens import END

Flags = npt.NDArray[np.bool_]

NO_ANSWER = -1


@dataclass(slots=True)
class TokenBatch:
    """What n accepted events bring and get beside the columns of a `Batch`; C numbers of tokens.

    Attributes
    ----------
    tokens : int64, numbers of all tokens, event after event
    edges : int64[n + 1], where those of each event begin
    seen : int64, numbers that were known before the first token, and behind each: no larger one has come
    blank : bool[n], the event tells of no step; with sets an event without tokens is one, unless it is blank
    ends : bool[n], the event is the last of its sequence
    marker : number of the token behind which an answer stands; -1: none
    counts : int64[n], tokens (of sets steps) that had been foretold
    losses, usual_losses : float64[n], log loss of these, summed (natural logarithms): of what had been published, and
        of the usual token
    hits : int64[n], how many of them had been held likeliest
    chances : float64[n, C], what is held likely to come next; zeros where nothing is known
    exact : int8[n], whether each token behind the marker had been held likeliest; NO_ANSWER: none came behind one
    """

    tokens: Ints
    edges: Ints
    seen: Ints
    blank: Flags
    ends: Flags
    marker: int = -1
    counts: Ints = field(init=False)
    losses: Floats = field(init=False)
    usual_losses: Floats = field(init=False)
    hits: Ints = field(init=False)
    chances: Floats = field(init=False)
    exact: npt.NDArray[np.int8] = field(init=False)

    @property
    def known(self) -> Ints:
        """int64[n]: numbers that were known behind each event."""
        return self.seen[self.edges[1:]]


@dataclass(slots=True)
class StepBatch:
    """m steps in log order, of events one after the other; E experts.

    Attributes
    ----------
    of : int64[m], place of the event that each is of
    firsts, lasts : bool[m], the first and the last step of its event
    steps : bool[m], False: the event brought nothing, and this stands for it
    restarts : bool[m], the step ends a sequence and begins the next: its state begins at zero
    tokens : int64, numbers of tokens
    edges : int64[m + 1], where those of each step begin
    known : int64[m], numbers that may come next
    marker : number of the token behind which an answer stands; -1: none
    said : float64[m, E, C], what each expert holds likely to come next
    behind, chances, answers, losses, usual_losses, settled, settled_baselines, hits : see `kernels.token_mixture`
    """

    of: Ints
    firsts: Flags
    lasts: Flags
    steps: Flags
    restarts: Flags
    tokens: Ints
    edges: Ints
    known: Ints
    marker: int
    said: Floats = field(init=False)
    behind: Flags = field(init=False)
    chances: Floats = field(init=False)
    answers: Ints = field(init=False)
    losses: Floats = field(init=False)
    usual_losses: Floats = field(init=False)
    settled: Ints = field(init=False)
    settled_baselines: Ints = field(init=False)
    hits: Flags = field(init=False)

    def __len__(self) -> int:
        return len(self.of)

    @property
    def outcomes(self) -> Ints:
        """int64[m]: the only token of each step; -1 where it has none or several."""
        alone = np.diff(self.edges) == 1
        found = np.full(len(self), -1, np.int64)
        found[alone] = self.tokens[self.edges[:-1][alone]]
        return found

    def cut(self, first: int, last: int) -> StepBatch:
        """Steps from ``first`` up to ``last``."""
        piece = slice(first, last)
        start, end = int(self.edges[first]), int(self.edges[last])
        return StepBatch(
            self.of[piece], self.firsts[piece], self.lasts[piece], self.steps[piece], self.restarts[piece],
            self.tokens[start:end], self.edges[first : last + 1] - start, self.known[piece],
            self.marker,
        )  # fmt: skip


def steps_of(batch: TokenBatch, starts: Flags, sets: bool, codes: int) -> StepBatch:
    """Take events apart into steps: a token each, or of sets one for the event; and one for the end of a sequence.

    An event before which no event of its stream told that a sequence begins has that step at its beginning. An event
    without anything has a step that stands for it.

    Parameters
    ----------
    starts : bool[n], before which events a sequence begins untold
    sets : whether an event's tokens come at once
    codes : numbers of tokens
    """
    n, given = len(batch.blank), np.diff(batch.edges)
    own = np.where(batch.blank, 0, 1) if sets else given
    before, behind = starts.astype(np.int64), batch.ends.astype(np.int64)
    empty = (own + before + behind) == 0
    many = own + before + behind + empty
    of = np.repeat(np.arange(n), many)
    start = np.cumsum(many) - many
    m = len(of)
    firsts, lasts, steps, restarts = (np.zeros(m, np.bool_) for _ in range(4))
    firsts[start] = True
    lasts[start + many - 1] = True
    steps[:] = ~empty[of]
    restarts[start[starts]] = True
    restarts[(start + many - 1)[batch.ends]] = True

    # What may come behind each step: what was known by then, and one for all that is new.
    known = batch.known[of]
    known[start[starts]] = batch.seen[batch.edges[:-1][starts]]
    inner = steps & ~restarts
    if not sets:
        known[inner] = batch.seen[1:]

    # Each step's tokens: none, one (its own, or the end), or all of the event.
    length = np.where(steps, 0 if sets else 1, 0).astype(np.int64)
    if sets:
        length[inner] = given[of[inner]]
    edges = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    tokens = np.full(edges[-1], END, np.int64)
    tokens[np.repeat(inner, length)] = batch.tokens
    return StepBatch(of, firsts, lasts, steps, restarts, tokens, edges, np.minimum(known + 1, codes), batch.marker)


def no_tokens() -> TokenBatch:
    """The token columns of a batch of no events, so that any loop can be the first."""
    none, flags = np.empty(0, np.int64), np.empty(0, np.bool_)
    return TokenBatch(none, np.zeros(1, np.int64), np.zeros(1, np.int64), flags, flags, -1)


def no_steps(experts: int, codes: int) -> StepBatch:
    """A batch of no steps."""
    none, flags = np.empty(0, np.int64), np.empty(0, np.bool_)
    steps = StepBatch(none, flags, flags, flags, flags, none, np.zeros(1, np.int64), none, -1)
    steps.behind = flags
    steps.said, steps.chances = np.empty((0, experts, codes)), np.empty((0, codes))
    steps.answers = steps.settled = steps.settled_baselines = none
    steps.losses = steps.usual_losses = np.empty(0)
    steps.hits = flags
    return steps
