"""The mixture loop of tokens: what each expert holds likely, what it was worth, and their mixture, in log loss."""

import numpy as np

from streamrnn.kernels.aggregation import update, weigh
from streamrnn.kernels.compile import entry, kernel
from streamrnn.kernels.functions import log
from streamrnn.kernels.scores import block_of
from streamrnn.rows.mixture import EXPERT_COUNT, EXPERT_ERROR, EXPERT_FIELDS, EXPERT_WEIGHT
from streamrnn.rows.tokens import CORRECT, COUNT, LOG_LOSS, USUAL, USUAL_CORRECT, USUAL_LOG_LOSS

LEAST = 1e-12  # a probability below it counts as this
STEEPEST = 1000.0  # slope of the log loss in what the experts are judged by


@kernel
def mix(opinion, experts, codes, out):
    """The experts' mixture into out[codes], from what is kept of an answer: probabilities, then weights."""
    for k in range(codes):
        out[k] = 0.0
    for e in range(experts):
        weight = float(opinion[experts * codes + e])
        for k in range(codes):
            out[k] += weight * float(opinion[e * codes + k])
    for k in range(codes):
        out[k] = min(out[k], 1.0)  # what is kept is rounded


@kernel
def likeliest(chances, first, known):
    """The first code of the largest chance."""
    best = first
    for k in range(first + 1, known):
        if chances[k] > chances[best]:
            best = k
    return best


@kernel
def newest_of(usual, known):
    """The last code that an answer holds possible: it stood for all that had not come by then."""
    newest = known - 1
    while newest > 0 and usual[newest] == 0:
        newest -= 1
    return newest


@kernel
def loss_of(chances, at, sets, there, known):
    """Log loss of what came in probabilities that begin at ``at``."""
    if not sets:
        for k in range(known):
            if there[k]:
                return -log(max(float(chances[at + k]), LEAST))
        return 0.0
    total = 0.0
    for k in range(1, known):
        chance = float(chances[at + k])
        total -= log(max(chance if there[k] else 1.0 - chance, LEAST))
    return total


@kernel
def right(chances, sets, there, known):
    """Whether what came was held likeliest: the token, or of a set each token above one half and no other."""
    if not sets:
        return there[likeliest(chances, 0, known)]
    hit = True
    for k in range(1, known):
        hit = hit and (chances[k] > 0.5) == there[k]
    return hit


@entry
def process(slots, fresh, steps, restarts, records, firsts, tokens, edges, known, marker, sets, said, accounts,
            opinions, scores, window, expert_sums, block_length, chances, answers, losses, usual_losses, settled,
            settled_baselines, hits, behind):
    """Answer and judge n steps in log order.

    slots int64[n], fresh bool[n], steps bool[n] (False: nothing came; the last answer is told again), restarts bool[n]
    (of sets: a restart is no outcome), records int64[n], firsts bool[n] (the record's first step), tokens int64 with
    those of step i from edges[i] up to edges[i + 1], known int64[n], marker (code behind which an answer stands; -1:
    none), said float64[n, experts, codes] -> chances float64[n, codes] (zeros where nothing is known), answers
    int64[n] (likeliest code; -1: nothing is known), losses and usual_losses float64[n] (log loss of what came, in the
    answer before and in the usual token's; NaN: there was no answer), settled and settled_baselines int64[n] (what
    these had held likeliest; -1: there was no answer), hits bool[n] (it was what came), behind bool[n] (the step is
    behind the marker in its sequence, of which the end is part). The rest is the loop's state; see ``rows.tokens``.
    Weights by Bernstein online aggregation (``kernels.aggregation``) on the slope of the log loss. A token whose number
    was given after the answer counts as what the answer called new.
    """
    codes, experts = said.shape[2], said.shape[1]
    first = 1 if sets else 0  # the end of a sequence is no token of a set
    weights_at, asked = experts * codes, EXPERT_FIELDS * experts
    mixed = np.empty(codes)
    there = np.empty(codes, np.bool_)
    awake = np.ones(experts)
    weights = np.empty(experts)
    regrets = np.empty(experts)
    for i in range(slots.shape[0]):
        block = block_of(records[i] - 1, block_length, window, firsts[i])
        losses[i] = np.nan
        usual_losses[i] = np.nan
        hits[i] = False
        behind[i] = False
        answers[i] = -1
        settled[i] = -1
        settled_baselines[i] = -1
        account, opinion = accounts[slots[i]], opinions[slots[i]]
        if fresh[i]:
            account[:] = 0.0
            opinion[:] = 0
        whole = 0.0
        for e in range(experts):
            whole += opinion[weights_at + e]
        if steps[i]:
            behind[i] = account[asked] != 0.0
            if restarts[i]:
                account[asked] = 0.0
            for at in range(edges[i], edges[i + 1]):
                if tokens[at] == marker:
                    account[asked] = 1.0
            if whole > 0.0 and not (sets and restarts[i]):
                usual = opinion[USUAL * codes : (USUAL + 1) * codes]
                newest = newest_of(usual, known[i])
                there[:] = False
                for at in range(edges[i], edges[i + 1]):
                    there[min(tokens[at], newest)] = True
                mix(opinion, experts, codes, mixed)
                losses[i] = loss_of(mixed, 0, sets, there, known[i])
                usual_losses[i] = loss_of(opinion, USUAL * codes, sets, there, known[i])
                settled[i] = likeliest(mixed, first, known[i])
                settled_baselines[i] = likeliest(usual, first, known[i])
                hits[i] = right(mixed, sets, there, known[i])
                usual_hit = right(usual, sets, there, known[i])
                for sums in (scores[0, 0], window[0, 0, block]):
                    sums[COUNT] += 1.0
                    sums[LOG_LOSS] += losses[i]
                    sums[USUAL_LOG_LOSS] += usual_losses[i]
                    if hits[i]:
                        sums[CORRECT] += 1.0
                    if usual_hit:
                        sums[USUAL_CORRECT] += 1.0
                for e in range(experts):
                    regrets[e] = 0.0
                    for k in range(known[i]):
                        if sets and k > 0:
                            own = float(opinion[e * codes + k])
                            if there[k]:
                                regrets[e] += (own - mixed[k]) / max(mixed[k], 1.0 / STEEPEST)
                            else:
                                regrets[e] += (mixed[k] - own) / max(1.0 - mixed[k], 1.0 / STEEPEST)
                        elif there[k]:
                            regrets[e] = (float(opinion[e * codes + k]) - mixed[k]) / max(mixed[k], 1.0 / STEEPEST)
                    sums = expert_sums[e]
                    sums[EXPERT_COUNT] += 1.0
                    sums[EXPERT_ERROR] += loss_of(opinion, e * codes, sets, there, known[i])
                    sums[EXPERT_WEIGHT] += opinion[weights_at + e]
                update(account, 0, experts, regrets)
            weigh(account, 0, experts, awake, weights)
            for e in range(experts):
                opinion[weights_at + e] = weights[e]
                for k in range(codes):
                    opinion[e * codes + k] = said[i, e, k] if k >= first else 0.0
            whole = 1.0
        chances[i] = 0.0
        if whole > 0.0:
            mix(opinion, experts, codes, mixed)
            for k in range(codes):
                chances[i, k] = mixed[k]
            answers[i] = likeliest(mixed, first, known[i])
