"""The network loop of the linear recurrent unit: learn from the last forecast's outcome, step the state, forecast."""

import numpy as np

from streamrnn.kernels import categories, diagonal, drift, optimiser, quantile_head
from streamrnn.kernels import point_head as head  # and the quantile head takes its place
from streamrnn.kernels.compile import bound_entry
from streamrnn.kernels.linear import copy, transpose
from streamrnn.kernels.network import MISSING, leave, set_goals
from streamrnn.rows.network import (
    AGE,
    CATEGORIES,
    CONTRIBUTED,
    EMBEDDING,
    EVENTS,
    HIDDEN,
    HUBER_DELTA,
    INPUTS,
    LOSS,
    PASSES,
    SEEN,
    TARGETS,
)


def process(slots, fresh, live, advance, outcomes, base, rms, seen, levels, out, told, hidden_out, sizes, rates, slab,
            pending_slab, counts, weights, first, second, gradient, touched, totals, sums):
    """Process n records in log order, in place; arguments as those of ``kernels.network.process``, rows those of
    ``rows.network`` with traces behind the state."""
    targets, inputs, hidden, kept_inputs = sizes[TARGETS], sizes[INPUTS], sizes[HIDDEN], sizes[SEEN]
    trace_at = 3 * hidden
    x_at = trace_at + 2 * hidden * (inputs + 3)
    y_at = x_at + kept_inputs
    delta = rates[HUBER_DELTA]
    kind = weights.dtype
    width = max(1, levels.shape[0])
    w, b, u, c, v, d = diagonal.pieces(weights, inputs, hidden, targets * width)
    gw, gb, gu, gc, gv, gd = diagonal.pieces(gradient, inputs, hidden, targets * width)
    table, table_gradient = categories.table_of(weights, sizes), categories.table_of(gradient, sizes)

    turning = np.empty((5, hidden), kind)
    diagonal.poles(c, turning)
    transposed_u = np.empty((2 * hidden, 2 * hidden), kind)
    transposed_w = np.empty((4 * hidden, sizes[CATEGORIES] * sizes[EMBEDDING]), kind)
    transposed = False
    x = np.empty(inputs, kind)
    summed, spoken = np.empty(4 * hidden, kind), np.empty(2 * hidden, kind)
    dh, d_sums = np.empty(hidden, kind), np.empty(4 * hidden, kind)
    slopes = np.empty(width, kind)
    raw, said = np.empty(width), np.empty(width)

    for i in range(slots.shape[0]):
        slot = slots[i]
        row, pending, tally = slab[slot], pending_slab[slot], counts[slot]
        if fresh[i]:
            row[:] = 0
            pending[:] = 0.0
            tally[:] = 0
        state = row[:trace_at]
        traces = row[trace_at:x_at].reshape((inputs + 3, 2 * hidden))
        goals = row[y_at : y_at + targets]
        set_goals(pending, advance[i], outcomes[i], goals)

        # Learn: from the step whose outcome this record brought, through the traces of all before it.
        known = 0
        if tally[AGE] > 0:
            for k in range(targets):
                if goals[k] != MISSING:
                    known += 1
        if known > 0:
            if not transposed:
                transpose(transposed_u, u)
                categories.transpose_weights(transposed_w, w)
                transposed = True
            categories.read_step(x, row, x_at, table, sizes)
            diagonal.read(x, state, w, b, u, summed, spoken)
            dh[:] = 0
            before = sums[LOSS]
            for k in range(targets):
                if goals[k] != MISSING:
                    head.add_slopes(
                        state, v, d, k, goals[k], 1.0 / targets, delta, levels, raw, said, slopes, sums, dh, gv, gd,
                    )  # fmt: skip
            diagonal.add_gradient(x, state, spoken, traces, transposed_u, dh, d_sums, gw, gb, gu, gc)
            if sizes[CATEGORIES] > 0:  # of an embedding, what it did in its own step
                for j in range(hidden):
                    d_sums[j] *= turning[3, j]
                    d_sums[hidden + j] *= turning[3, j]
                categories.learn_step(row, x_at, d_sums, transposed_w, table_gradient, touched, sizes)
            totals[CONTRIBUTED] += 1
            totals[PASSES] += 1
            drift.watch_shard((sums[LOSS] - before) / known, live[i], sizes, rates, first, second, totals, sums)

        if optimiser.count(weights, first, second, gradient, touched, live[i], sizes, rates, totals, sums):
            transposed = False
            diagonal.poles(c, turning)

        # Step, forecast.
        tally[EVENTS] += 1
        tally[AGE] = 1
        for j in range(kept_inputs):
            row[x_at + j] = seen[i, j]
        categories.read_step(x, row, x_at, table, sizes)
        diagonal.step(x, state, traces, w, b, u, turning, summed, spoken)
        copy(hidden_out[i], row, 0)
        for k in range(targets):
            out[i, k] = np.nan
            told[i, k] = np.nan
            if leave(pending, k, base[i, k], rms[i, k]):
                out[i, k] = head.say(state, v, d, k, levels, base[i, k], rms[i, k], raw, said, told[i, k])


PROCESS = {
    "point": bound_entry(process, "process_lru"),
    "quantiles": bound_entry(process, "process_lru_quantiles", head=quantile_head),
}
