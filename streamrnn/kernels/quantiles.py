"""The quantile loop: what each expert's quantiles were worth, and their mixture, for each quantile by itself.

Weights by Bernstein online aggregation on the slope of the pinball loss, which is a proper loss of a quantile (Gneiting
2011, "Quantiles as optimal point forecasts"; such weights in Berrisch and Ziel 2023, "CRPS learning"). Mixtures with
weights of their own may cross: what is published is sorted, which makes no sum of pinball losses larger (Chernozhukov,
Fernandez-Val and Galichon 2010, "Quantile and probability curves without crossing").
"""

import numpy as np

from streamrnn.kernels.aggregation import combine, regret, update, weigh
from streamrnn.kernels.compile import entry, kernel
from streamrnn.kernels.linear import copy
from streamrnn.kernels.mixture import TINY
from streamrnn.kernels.pending import known
from streamrnn.rows import ABSENT
from streamrnn.rows.mixture import EXPERT_FIELDS
from streamrnn.rows.quantiles import BASELINE_LOSS, BELOW, COUNT, LAST_VALUE, LOSS, WEIGHT


@kernel
def pinball(error, share):
    """Loss of a quantile that is above the outcome by ``error``."""
    return 0.5 * abs(error) + (0.5 - share) * error


@kernel
def pinball_slope(error, share):
    """Slope of the pinball loss in the quantile; half way where the outcome equals it."""
    return 0.5 * np.sign(error) + (0.5 - share)


@kernel
def sort(values):
    """Sort a few numbers, rising; NaN stay where they are, as where one is all are."""
    for i in range(1, values.shape[0]):
        moved = values[i]
        j = i
        while j > 0 and values[j - 1] > moved:
            values[j] = values[j - 1]
            j -= 1
        values[j] = moved


@kernel
def add_score(sums, quantile, outcome, share):
    """Count a quantile whose outcome came."""
    sums[COUNT] += 1.0
    sums[LOSS] += pinball(quantile - outcome, share)
    sums[BELOW] += 1.0 if outcome < quantile else 0.5 if outcome == quantile else 0.0


@kernel
def mix(row, at, opinions, start, experts, found, weights, out):
    """The mixtures of what stands in ``opinions`` from ``start`` on into out[Q], each by its own account, unsorted."""
    count = out.shape[0]
    for j in range(count):
        for e in range(experts):
            found[e] = known(opinions[start + e * count + j])
        weigh(row, at + EXPERT_FIELDS * experts * j, experts, found, weights)
        out[j] = combine(experts, found, weights)


@kernel
def judge(row, at, opinions_at, shares, experts, found, weights, regrets, mixed, outcome, unit, sums):
    """Learn from one outcome what each expert's quantiles are worth, and count it. What was published is computed anew:
    the accounts stand as they did."""
    count = shares.shape[0]
    mix(row, at, row, opinions_at, experts, found, weights, mixed)
    for j in range(count):
        account = at + EXPERT_FIELDS * experts * j
        for e in range(experts):
            found[e] = known(row[opinions_at + e * count + j])
        weigh(row, account, experts, found, weights)
        slope = pinball_slope(mixed[j] - outcome, shares[j])
        for e in range(experts):
            regrets[e] = regret(slope, mixed[j], found[e], unit)
            if not np.isnan(found[e]):
                add_score(sums[j, e], found[e], outcome, shares[j])
                sums[j, e, WEIGHT] += weights[e]
        update(row, account, experts, regrets)
    sort(mixed)
    for j in range(count):
        naive = known(row[opinions_at + LAST_VALUE * count + j])
        if not (np.isnan(mixed[j]) or np.isnan(naive)):
            add_score(sums[j, experts], mixed[j], outcome, shares[j])
            sums[j, experts, BASELINE_LOSS] += pinball(naive - outcome, shares[j])


@entry
def process(slots, fresh, advance, outcomes, unit_of, opinions, shares, opinions_start, slab, sums, quantiles):
    """Settle and mix the quantiles of the next step for n records in log order.

    slots int64[n], fresh bool[n], advance int64[n], outcomes and unit_of float64[n, targets], opinions float64[n,
    targets, experts, Q] (NaN: none), shares float64[Q] -> quantiles float64[n, targets, Q], rising (NaN: none). The
    rest is the loop's state; see ``rows.quantiles``.
    """
    targets, experts, count = opinions.shape[1], opinions.shape[2], shares.shape[0]
    size = opinions_start + experts * count + 1
    found, weights, regrets = np.empty(experts), np.empty(experts), np.empty(experts)
    mixed, now = np.empty(count), np.empty(experts * count)
    for i in range(slots.shape[0]):
        row = slab[slots[i]]
        for k in range(targets):
            at = size * k
            start, end = at + opinions_start, at + size - 1
            if fresh[i]:
                row[at:end] = 0.0
            if fresh[i] or advance[i] > 1:
                row[start:end] = ABSENT
                row[end] = 0.0
            outcome = outcomes[i, k]
            if advance[i] > 0 and not np.isnan(outcome) and row[end] >= TINY:
                judge(row, at, start, shares, experts, found, weights, regrets, mixed, outcome, row[end], sums[k])
            for e in range(experts):
                usable = True
                for j in range(count):
                    usable = usable and abs(opinions[i, k, e, j]) < ABSENT
                for j in range(count):
                    now[e * count + j] = opinions[i, k, e, j] if usable else ABSENT
            mix(row, at, now, 0, experts, found, weights, quantiles[i, k])
            sort(quantiles[i, k])
            # Of several records of one cell the first one's quantiles are those that are settled.
            if advance[i] > 0:
                copy(row[start:end], now, 0)
                row[end] = unit_of[i, k]
