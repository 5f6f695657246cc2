"""The network loop of tokens: learn from what came after the last steps, step the state, tell what comes next.

A token is its own row of the input weights, added to the sums of the gates: what an input of zeros and a one would
give, at the cost of one row. Of these rows an optimiser step moves those that it has learned from; see
``kernels.categories``.
"""

import numpy as np

from streamrnn.kernels import drift, optimiser
from streamrnn.kernels import gru as cell  # every other cell takes its place, see for_each_cell
from streamrnn.kernels.cells import for_each_cell
from streamrnn.kernels.compile import kernel
from streamrnn.kernels.functions import exp, log
from streamrnn.kernels.linear import add_rows, copy, pieces, transpose
from streamrnn.kernels.softmax import log_loss, softmax
from streamrnn.rows.categories import COUNT, FLAGS
from streamrnn.rows.cells import GATES, INNER_BIASES, KEPT, STATES
from streamrnn.rows.network import CONTRIBUTED, HIDDEN, INPUTS, K1, K2, LOSS, PASSES
from streamrnn.rows.tokens import AGE, HEAD, NONE, RING, SINCE

LEAST = 1e-30  # a probability below it adds no more to the loss that is told


@kernel
def outputs_of(h, transposed_v, d, outputs):
    """Outputs of a state that begins with h[hidden]."""
    copy(outputs, d, 0)
    add_rows(outputs, h, transposed_v, transposed_v.shape[0], outputs.shape[0])


@kernel
def chances(outputs, sets, known, out):
    """Probabilities of the first ``known`` codes into out[codes]: of sum 1, or of sets each by itself; 0 beyond."""
    if not sets:
        softmax(outputs, known, out)
        return
    for k in range(out.shape[0]):
        out[k] = 1.0 / (1.0 + exp(-float(outputs[k]))) if k < known else 0.0


@kernel
def slopes_of(outputs, sets, known, ring, at, members, slopes, sums):
    """Gradient of the log loss in each output, into slopes[codes], for the tokens at ``at`` in a ring of codes; the
    loss is added to ``sums``, and returned."""
    chances(outputs, sets, known, slopes)
    loss = 0.0
    if sets:
        for k in range(known):
            # Of what is absent; what is present is put right below.
            loss -= log(max(1.0 - slopes[k], LEAST))
    for m in range(members):
        code = ring[at + m]
        if code != NONE:
            loss += log_loss(slopes[code], LEAST)
            if sets:
                loss += log(max(1.0 - slopes[code], LEAST))
            slopes[code] -= 1.0
    sums[LOSS] += loss
    return loss


@kernel
def sum_inputs(ring, at, members, w, b, out):
    """Sums of the gates that a step's tokens give, with the biases, into out[wide]."""
    copy(out, b, 0)
    for m in range(members):
        code = ring[at + m]
        if code != NONE:
            for j in range(out.shape[0]):
                out[j] += w[code, j]


@kernel
def learn_inputs(ring, at, members, d_sums, gw, touched):
    """Add one step's gradient to the rows of its tokens."""
    codes = gw.shape[0]
    for m in range(members):
        code = ring[at + m]
        if code != NONE:
            for j in range(d_sums.shape[0]):
                gw[code, j] += d_sums[j]
            if touched[FLAGS + code] == 0:
                touched[FLAGS + code] = 1
                touched[FLAGS + codes + touched[COUNT]] = code
                touched[COUNT] += 1


def process(slots, fresh, live, steps, restarts, tokens, edges, known, members, sets, said, sizes, rates, slab, counts,
            weights, first, second, gradient, touched, totals, sums):
    """Process n steps in log order, in place.

    slots int64[n], fresh bool[n], live int64[n], steps bool[n] (False: nothing came), restarts bool[n] (the step's
    state begins at zero), tokens int64 with those of step i from edges[i] up to edges[i + 1], known int64[n] (codes
    that may come next) -> said float64[n, codes], what is held likely to come next; zeros where nothing came. A step
    has ``members`` tokens at most; with ``sets`` several come at once, and a restart is none of them. The rest is the
    loop's state; see ``rows.tokens``.
    """
    codes, hidden, k1, k2 = sizes[INPUTS], sizes[HIDDEN], sizes[K1], sizes[K2]
    wide, carried = GATES[cell.CODE] * hidden, STATES[cell.CODE] * hidden
    ring = k2 + 1
    kind = weights.dtype
    inner = INNER_BIASES[cell.CODE] * hidden
    w, b, u, c, v, d = pieces(weights, codes, hidden, wide, inner, codes)
    gw, gb, gu, gc, gv, gd = pieces(gradient, codes, hidden, wide, inner, codes)

    transposed_u = np.empty((wide, hidden), kind)
    transposed_v = np.empty((hidden, codes), kind)
    transposed = False
    nothing = np.empty((k2, 0), kind)
    given = np.empty(wide, kind)
    h_window = np.empty((ring, carried), kind)
    kept = np.empty((k2, KEPT[cell.CODE] * hidden), kind)
    d_left = np.empty((k2, wide), kind)
    d_right = np.empty((k2, wide), kind)
    left = np.empty(wide, kind)
    right = np.empty(wide, kind)
    dh = np.empty(carried, kind)
    dh_before = np.empty(carried, kind)
    outputs = np.empty(codes, kind)
    exact = np.empty(codes)
    slopes = np.empty(codes, kind)

    for i in range(slots.shape[0]):
        said[i] = 0.0
        row, tally = slab[slots[i]], counts[slots[i]]
        if fresh[i]:
            row[:] = 0
            tally[:] = 0
        if not steps[i]:
            continue
        newest, age = tally[HEAD], tally[AGE]
        after = (newest + 1) % ring
        for m in range(members):
            at = edges[i] + m
            tally[RING + after * members + m] = tokens[at] if at < edges[i + 1] else NONE
        if age > 0 and not (sets and restarts[i]):
            tally[SINCE] += 1
        if not transposed:
            transpose(transposed_u, u)
            transpose(transposed_v, v)
            transposed = True

        # Learn: back through the window that ends at the newest step whose outcome is known.
        outcomes = min(tally[SINCE], k1)
        if outcomes > 0 and (outcomes == k1 or restarts[i]):
            # At the end of a set's sequence nothing came, so that the newest step has no outcome.
            last = (newest - 1 + ring) % ring if sets and restarts[i] else newest
            length = min(age - 1 if sets and restarts[i] else age, k2)
            oldest = (last - length + ring) % ring
            copy(h_window[0], row, oldest * carried)
            for s in range(length):
                sum_inputs(tally, RING + ((oldest + 1 + s) % ring) * members, members, w, b, given)
                cell.step(nothing[s], h_window[s], w[:0], given, u, c, left, right, kept[s], h_window[s + 1])
            dh[:] = 0
            loss = 0.0
            for s in range(length - 1, -1, -1):
                if length - s <= outcomes:
                    outputs_of(h_window[s + 1], transposed_v, d, outputs)
                    at = RING + ((oldest + 2 + s) % ring) * members
                    loss += slopes_of(outputs, sets, known[i], tally, at, members, exact, sums)
                    for k in range(codes):
                        slopes[k] = exact[k] / k1
                        gd[k] += slopes[k]
                    for k in range(known[i]):
                        for j in range(hidden):
                            gv[k, j] += slopes[k] * h_window[s + 1, j]
                    add_rows(dh, slopes, v, known[i], hidden)
                cell.back(h_window[s], kept[s], dh, transposed_u, d_left[s], d_right[s], dh_before)
                dh, dh_before = dh_before, dh
            cell.add_gradient(nothing, h_window, d_left, d_right, length, gw[:0], gb, gu, gc)
            for s in range(length):
                learn_inputs(tally, RING + ((oldest + 1 + s) % ring) * members, members, d_left[s], gw, touched)
            tally[SINCE] = 0
            totals[CONTRIBUTED] += 1
            totals[PASSES] += 1
            drift.watch_shard(loss / outcomes, live[i], sizes, rates, first, second, totals, sums)
        if optimiser.count(weights, first, second, gradient, touched, live[i], sizes, rates, totals, sums):
            transpose(transposed_u, u)
            transpose(transposed_v, v)

        # Step, and tell what comes next.
        if restarts[i]:
            row[newest * carried : newest * carried + carried] = 0
            age = 0
            tally[SINCE] = 0
        sum_inputs(tally, RING + after * members, members, w, b, given)
        before, h = row[newest * carried : (newest + 1) * carried], row[after * carried : (after + 1) * carried]
        cell.step(nothing[0], before, w[:0], given, u, c, left, right, kept[0], h)
        tally[HEAD] = after
        tally[AGE] = min(age + 1, k2)
        outputs_of(h, transposed_v, d, outputs)
        chances(outputs, sets, known[i], said[i])


PROCESS = for_each_cell(process)
