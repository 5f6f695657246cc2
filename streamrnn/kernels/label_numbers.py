"""The mixture loop of labels that are numbers: the last known label, the usual one and the network, weighed by what
each was worth."""

import numpy as np

from streamrnn.kernels.aggregation import absolute_slope, combine, regret, update, weigh
from streamrnn.kernels.compile import entry
from streamrnn.kernels.mixture import TINY
from streamrnn.kernels.pending import kept, known
from streamrnn.kernels.scores import block_of, score
from streamrnn.rows.labels import CLOSING, LAST_LABEL, NETWORK, USUAL_LABEL
from streamrnn.rows.mixture import EXPERT_COUNT, EXPERT_ERROR, EXPERT_WEIGHT


@entry
def process(slots, fresh, kinds, answering, records, numbers, settles, labels, last, mean, unit, networks, waiting,
            accounts, opinions, scores, window, expert_sums, block_length, forecasts, settled):
    """Answer and judge n records in log order.

    slots int64[n] (-1: no such stream), fresh bool[n], kinds int8[n] (rows of kind ``answering`` are answered), records
    int64[n], numbers and settles int64[n], labels float64[n], last, mean and unit float64[n], networks float64[n,
    networks] -> forecasts float64[n] and settled float64[n], the forecast that this record's label settled (NaN: none).
    A closing row tells its event's again. The rest is the loop's state; see ``rows.labels``.
    """
    experts = NETWORK + networks.shape[1]
    published, unit_at = experts, experts + 1  # behind the experts' opinions
    size = experts + 2
    regrets = np.empty(experts)
    weights = np.empty(experts)
    found = np.empty(experts)
    for i in range(slots.shape[0]):
        block = block_of(records[i] - 1, block_length, window, kinds[i] < CLOSING)
        forecasts[i] = np.nan
        settled[i] = np.nan
        if slots[i] < 0:
            continue
        account, ring = accounts[slots[i]], opinions[slots[i]]
        if fresh[i]:
            account[:] = 0.0
            ring[:] = kept(np.nan)
        if kinds[i] == answering:
            found[LAST_LABEL], found[USUAL_LABEL] = last[i], mean[i]
            for e in range(NETWORK, experts):
                found[e] = networks[i, e - NETWORK]
            weigh(account, 0, experts, found, weights)
            forecasts[i] = combine(experts, found, weights)
            at = size * (numbers[i] % waiting)
            for e in range(experts):
                ring[at + e] = kept(found[e])
            ring[at + published] = kept(forecasts[i])
            ring[at + unit_at] = unit[i]
        if kinds[i] == CLOSING:
            forecasts[i] = known(ring[size * (numbers[i] % waiting) + published])
        if settles[i] == 0:
            continue
        at = size * (settles[i] % waiting)
        settled[i] = known(ring[at + published])
        if np.isnan(settled[i]):
            continue
        baseline = known(ring[at + LAST_LABEL])
        score(scores[0, 0], settled[i], baseline, labels[i])
        score(window[0, 0, block], settled[i], baseline, labels[i])
        for e in range(experts):
            found[e] = known(ring[at + e])
        weigh(account, 0, experts, found, weights)
        for e in range(experts):
            if not np.isnan(found[e]):
                expert_sums[e, EXPERT_ERROR] += abs(labels[i] - found[e])
                expert_sums[e, EXPERT_WEIGHT] += weights[e]
                expert_sums[e, EXPERT_COUNT] += 1.0
        scale = ring[at + unit_at]
        if scale >= TINY:
            slope = absolute_slope((settled[i] - labels[i]) / scale)
            for e in range(experts):
                regrets[e] = regret(slope, settled[i], found[e], scale)
            update(account, 0, experts, regrets)
