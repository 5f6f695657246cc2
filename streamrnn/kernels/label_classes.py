"""The mixture loop of labels that are classes: what each expert holds likely, what it was worth, and their mixture."""

import numpy as np

from streamrnn.kernels.aggregation import update, weigh
from streamrnn.kernels.compile import entry, kernel
from streamrnn.kernels.scores import block_of
from streamrnn.kernels.softmax import log_loss
from streamrnn.rows.labels import (
    CHANGED,
    CLASS_LABELS,
    CLASS_TALLIES,
    CLOSING,
    COMPARED,
    CORRECT,
    COUNT,
    FREQUENT_CORRECT,
    FREQUENT_LOG_LOSS,
    LAST_CORRECT,
    LAST_LABEL,
    LAST_LOG_LOSS,
    LOG_LOSS,
    NETWORK,
    USUAL_LABEL,
)
from streamrnn.rows.mixture import EXPERT_COUNT, EXPERT_ERROR, EXPERT_WEIGHT

LEANING = 2.0  # labels that what is known of the whole shard counts for in a stream
LEAST = 0.001  # a probability below it counts as this, where it is judged


@kernel
def frequencies(tally, shared, known, out):
    """How usual each of the first ``known`` classes is in a stream, leaning on its shard, into out[C]; of sum 1."""
    for k in range(out.shape[0]):
        out[k] = 0.0
    for k in range(known):
        common = (shared[CLASS_TALLIES + k] + 1.0 / known) / (shared[CLASS_LABELS] + 1.0)
        out[k] = (tally[CLASS_TALLIES + k] + LEANING * common) / (tally[CLASS_LABELS] + LEANING)


@kernel
def last_label(tally, shared, last, usual, known, out):
    """What follows from the last known label and how often labels differ from it, into out[C]; the other classes share
    in proportion to ``usual``."""
    common = (shared[CHANGED] + 0.5) / (shared[COMPARED] + 1.0)
    change = (tally[CHANGED] + LEANING * common) / (tally[COMPARED] + LEANING)
    rest = 0.0
    for k in range(known):
        if k != last:
            rest += usual[k]
    for k in range(out.shape[0]):
        out[k] = change * usual[k] / rest if k < known and k != last and rest > 0.0 else 0.0
    out[last] = 1.0 - change if rest > 0.0 else 1.0


@kernel
def likeliest(probabilities, known):
    """The first class of the largest probability."""
    best = 0
    for k in range(1, known):
        if probabilities[k] > probabilities[best]:
            best = k
    return best


@kernel
def mix(opinion, experts, classes, out):
    """The experts' mixture into out[C], from what is kept of an answer: experts' probabilities, then their weights.
    Returns the sum of the weights, 0 where there was no answer."""
    weights_at = experts * classes
    whole = 0.0
    for e in range(experts):
        whole += opinion[weights_at + e]
    for k in range(classes):
        total = 0.0
        for e in range(experts):
            total += float(opinion[weights_at + e]) * float(opinion[e * classes + k])
        out[k] = min(total, 1.0)  # what is kept is rounded
    return whole


@kernel
def add_score(sums, right_at, loss_at, answer, probability, label):
    """Count an answer that was judged: whether it was right, and the log loss of the label's probability in it."""
    sums[loss_at] += log_loss(probability, LEAST)
    if answer == label:
        sums[right_at] += 1.0


@entry
def process(slots, fresh, kinds, answering, records, numbers, settles, labels, known, last, naive, networks, waiting,
            accounts, tallies, opinions, shared, scores, window, expert_sums, block_length, probabilities, answers,
            baselines, settled, settled_probability, settled_baselines):
    """Answer and judge n records in log order.

    slots int64[n] (-1: no such stream), fresh bool[n], kinds int8[n] (rows of kind ``answering`` are answered), records
    int64[n], numbers and settles int64[n], labels float64[n] (codes), known int64[n], last and naive float64[n] (codes
    of the last known label, now and as it stood at the event that is labelled), networks float64[n, networks, C] ->
    probabilities float64[n, C] (NaN where there is no answer), answers and baselines int64[n] (likeliest class; last
    known label, or the most frequent where there is none; -1: none), settled int64[n], settled_probability float64[n]
    and settled_baselines int64[n]: the answer that this record's label settled, the label's probability in it, and its
    baseline (-1 and NaN: none). A closing row tells its event's answer again. The rest is the loop's state; see
    ``rows.labels``. Weights by Bernstein online aggregation (``kernels.aggregation``) on the slope of the log loss, in
    which no probability counts as less than a thousandth.
    """
    classes = probabilities.shape[1]
    experts = NETWORK + networks.shape[1]
    weights_at = experts * classes
    size = weights_at + experts
    usual = np.empty(classes)
    likely = np.empty(classes)
    said = np.empty(classes)
    awake = np.empty(experts)
    weights = np.empty(experts)
    regrets = np.empty(experts)
    for i in range(slots.shape[0]):
        block = block_of(records[i] - 1, block_length, window, kinds[i] < CLOSING)
        probabilities[i] = np.nan
        answers[i] = -1
        baselines[i] = -1
        settled[i] = -1
        settled_probability[i] = np.nan
        settled_baselines[i] = -1
        if slots[i] < 0:
            continue
        account, tally = accounts[slots[i]], tallies[slots[i]]
        if fresh[i]:
            account[:] = 0.0
            tally[:] = 0
            opinions[slots[i]] = 0

        if kinds[i] == answering:
            at = size * (numbers[i] % waiting)
            opinion = opinions[slots[i], at : at + size]
            opinion[:] = 0
            if known[i] > 0:
                frequencies(tally, shared, known[i], usual)
                awake[:] = 1.0
                if np.isnan(last[i]):
                    awake[LAST_LABEL] = np.nan
                else:
                    last_label(tally, shared, int(last[i]), usual, known[i], likely)
                    for k in range(classes):
                        opinion[LAST_LABEL * classes + k] = likely[k]
                for k in range(known[i]):
                    opinion[USUAL_LABEL * classes + k] = usual[k]
                    for e in range(NETWORK, experts):
                        opinion[e * classes + k] = networks[i, e - NETWORK, k]
                weigh(account, 0, experts, awake, weights)
                for e in range(experts):
                    opinion[weights_at + e] = weights[e]
                mix(opinion, experts, classes, said)
                for k in range(known[i]):
                    probabilities[i, k] = said[k]
                answers[i] = likeliest(said, known[i])
                baselines[i] = likeliest(usual, known[i]) if np.isnan(last[i]) else int(last[i])

        if kinds[i] == CLOSING:
            at = size * (numbers[i] % waiting)
            opinion = opinions[slots[i], at : at + size]
            if mix(opinion, experts, classes, said) > 0.0:
                for k in range(known[i]):
                    probabilities[i, k] = said[k]
                answers[i] = likeliest(said, known[i])
                frequent = likeliest(opinion[USUAL_LABEL * classes : (USUAL_LABEL + 1) * classes], classes)
                baselines[i] = frequent if np.isnan(last[i]) else int(last[i])

        if settles[i] == 0:
            continue
        label = int(labels[i])
        at = size * (settles[i] % waiting)
        opinion = opinions[slots[i], at : at + size]
        if mix(opinion, experts, classes, said) > 0.0:
            frequent = likeliest(opinion[USUAL_LABEL * classes : (USUAL_LABEL + 1) * classes], classes)
            last_awake = not np.isnan(naive[i])
            before = int(naive[i]) if last_awake else frequent
            settled[i] = likeliest(said, classes)
            settled_probability[i] = said[label]
            settled_baselines[i] = before
            usual_said = float(opinion[USUAL_LABEL * classes + label])
            last_said = float(opinion[LAST_LABEL * classes + label]) if last_awake else usual_said
            for sums in (scores[0, 0], window[0, 0, block]):
                sums[COUNT] += 1.0
                add_score(sums, CORRECT, LOG_LOSS, settled[i], said[label], label)
                add_score(sums, LAST_CORRECT, LAST_LOG_LOSS, before, last_said, label)
                add_score(sums, FREQUENT_CORRECT, FREQUENT_LOG_LOSS, frequent, usual_said, label)
            mixed = max(said[label], LEAST)
            for e in range(experts):
                regrets[e] = max(opinion[e * classes + label], LEAST) / mixed - 1.0
            if not last_awake:
                regrets[LAST_LABEL] = np.nan
            for e in range(experts):
                if not np.isnan(regrets[e]):
                    expert_sums[e, EXPERT_ERROR] += log_loss(opinion[e * classes + label], LEAST)
                    expert_sums[e, EXPERT_WEIGHT] += opinion[weights_at + e]
                    expert_sums[e, EXPERT_COUNT] += 1.0
            update(account, 0, experts, regrets)
        for each in (tally, shared):
            each[CLASS_LABELS] += 1
            each[CLASS_TALLIES + label] += 1
            if not np.isnan(naive[i]):
                each[COMPARED] += 1
                if int(naive[i]) != label:
                    each[CHANGED] += 1
