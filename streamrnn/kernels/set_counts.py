"""The counting expert of sets: for each token how often it was there, by whether it was there in the steps before.

As ``kernels.token_counts``, with the token's own last steps as its context; each context is one of few, so that the
counts lie in a table of their own size.
"""

import numpy as np

from streamrnn.kernels.compile import entry, kernel
from streamrnn.kernels.token_counts import LEAST, size_of
from streamrnn.rows.tokens import COUNTS, FEW, LENGTH, MANY, OWED, RECENT, SEEN, USUAL

ABSENT, PRESENT = range(2)


@kernel
def place_of(length, past):
    """The place of a context of the last ``length`` steps in the table of a token's counts."""
    return (1 << length) - 1 + (past & ((1 << length) - 1))


@kernel
def chance_of(present, length, past, chance, counts, backoffs, learns):
    """How likely a token is to be there, by all of its contexts; ``chance`` counts as one step before the first. Where
    ``learns`` is set, what is owed to shorter ones is learned from whether it is. Returns that of no context beside it.
    """
    row = counts[place_of(0, past)]
    chance = (row[PRESENT] + chance) / (row[ABSENT] + row[PRESENT] + 1.0)
    usual = chance
    for o in range(1, length + 1):
        row = counts[place_of(o, past)]
        total = row[ABSENT] + row[PRESENT]
        if total == 0:
            continue
        surest = min(row[ABSENT], row[PRESENT])
        owed = backoffs[o, size_of(surest, FEW), size_of(total, MANY)]
        share = owed[OWED] / owed[SEEN]
        own = row[PRESENT] / total
        whole = (1.0 - share) * own + share * chance
        if learns:
            before = chance if present else 1.0 - chance
            owed[OWED] += share * before / max(whole if present else 1.0 - whole, LEAST)
            owed[SEEN] += 1.0
        chance = whole
    return chance, usual


@entry
def process(slots, fresh, steps, restarts, tokens, edges, known, order, contexts, counts, backoffs, said):
    """Tell which tokens are there at the step after each of n in log order, and count those that were.

    Arguments are those of ``token_counts.process``; counts int64[codes, contexts, 2]. A restart brings no tokens.
    """
    there = np.empty(said.shape[2], np.bool_)
    for i in range(slots.shape[0]):
        said[i, USUAL] = 0.0
        said[i, COUNTS] = 0.0
        row = contexts[slots[i]]
        if fresh[i]:
            row[:] = 0
        if not steps[i]:
            continue
        there[:] = False
        for at in range(edges[i], edges[i + 1]):
            there[tokens[at]] = True
        for k in range(1, known[i]):
            past = row[RECENT + k]
            if not restarts[i]:
                chance_of(there[k], row[LENGTH], past, 1.0 / known[i], counts[k], backoffs, True)
                for o in range(row[LENGTH] + 1):
                    counts[k, place_of(o, past), PRESENT if there[k] else ABSENT] += 1
            row[RECENT + k] = 0 if restarts[i] else 2 * past + (1 if there[k] else 0)
        row[LENGTH] = 0 if restarts[i] else min(row[LENGTH] + 1, order)
        for k in range(1, known[i]):
            chance, usual = chance_of(
                False, row[LENGTH], row[RECENT + k], 1.0 / known[i], counts[k], backoffs, False
            )
            said[i, USUAL, k] = usual
            said[i, COUNTS, k] = chance
