"""The network loop: learn from the outcome of the last forecast, step the state, forecast."""

import numpy as np

from streamrnn.kernels import categories, drift, optimiser, quantile_head
from streamrnn.kernels import gru as cell  # every other cell takes its place, see for_each_cell
from streamrnn.kernels import point_head as head  # and the quantile head
from streamrnn.kernels.cells import for_each_cell
from streamrnn.kernels.compile import kernel
from streamrnn.kernels.linear import copy, pieces, transpose
from streamrnn.kernels.scaling import clip
from streamrnn.rows.cells import GATES, INNER_BIASES, KEPT, STATES
from streamrnn.rows.network import (
    AGE,
    BASE,
    CATEGORIES,
    CONTRIBUTED,
    EMBEDDING,
    EVENTS,
    HEAD,
    HIDDEN,
    HUBER_DELTA,
    INPUTS,
    K1,
    K2,
    LOSS,
    PASSES,
    PENDING,
    RMS,
    SEEN,
    TARGET_FIELDS,
    TARGETS,
)

MISSING = 1e6  # stands for "no goal" in the ring of learning goals, which are clipped at 8


@kernel
def set_goals(pending, advance, outcomes, goals):
    """What the network should have said of the step that this record brings, into ``goals[targets]``.

    The goal is what the base forecast left to say, in running rms changes.
    """
    for k in range(goals.shape[0]):
        at = TARGET_FIELDS * k
        goals[k] = MISSING
        if advance != 1 or pending[at + PENDING] == 0.0 or np.isnan(outcomes[k]):
            continue
        if pending[at + RMS] > 0.0:
            goals[k] = clip((outcomes[k] - pending[at + BASE]) / pending[at + RMS])


@kernel
def leave(pending, k, base, rms):
    """Leave a forecast of target k pending; False where its base is not known, and nothing can be forecast."""
    at = TARGET_FIELDS * k
    pending[at + PENDING] = 0.0 if np.isnan(base) else 1.0
    if np.isnan(base):
        return False
    pending[at + BASE] = base
    pending[at + RMS] = rms
    return True


def process(slots, fresh, live, advance, outcomes, base, rms, seen, levels, out, told, hidden_out, sizes, rates, slab,
            pending_slab, counts, weights, first, second, gradient, touched, totals, sums):
    """Process n records in log order, in place.

    slots int64[n], fresh bool[n], live int64[n], advance int64[n], outcomes, base (forecast of the next step that the
    network corrects) and rms float64[n, targets], seen float64[n, seen], levels float64[Q] (shares below each
    quantile; of a point head Q is 0) -> out float64[n, targets] (the corrected forecasts), told float64[n, targets, Q]
    (the quantiles; NaN: none), hidden_out [n, hidden] (the states after each record). The rest is the loop's state; see
    ``loops.network``.
    """
    targets, inputs, hidden = sizes[TARGETS], sizes[INPUTS], sizes[HIDDEN]
    k1, k2, kept_inputs = sizes[K1], sizes[K2], sizes[SEEN]
    wide = GATES[cell.CODE] * hidden
    carried = STATES[cell.CODE] * hidden
    steps = k2 + 1
    x_at = steps * carried
    y_at = x_at + steps * kept_inputs
    delta = rates[HUBER_DELTA]
    kind = weights.dtype

    inner = INNER_BIASES[cell.CODE] * hidden
    width = max(1, levels.shape[0])
    w, b, u, c, v, d = pieces(weights, inputs, hidden, wide, inner, targets * width)
    gw, gb, gu, gc, gv, gd = pieces(gradient, inputs, hidden, wide, inner, targets * width)
    table, table_gradient = categories.table_of(weights, sizes), categories.table_of(gradient, sizes)

    transposed_u = np.empty((wide, hidden), kind)
    transposed_w = np.empty((wide, sizes[CATEGORIES] * sizes[EMBEDDING]), kind)
    transposed = False
    x_window = np.empty((k2, inputs), kind)
    h_window = np.empty((steps, carried), kind)
    kept = np.empty((k2, KEPT[cell.CODE] * hidden), kind)
    d_left = np.empty((k2, wide), kind)
    d_right = np.empty((k2, wide), kind)
    left = np.empty(wide, kind)
    right = np.empty(wide, kind)
    dh = np.empty(carried, kind)
    dh_before = np.empty(carried, kind)
    slopes = np.empty(width, kind)
    raw, said = np.empty(width), np.empty(width)

    for i in range(slots.shape[0]):
        slot = slots[i]
        row, pending, tally = slab[slot], pending_slab[slot], counts[slot]
        if fresh[i]:
            row[:] = 0
            pending[:] = 0.0
            tally[:] = 0
        newest, age = tally[HEAD], tally[AGE]
        set_goals(pending, advance[i], outcomes[i], row[y_at + newest * targets : y_at + (newest + 1) * targets])

        # Learn: back through the window that ends at the step whose outcome this record brought.
        length = min(age, k2)
        learns = False
        if length > 0 and tally[EVENTS] % k1 == 0:
            for back in range(min(k1, length)):
                at = y_at + ((newest - back + steps) % steps) * targets
                for k in range(targets):
                    learns = learns or row[at + k] != MISSING
        if learns:
            if not transposed:
                transpose(transposed_u, u)
                categories.transpose_weights(transposed_w, w)
                transposed = True
            oldest = (newest - length + steps) % steps
            copy(h_window[0], row, oldest * carried)
            for s in range(length):
                at = (oldest + 1 + s) % steps
                categories.read_step(x_window[s], row, x_at + at * kept_inputs, table, sizes)
                cell.step(x_window[s], h_window[s], w, b, u, c, left, right, kept[s], h_window[s + 1])
            dh[:] = 0
            before, known = sums[LOSS], 0
            share = 1.0 / (targets * k1)
            for s in range(length - 1, -1, -1):
                if length - s <= k1:
                    at = y_at + ((oldest + 1 + s) % steps) * targets
                    for k in range(targets):
                        if row[at + k] != MISSING:
                            head.add_slopes(
                                h_window[s + 1], v, d, k, row[at + k], share, delta, levels, raw, said, slopes, sums,
                                dh, gv, gd,
                            )  # fmt: skip
                            known += 1
                cell.back(h_window[s], kept[s], dh, transposed_u, d_left[s], d_right[s], dh_before)
                dh, dh_before = dh_before, dh
            cell.add_gradient(x_window, h_window, d_left, d_right, length, gw, gb, gu, gc)
            if sizes[CATEGORIES] > 0:
                for s in range(length):
                    at = x_at + ((oldest + 1 + s) % steps) * kept_inputs
                    categories.learn_step(row, at, d_left[s], transposed_w, table_gradient, touched, sizes)
            totals[CONTRIBUTED] += 1
            totals[PASSES] += 1
            drift.watch_shard((sums[LOSS] - before) / known, live[i], sizes, rates, first, second, totals, sums)

        if optimiser.count(weights, first, second, gradient, touched, live[i], sizes, rates, totals, sums):
            transposed = False

        # Step, forecast.
        tally[EVENTS] += 1
        after = (newest + 1) % steps
        for j in range(kept_inputs):
            row[x_at + after * kept_inputs + j] = seen[i, j]
        x = x_window[0]
        categories.read_step(x, row, x_at + after * kept_inputs, table, sizes)
        h = row[after * carried : (after + 1) * carried]
        cell.step(x, row[newest * carried : (newest + 1) * carried], w, b, u, c, left, right, kept[0], h)
        copy(hidden_out[i], row, after * carried)
        tally[HEAD] = after
        tally[AGE] = min(age + 1, k2)
        for k in range(targets):
            out[i, k] = np.nan
            told[i, k] = np.nan
            if leave(pending, k, base[i, k], rms[i, k]):
                out[i, k] = head.say(h, v, d, k, levels, base[i, k], rms[i, k], raw, said, told[i, k])


PROCESS = {
    "point": for_each_cell(process),
    "quantiles": for_each_cell(process, "quantiles", head=quantile_head),
}
