"""The seasonal ridge: discounted least squares on seasonal features, for each stream, target and group of horizons.

The normal equations are kept and solved anew at each record: the form that updates an inverse winds up where a stream
stands still for long. Streams with little history lean on the sums of all streams of their shard.
"""

import numpy as np

from streamrnn.kernels.cholesky import solve
from streamrnn.kernels.compile import entry, kernel
from streamrnn.kernels.functions import exp
from streamrnn.kernels.pending import kept
from streamrnn.kernels.rings import place
from streamrnn.kernels.scaling import floor_of
from streamrnn.kernels.seasonal import bounded, features, known, move, skip, take
from streamrnn.rows import ABSENT
from streamrnn.rows.ridge import (
    ERROR,
    FEATURES,
    LANES,
    LAST,
    PACKED,
    PENDING,
    RINGS_END,
    SCALE_FIELDS,
    SCALES,
    SEASON,
    SLOW_AT,
    VALUES,
    VALUES_AT,
    VALUES_HEAD,
)

DISCOUNT = 0.9997
POOLED_DISCOUNT = 0.9999
KAPPA = 1000.0  # records of a stream that the shard's sums are worth; until it has seen as many, they count as they are
DELTA = 0.5  # error from which an outcome of the next step counts less (Huber), in running changes
OUTCOMES = 9.0  # of a horizon, before its own running change counts
SLOW_SEASONS = 7.0  # half-life of the slow mean
SLOW_STEPS = 168.0  # the same where there is no season
FAST_STEPS = 2.0  # half-life of the fast mean
LN_2 = 0.6931471805599453


@kernel
def changes(change, inverses, scales, field, horizons):
    """Write the running root mean square of the changes over each horizon, and one over it; 0 where nothing is known.

    While a horizon has few outcomes, it is what a random walk would have: the change of one step, times sqrt(h).
    """
    count = horizons.shape[0]
    squares = field + SCALE_FIELDS
    one, any_known = scales[squares], scales[squares + count] > 0.0
    floor = floor_of(scales[field + LAST])
    for j in range(count):
        own = scales[squares + count + j] >= OUTCOMES
        root = max(np.sqrt(scales[squares + j] if own else one * horizons[j]), floor)
        change[j] = root if own or any_known else 0.0
        inverses[j] = 1.0 / root if own or any_known else 0.0


@kernel
def add_products(products, z, edges, size, packed):
    """Sum the outer products of each group's rows of z, in the layout of ``cholesky.solve``; the outcomes, in column
    ``size`` of z, give its b.

    z [horizons, size + 1], edges [groups + 1]. Four rows a pass spare loads and stores.
    """
    for g in range(edges.shape[0] - 1):
        first, last = edges[g], edges[g + 1]
        r = first
        while r < last:
            at = g // LANES * packed * LANES + g % LANES
            four = r + 4 <= last
            for i in range(size):
                a = z[r, i]
                if four:
                    b, c, d = z[r + 1, i], z[r + 2, i], z[r + 3, i]
                    for j in range(i, size + 1):
                        more = (a * z[r, j] + b * z[r + 1, j]) + (c * z[r + 2, j] + d * z[r + 3, j])
                        products[at] = more if r == first else products[at] + more
                        at += LANES
                else:
                    for j in range(i, size + 1):
                        more = a * z[r, j]
                        products[at] = more if r == first else products[at] + more
                        at += LANES
            r += 4 if four else 1


@kernel
def discount(sums, start, factor, products):
    """sums = factor * sums + products, from ``start`` on."""
    for at in range(products.shape[0]):
        sums[start + at] = factor * sums[start + at] + products[at]


@kernel
def equations(systems, sums, start, pooled, share, priors, size, packed):
    """The stream's sums, leaning on the shard's and on the prior: what is to be solved for each group."""
    for at in range(systems.shape[0]):
        systems[at] = sums[start + at] + share * pooled[at]
    for g in range(priors.shape[0]):
        at = g // LANES * packed * LANES + g % LANES
        for i in range(size):
            systems[at] += priors[g]
            at += LANES * (size + 1 - i)


@kernel
def update_scales(outcome, scales, field, levels):
    """Take the changes that lead to this outcome into their running mean squares, unless the square is not finite."""
    count = levels.shape[0]
    for j in range(count):
        square = (outcome - levels[j]) * (outcome - levels[j])
        if square < np.inf:
            at = field + SCALE_FIELDS + j
            scales[at + count] += 1.0
            scales[at] += (square - scales[at]) / scales[at + count]


@kernel
def start_stream(heads, row, scales, sums, targets, width):
    """Clear a stream's rows."""
    for at in range(heads.shape[0]):
        heads[at] = 0
    for at in range(row.shape[0]):
        row[at] = ABSENT
    for at in range(scales.shape[0]):
        scales[at] = 0.0
    for k in range(targets):
        scales[k * width + LAST] = ABSENT
        scales[k * width + PENDING] = ABSENT
    for at in range(sums.shape[0]):
        sums[at] = 0.0


@entry
def process(slots, fresh, advance, outcomes, forecasts, spread, naive, errors, sizes, horizons, lags, long_lags, edges,
            priors, heads, rings, scales, sums, pooled, pooled_counts):
    """Process n records in log order, in place.

    slots int64[n], fresh bool[n] (the stream starts here), advance int64[n] (steps of its grid), outcomes float64[n, T]
    (NaN: missing) -> forecasts, spread (running change over each horizon) and naive float64[n, H, T] (no rows where
    there is no season), errors float64[n, T]. The rest are sizes and state; see ``rows.ridge`` and ``loops.ridge``.
    """
    count, size, packed, width = horizons.shape[0], sizes[FEATURES], sizes[PACKED], sizes[SCALES]
    values_at, values = sizes[VALUES_AT], sizes[SLOW_AT] - sizes[VALUES_AT]
    targets = outcomes.shape[1]
    half_life = SLOW_SEASONS * sizes[SEASON] if sizes[SEASON] > 0 else SLOW_STEPS
    slow_step = 1.0 - exp(-LN_2 / half_life)
    fast_step = 1.0 - exp(-LN_2 / FAST_STEPS)
    blocks = priors.shape[0] // LANES
    settled = horizons - 1  # of what is settled by the next cell, the origin stands h - 1 before the newest
    newest = np.zeros(count, np.int64)
    z = np.empty((count, size + 1))
    levels, change, inverses = np.empty(count), np.empty(count), np.empty(count)
    products, systems = np.zeros(priors.shape[0] * packed), np.empty(priors.shape[0] * packed)
    pivots = np.empty((size, LANES))
    solutions = np.empty((priors.shape[0], size))

    for i in range(slots.shape[0]):
        slot = slots[i]
        head, row, scale, own = heads[slot], rings[slot], scales[slot], sums[slot]
        if fresh[i]:
            start_stream(head, row, scale, own, targets, width)
        steps = 1 if fresh[i] else advance[i]
        if steps > 1:
            for k in range(targets):
                skip(row, k * sizes[RINGS_END], sizes, head, steps - 1)
                scale[k * width + PENDING] = ABSENT
            move(sizes, head, steps - 1)

        # Learn from the outcome, with what was known at each origin and the scales as they stood.
        if steps > 0:
            for k in range(targets):
                outcome, base, field = known(outcomes[i, k]), k * sizes[RINGS_END], k * width
                if np.isnan(outcome):
                    continue
                changes(change, inverses, scale, field, horizons)
                if change[0] > 0.0 and scale[field + PENDING] != ABSENT:
                    scale[field + ERROR] = bounded((outcome - scale[field + PENDING]) * inverses[0])
                for j in range(count):
                    levels[j] = known(row[base + values_at + place(head[VALUES_HEAD], settled[j], values)])
                    inverses[j] = inverses[j] if levels[j] == levels[j] else 0.0  # no origin, nothing to learn
                if change[0] > 0.0:
                    features(z, row, base, sizes, head, settled, horizons, lags, long_lags, levels, inverses)
                    for j in range(count):
                        z[j, size] = bounded((outcome - levels[j]) * inverses[j])
                    if scale[field + PENDING] != ABSENT and abs(scale[field + ERROR]) > DELTA:
                        trust = np.sqrt(DELTA / abs(scale[field + ERROR]))
                        for f in range(size + 1):
                            z[0, f] *= trust
                    add_products(products, z, edges, size, packed)
                    discount(own, k * systems.shape[0], DISCOUNT, products)
                    discount(pooled[k], 0, POOLED_DISCOUNT, products)
                    pooled_counts[k] = POOLED_DISCOUNT * pooled_counts[k] + 1.0
                update_scales(outcome, scale, field, levels)
            move(sizes, head, 1)
            for k in range(targets):
                outcome, field = known(outcomes[i, k]), k * width
                take(row, k * sizes[RINGS_END], sizes, head, outcome, scale[field + VALUES], slow_step, fast_step)
                if not np.isnan(outcome):
                    scale[field + VALUES] += 1.0
                    scale[field + LAST] = outcome

        # Solve, and forecast from the newest cell; where it has no value, from the newest value.
        for k in range(targets):
            base, field = k * sizes[RINGS_END], k * width
            level = known(scale[field + LAST])
            for j in range(count):
                levels[j] = level
            changes(change, inverses, scale, field, horizons)
            features(z, row, base, sizes, head, newest, horizons, lags, long_lags, levels, inverses)
            share = KAPPA / max(pooled_counts[k], KAPPA)
            equations(systems, own, k * systems.shape[0], pooled[k], share, priors, size, packed)
            solve(systems, blocks, size, pivots, solutions)
            for g in range(edges.shape[0] - 1):
                for j in range(edges[g], edges[g + 1]):
                    total = 0.0
                    for f in range(size):
                        total += solutions[g, f] * z[j, f]
                    forecast = level + change[j] * total
                    forecasts[i, j, k] = forecast if np.isfinite(forecast) else level
                    spread[i, j, k] = change[j]
            scale[field + PENDING] = kept(forecasts[i, 0, k])
            if naive.shape[0] > 0:
                for j in range(count):
                    ago = place(head[VALUES_HEAD], lags[j] - horizons[j], values)
                    naive[i, j, k] = known(row[base + values_at + ago])
            errors[i, k] = scale[field + ERROR]
