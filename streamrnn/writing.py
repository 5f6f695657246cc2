"""A stream of tokens as its shard goes on with it: each token is drawn, and taken for the next; nothing is learned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from streamrnn.drawing import Uniforms
from streamrnn.events.columns import Floats
from streamrnn.generation import Held
from streamrnn.loops.batch import Batch
from streamrnn.loops.token_batch import TokenBatch
from streamrnn.portable import exp, log
from streamrnn.rows.tokens import END
from streamrnn.settings.tokens import OTHER

if TYPE_CHECKING:
    from streamrnn.loops.token_chain import TokenChain

LEAST = 1e-12  # a chance below it is not drawn from


@dataclass(frozen=True, slots=True)
class Written:
    """One step that was drawn.

    Attributes
    ----------
    number : from 1
    tokens : one, or of sets any number
    chances : of each, as it was told before it was drawn
    ends : whether the sequence ended instead
    """

    number: int
    tokens: list[str]
    chances: list[float]
    ends: bool = False


class Writer:
    """Goes on with one stream, token by token.

    Each step passes through the whole chain as a real one would, and all that it taught is put back. The shard is
    changed in the stream's memory alone: it is of no use to a daemon any more.

    Parameters
    ----------
    chain : of the shard
    names : of the tokens that are known, by number
    slot : the stream's row in every slab
    live : streams of the shard
    time : of the stream's newest event, in seconds
    sets : whether tokens come several at once
    ends : whether sequences end; else an end is never drawn
    """

    def __init__(
        self, chain: TokenChain, names: Sequence[str], slot: int, live: int, time: float, sets: bool, ends: bool
    ) -> None:
        self._chain, self._names, self._slot, self._live, self._time = chain, names, slot, live, time
        self._sets, self._ends = sets, ends and not sets
        self._held = Held(chain.shared().values(), chain.loops, slot)
        self._chances = self._step([], nothing=True)

    @property
    def knows_more(self) -> bool:
        """Whether anything is told of what comes next: nothing is, of a stream that had no token yet."""
        return bool(self._chances.any())

    def take(self, codes: Sequence[int]) -> None:
        """Let these tokens pass, as if they had come."""
        if self._sets or not len(codes):
            self._chances = self._step(codes)
        for code in () if self._sets else codes:
            self._chances = self._step([code])

    def write(self, steps: int, uniforms: Uniforms, temperature: float) -> Iterator[Written]:
        """So many steps, fewer where the sequence ends.

        Parameters
        ----------
        uniforms : what draws are made of
        temperature : 1 draws as is told, lower sticks to what is likely, 0 takes the likeliest
        """
        for number in range(1, steps + 1):
            told = self._chances
            codes = self._draw_set(uniforms, temperature) if self._sets else [self._draw(uniforms, temperature)]
            if codes == [END]:
                yield Written(number, [], [], ends=True)
                return
            yield Written(number, [self._names[code] for code in codes], [float(told[code]) for code in codes])
            self._chances = self._step(codes)

    def _draw(self, uniforms: Uniforms, temperature: float) -> int:
        """A number by its chances, each to the power of 1 / temperature."""
        told = enumerate(self._chances.tolist())
        chances = [chance if self._may_come(code, chance) else 0.0 for code, chance in told]
        share, _ = uniforms.pair()
        best = int(np.argmax(chances))
        if temperature == 0.0:
            return best
        weights = chances
        if temperature != 1.0:
            most = log(max(chances[best], LEAST))
            weights = [exp((log(chance) - most) / temperature) if chance else 0.0 for chance in chances]
        left = share * sum(weights)
        for code, weight in enumerate(weights):
            left -= weight
            if left < 0.0:
                return code
        return best

    def _may_come(self, code: int, chance: float) -> bool:
        """Not what has no name: what is new, or not listed; nor an end where nothing ends."""
        if code == END:
            return self._ends and chance >= LEAST
        return code < len(self._names) and self._names[code] != OTHER and chance >= LEAST

    def _draw_set(self, uniforms: Uniforms, temperature: float) -> list[int]:
        """Each number by itself, its odds to the power of 1 / temperature."""
        found = []
        for code, chance in enumerate(self._chances.tolist()):
            share, _ = uniforms.pair()
            chance = min(max(chance, LEAST), 1.0 - LEAST)
            if not self._may_come(code, chance):
                continue
            if temperature == 0.0:
                taken = chance > 0.5
            else:
                taken = share < 1.0 / (1.0 + exp((log(1.0 - chance) - log(chance)) / temperature))
            if taken:
                found.append(code)
        return found

    def _step(self, codes: Sequence[int], nothing: bool = False) -> Floats:
        """Chances of what comes next, behind these tokens; with ``nothing`` as they stand."""
        one = np.array([self._slot]), np.zeros(1, np.bool_), np.array([self._live])
        batch = Batch(*one, np.array([self._time]), np.empty((1, 0)), np.array([self._chain.records + 1]))
        batch.offsets = np.full(1, -1)
        batch.tokens = TokenBatch(
            tokens=np.array(codes, np.int64), edges=np.array([0, len(codes)]),
            seen=np.full(len(codes) + 1, len(self._names)), blank=np.array([nothing]), ends=np.zeros(1, np.bool_),
        )  # fmt: skip
        self._chain.process(batch)
        self._held.put_back()
        found: Floats = batch.tokens.chances[0]
        return found
