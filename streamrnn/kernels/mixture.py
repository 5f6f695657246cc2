"""The mixture loop: settle what awaited this step, learn what each expert is worth, and publish their mixture."""

import numpy as np

from streamrnn.kernels import aggregation, power_mixture
from streamrnn.kernels.compile import entry, kernel
from streamrnn.kernels.drift import watch
from streamrnn.kernels.pending import kept, known, skip
from streamrnn.kernels.scores import block_of, score
from streamrnn.rows import ABSENT
from streamrnn.rows.drift import BLOCK, FIELDS, NONE, RESET_MIXTURE
from streamrnn.rows.mixture import EXPERT_COUNT, EXPERT_ERROR, EXPERT_FIELDS, EXPERT_WEIGHT

TINY = 1e-150  # a unit below it counts as none


@kernel
def hear(row, at, last, opinions):
    """Fill in the experts' forecasts of a step: the last value, then those in the ring at ``at``."""
    opinions[0] = last
    for e in range(1, opinions.shape[0]):
        opinions[e] = known(row[at + e - 1])


@kernel
def weigh(row, account, group, opinions, weights):
    """Fill in the experts' weights: of the next step by Bernstein aggregation, beyond it by a power of their errors."""
    experts = opinions.shape[0]
    if group == 0:
        aggregation.weigh(row, account, experts, opinions, weights)
    else:
        power_mixture.weigh(row, row[experts:], account, experts, opinions, weights)


@kernel
def judge(row, account, group, opinions, mixed, unit, outcome, regrets, weights, sums):
    """Learn from one outcome what each expert is worth, and add its error and weight to ``sums``."""
    experts = opinions.shape[0]
    weigh(row, account, group, opinions, weights)
    for e in range(experts):
        if not np.isnan(opinions[e]):
            sums[e, EXPERT_ERROR] += abs(outcome - opinions[e])
            sums[e, EXPERT_WEIGHT] += weights[e]
            sums[e, EXPERT_COUNT] += 1.0
    if group > 0:
        power_mixture.settle(row, row[experts:], account, experts, outcome, opinions, unit)
        return
    slope = aggregation.absolute_slope((mixed - outcome) / unit)
    for e in range(experts):
        regrets[e] = aggregation.regret(slope, mixed, opinions[e], unit)
    aggregation.update(row, account, experts, regrets)


@entry
def process(slots, fresh, records, advance, steps, outcomes, last, unit_of, spread, opinions, slab, scores, window,
            expert_sums, block_length, horizons, group_of, longest, accounts, last_ring, published, opinion_rings,
            watchers, drift_action, drift_threshold, forecasts, settled, settled_baselines, drift):
    """Settle and mix n records in log order.

    slots int64[n], fresh bool[n], records, advance and steps int64[n], outcomes, last and unit_of float64[n, targets],
    spread float64[n, horizons, targets], opinions float64[n, horizons, targets, experts] (NaN: none; the last value is
    filled in) -> forecasts, settled and settled_baselines float64[n, horizons, targets], drift bool[n]. The rest is the
    loop's state and where it lies; see ``rows.mixture``.
    """
    targets, experts = outcomes.shape[1], opinions.shape[3]
    others = experts - 1
    count = horizons.shape[0]
    far = horizons[count - 1]
    account_size = EXPERT_FIELDS * experts
    found = np.empty(experts)
    regrets = np.empty(experts)
    weights = np.empty(experts)
    for i in range(slots.shape[0]):
        row = slab[slots[i]]
        if fresh[i]:
            row[:last_ring] = 0.0
            row[last_ring:] = ABSENT
            watchers[slots[i]] = 0.0
        drift[i] = False
        step, moved = steps[i], advance[i]
        if moved > 1:
            skip(row, last_ring, far, targets, step, moved)
            for q in range(count):
                skip(row, published[q], horizons[q], targets, step, moved)
            for g in range(longest.shape[0]):
                skip(row, opinion_rings[g], horizons[longest[g]], targets * others, step, moved)
        block = block_of(records[i] - 1, block_length, window, True)
        for q in range(count):
            h, g = horizons[q], group_of[q]
            for k in range(targets):
                settled[i, q, k] = np.nan
                settled_baselines[i, q, k] = np.nan
                outcome = outcomes[i, k]
                if moved == 0 or np.isnan(outcome):
                    continue
                forecast = known(row[published[q] + (step % h) * targets + k])
                if np.isnan(forecast):
                    continue
                baseline = row[last_ring + ((step - h) % far) * targets + k]
                settled[i, q, k] = forecast
                settled_baselines[i, q, k] = baseline
                score(scores[q, k], forecast, baseline, outcome)
                score(window[q, k, block], forecast, baseline, outcome)
                if q == 0 and drift_action != NONE and row[k] >= TINY:
                    watcher = watchers[slots[i], FIELDS * k : FIELDS * (k + 1)]
                    if watch(watcher, abs(outcome - forecast) / row[k], BLOCK, drift_threshold):
                        drift[i] = True
                        if drift_action == RESET_MIXTURE:
                            row[accounts + account_size * k : accounts + account_size * (k + 1)] = 0.0
                unit = row[g * targets + k]
                if longest[g] == q and unit >= TINY:
                    account = accounts + account_size * (g * targets + k)
                    hear(row, opinion_rings[g] + ((step % h) * targets + k) * others, baseline, found)
                    judge(row, account, g, found, forecast, unit, outcome, regrets, weights, expert_sums[g, k])
        for q in range(count):
            h, g = horizons[q], group_of[q]
            for k in range(targets):
                opinions[i, q, k, 0] = last[i, k]
                weigh(row, accounts + account_size * (g * targets + k), g, opinions[i, q, k], weights)
                forecasts[i, q, k] = aggregation.combine(experts, opinions[i, q, k], weights)
                if moved > 0:
                    row[published[q] + (step % h) * targets + k] = kept(forecasts[i, q, k])
                if longest[g] == q:
                    row[g * targets + k] = unit_of[i, k] if g == 0 else spread[i, q, k]
                    if moved > 0:
                        at = opinion_rings[g] + ((step % h) * targets + k) * others
                        for e in range(others):
                            row[at + e] = kept(opinions[i, q, k, e + 1])
        for k in range(targets):
            if moved > 0:
                row[last_ring + (step % far) * targets + k] = kept(last[i, k])
