"""The mixture loop of labels that are numbers: the last known label, the usual one and the network, weighed by what
each was worth."""

import numpy as np

from streamrnn.kernels.aggregation import absolute_slope, combine, regret, update, weigh
from streamrnn.kernels.compile import entry
from streamrnn.kernels.mixture import TINY
from streamrnn.kernels.pending import kept, known
from streamrnn.kernels.scores import block_of, score
from streamrnn.rows.labels import EVENT, EXPERTS, LAST_LABEL, NETWORK, USUAL_LABEL

COUNT_OF_EXPERTS = len(EXPERTS)
PUBLISHED, UNIT = COUNT_OF_EXPERTS, COUNT_OF_EXPERTS + 1  # behind the experts' opinions
SIZE = COUNT_OF_EXPERTS + 2


@entry
def process(slots, fresh, kinds, records, numbers, settles, labels, last, mean, unit, network, waiting, accounts,
            opinions, scores, window, block_length, forecasts, settled):
    """Answer and judge n records in log order.

    slots int64[n] (-1: no such stream), fresh bool[n], kinds int8[n], records int64[n], numbers and settles int64[n],
    labels float64[n], last, mean, unit and network float64[n] -> forecasts float64[n] and settled float64[n], the
    forecast that this record's label settled (NaN: none). The rest is the loop's state; see ``rows.labels``.
    """
    regrets = np.empty(COUNT_OF_EXPERTS)
    weights = np.empty(COUNT_OF_EXPERTS)
    found = np.empty(COUNT_OF_EXPERTS)
    for i in range(slots.shape[0]):
        block = block_of(records[i] - 1, block_length, window)
        forecasts[i] = np.nan
        settled[i] = np.nan
        if slots[i] < 0:
            continue
        account, ring = accounts[slots[i]], opinions[slots[i]]
        if fresh[i]:
            account[:] = 0.0
            ring[:] = kept(np.nan)
        if kinds[i] == EVENT:
            found[LAST_LABEL], found[USUAL_LABEL], found[NETWORK] = last[i], mean[i], network[i]
            weigh(account, 0, COUNT_OF_EXPERTS, found, weights)
            forecasts[i] = combine(COUNT_OF_EXPERTS, found, weights)
            at = SIZE * (numbers[i] % waiting)
            for e in range(COUNT_OF_EXPERTS):
                ring[at + e] = kept(found[e])
            ring[at + PUBLISHED] = kept(forecasts[i])
            ring[at + UNIT] = unit[i]
        if settles[i] == 0:
            continue
        at = SIZE * (settles[i] % waiting)
        settled[i] = known(ring[at + PUBLISHED])
        if np.isnan(settled[i]):
            continue
        baseline = known(ring[at + LAST_LABEL])
        score(scores[0, 0], settled[i], baseline, labels[i])
        score(window[0, 0, block], settled[i], baseline, labels[i])
        scale = ring[at + UNIT]
        if scale >= TINY:
            slope = absolute_slope((settled[i] - labels[i]) / scale)
            for e in range(COUNT_OF_EXPERTS):
                regrets[e] = regret(slope, settled[i], known(ring[at + e]), scale)
            update(account, 0, COUNT_OF_EXPERTS, regrets)
