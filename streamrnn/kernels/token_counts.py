"""The counting expert of tokens: what followed the last tokens before, in any stream of the shard, and how often.

A context's counts give each successor its share; what is left is owed to the context that is shorter by one, down to
no context at all and, below that, to any token alike. How much is owed is learned, for contexts of a length with about
as many successors and counts: the mean of what shorter contexts had to do with what came (an online form of deleted
interpolation, Jelinek and Mercer 1980).

Counts lie in a table of fixed size, found by a hash of context and successor's number. Where it is full, the smallest
count among a few makes room.
"""

import numpy as np

from streamrnn.kernels.compile import entry, kernel
from streamrnn.rows.tokens import (
    COUNTS,
    FEW,
    KEY,
    LENGTH,
    MANY,
    MOST_SUCCESSORS,
    OWED,
    RECENT,
    SEEN,
    USUAL,
    VALUE,
    WAYS,
)

STIR = -7046029254386353131  # 2 to the power of 64, over the golden ratio
SHIFT = 40  # a cell's value is successor x 2 to the power of this, plus the count
APART = 1 << 32  # beyond any code
LEAST = 1e-300


@kernel
def stirred(key, number):
    """A key that depends on both; never 0."""
    found = (key ^ (number + 1)) * STIR
    found = (found ^ (found >> 29)) * STIR
    found = found ^ (found >> 32)
    return found if found != 0 else 1


@kernel
def successor(key, number):
    """The key of a context's successor of this number, which is none of a longer context."""
    return stirred(key, number + APART)


@kernel
def first_of(cells, key):
    """The first of the cells in which a key may lie."""
    return (key & (cells.shape[0] // WAYS - 1)) * WAYS


@kernel
def find(cells, key):
    """The key's cell; -1 where it has none."""
    first = first_of(cells, key)
    for i in range(first, first + WAYS):
        if cells[i, KEY] == key:
            return i
    return -1


@kernel
def make(cells, key):
    """A cell for a key that has none; the smallest count in its place goes."""
    best = first_of(cells, key)
    for i in range(best, best + WAYS):
        if cells[i, KEY] == 0:
            best = i
            break
        if cells[i, VALUE] & ((1 << SHIFT) - 1) < cells[best, VALUE] & ((1 << SHIFT) - 1):
            best = i
    cells[best, KEY] = key
    cells[best, VALUE] = 0
    return best


@kernel
def size_of(number, most):
    """About how many: 0, 1, 2, then a step for each doubling; below ``most``."""
    found = 0
    while number > 2 and found < most - 3:
        number = (number + 1) // 2
        found += 1
    return min(found + number, most - 1)


@kernel
def gather(cells, key, successors, counts):
    """Fill in what followed a context, and how often; returns how many there are, and the sum of their counts."""
    head = find(cells, key)
    if head < 0:
        return 0, 0
    found, total = 0, 0
    for number in range(1, (cells[head, VALUE] >> SHIFT) + 1):
        at = find(cells, successor(key, number))
        if at < 0:
            continue
        successors[found] = cells[at, VALUE] >> SHIFT
        counts[found] = cells[at, VALUE] & ((1 << SHIFT) - 1)
        total += counts[found]
        found += 1
    return found, total


@kernel
def add(cells, key, code):
    """Count that a code followed a context. A further successor takes the place of one that was lost, else the next;
    of too many, that of the rarest."""
    head = find(cells, key)
    if head < 0:
        head = make(cells, key)
    many = cells[head, VALUE] >> SHIFT
    lost, rarest, least = 0, 0, 1 << SHIFT
    for number in range(1, many + 1):
        at = find(cells, successor(key, number))
        if at < 0:
            lost = number
            continue
        count = cells[at, VALUE] & ((1 << SHIFT) - 1)
        if cells[at, VALUE] >> SHIFT == code:
            cells[at, VALUE] += 1
            cells[head, VALUE] += 1
            return
        if count < least:
            rarest, least = number, count
    number = lost
    if number == 0:
        number = many + 1 if many < MOST_SUCCESSORS else rarest
    own = successor(key, number)
    at = find(cells, own)
    if at < 0:
        at = make(cells, own)
    cells[at, VALUE] = (code << SHIFT) + 1
    head = find(cells, key)  # the new cell may have taken its place
    if head >= 0:
        cells[head, VALUE] = (max(many, number) << SHIFT) + (cells[head, VALUE] & ((1 << SHIFT) - 1)) + 1


@kernel
def share_of(successors, counts, found, code):
    """A code's count."""
    for i in range(found):
        if successors[i] == code:
            return counts[i]
    return 0


@entry
def process(slots, fresh, steps, restarts, tokens, edges, known, order, contexts, usual, cells, backoffs, said):
    """Tell what comes next after each of n steps in log order, and count what came.

    slots int64[n], fresh bool[n], steps bool[n] (False: nothing came), restarts bool[n] (what came before is no
    context), tokens int64 with that of step i at edges[i], known int64[n] (codes that may come next) -> said
    float64[n, experts, codes]: of the usual token, which has no context, and of the counts. The rest is the loop's
    state; see ``rows.tokens``.
    """
    codes = said.shape[2]
    keys = np.empty(order + 1, np.int64)
    successors = np.empty(MOST_SUCCESSORS + 1, np.int64)
    counts = np.empty(MOST_SUCCESSORS + 1, np.int64)
    for i in range(slots.shape[0]):
        said[i, USUAL] = 0.0
        said[i, COUNTS] = 0.0
        row = contexts[slots[i]]
        if fresh[i]:
            row[:] = 0
        if not steps[i]:
            continue
        code = tokens[edges[i]]

        # Learn what is owed, then count.
        owed = backoffs[0, 0, size_of(usual[codes], MANY)]
        chance = 1.0 / known[i]
        share = owed[OWED] / owed[SEEN]
        if usual[codes] > 0:
            whole = (1.0 - share) * usual[code] / usual[codes] + share * chance
            owed[OWED] += share * chance / whole
            owed[SEEN] += 1.0
            chance = whole
        length = min(row[LENGTH], order)
        key = 0
        for o in range(1, length + 1):
            key = stirred(key, row[RECENT + o - 1])
            keys[o] = key
            found, total = gather(cells, key, successors, counts)
            if found > 0:
                owed = backoffs[o, size_of(found, FEW), size_of(total, MANY)]
                share = owed[OWED] / owed[SEEN]
                whole = (1.0 - share) * share_of(successors, counts, found, code) / total + share * chance
                owed[OWED] += share * chance / max(whole, LEAST)
                owed[SEEN] += 1.0
                chance = whole
        usual[code] += 1
        usual[codes] += 1
        for o in range(1, length + 1):
            add(cells, keys[o], code)

        # The context goes on, or begins.
        if restarts[i]:
            row[LENGTH] = 0
        for o in range(order - 1, 0, -1):
            row[RECENT + o] = row[RECENT + o - 1]
        if order > 0:
            row[RECENT] = code
        row[LENGTH] = min(row[LENGTH] + 1, order)

        # What comes next.
        owed = backoffs[0, 0, size_of(usual[codes], MANY)]
        share = owed[OWED] / owed[SEEN]
        for k in range(known[i]):
            said[i, USUAL, k] = (1.0 - share) * usual[k] / usual[codes] + share / known[i]
            said[i, COUNTS, k] = said[i, USUAL, k]
        key = 0
        for o in range(1, row[LENGTH] + 1):
            key = stirred(key, row[RECENT + o - 1])
            found, total = gather(cells, key, successors, counts)
            if found > 0:
                owed = backoffs[o, size_of(found, FEW), size_of(total, MANY)]
                share = owed[OWED] / owed[SEEN]
                for k in range(known[i]):
                    said[i, COUNTS, k] *= share
                for s in range(found):
                    said[i, COUNTS, successors[s]] += (1.0 - share) * counts[s] / total
