"""The network loop of labels in both directions: step the forward state at each event; when an event's answer falls due
run a second cell from a zero state back over the events behind it, and answer from both; learn from a label through
both."""

import numpy as np

from streamrnn.kernels import categories, drift, optimiser
from streamrnn.kernels import gru as cell  # every other cell takes its place, see for_each_cell
from streamrnn.kernels.cells import for_each_cell
from streamrnn.kernels.compile import kernel
from streamrnn.kernels.label_network import AGE, BASE, FIELDS, LENGTHS, RMS, answer, slopes_of
from streamrnn.kernels.linear import copy, pieces, transpose
from streamrnn.kernels.point_head import add_slope, output_of
from streamrnn.rows.cells import GATES, INNER_BIASES, KEPT, STATES
from streamrnn.rows.labels import DUE, EVENT
from streamrnn.rows.network import (
    CATEGORIES,
    CODES,
    CONTRIBUTED,
    EMBEDDING,
    HIDDEN,
    HUBER_DELTA,
    INPUTS,
    K2,
    LOSS,
    PASSES,
    SEEN,
    TARGETS,
)


@kernel
def both_pieces(flat, inputs, ahead_inputs, hidden, wide, inner, outputs, table):
    """A network's weights, or their gradient, out of one vector: the two cells' (see ``linear.pieces``), and the head's
    v [outputs, 2 hidden] and d [outputs]; ``table`` numbers of embeddings stand last."""
    d_at = flat.shape[0] - table - outputs
    v_at = d_at - 2 * hidden * outputs
    forward = inputs * wide + wide + hidden * wide + inner
    w, b, u, c, _, _ = pieces(flat[:forward], inputs, hidden, wide, inner, 0)
    ahead_w, ahead_b, ahead_u, ahead_c, _, _ = pieces(flat[forward:v_at], ahead_inputs, hidden, wide, inner, 0)
    v = flat[v_at:d_at].reshape((outputs, 2 * hidden))
    return w, b, u, c, ahead_w, ahead_b, ahead_u, ahead_c, v, flat[d_at : d_at + outputs]


@kernel
def without_labels(out, x, first):
    """A step's input but for what is shown of labels, which stands at ``first``."""
    skipped = x.shape[0] - out.shape[0]
    for j in range(out.shape[0]):
        out[j] = x[j] if j < first else x[j + skipped]


def process(slots, fresh, live, kinds, restarts, numbers, settles, ages, labels, known, last, rms, seen, out, waiting,
            most, shown, lookahead, sizes, rates, slab, pending, counts, weights, first, second, gradient, touched,
            totals, sums):
    """Process n records in log order, in place; arguments as those of ``kernels.label_network.process``.

    Answers are given in rows of kind DUE, whose event is ``numbers`` and looks ``ages`` int64[n] events ahead.
    ``shown`` is where the inputs that come from labels begin, which the backward cell does not see; ``lookahead`` the
    most events it begins behind an answer's own.
    """
    outputs, inputs, hidden, k2 = sizes[TARGETS], sizes[INPUTS], sizes[HIDDEN], sizes[K2]
    kept_inputs = sizes[SEEN]
    embeddings = sizes[CATEGORIES] * sizes[EMBEDDING]
    ahead_inputs = shown + embeddings
    wide, carried = GATES[cell.CODE] * hidden, STATES[cell.CODE] * hidden
    steps = waiting + k2
    x_at = steps * carried
    lookaheads = LENGTHS + waiting
    kind = weights.dtype

    inner, table_size = INNER_BIASES[cell.CODE] * hidden, sizes[CODES] * sizes[EMBEDDING]
    w, b, u, c, ahead_w, ahead_b, ahead_u, ahead_c, v, d = both_pieces(
        weights, inputs, ahead_inputs, hidden, wide, inner, outputs, table_size
    )
    gw, gb, gu, gc, ahead_gw, ahead_gb, ahead_gu, ahead_gc, gv, gd = both_pieces(
        gradient, inputs, ahead_inputs, hidden, wide, inner, outputs, table_size
    )
    table, table_gradient = categories.table_of(weights, sizes), categories.table_of(gradient, sizes)

    transposed_u, transposed_ahead_u = np.empty((wide, hidden), kind), np.empty((wide, hidden), kind)
    transposed_w, transposed_ahead_w = np.empty((wide, embeddings), kind), np.empty((wide, embeddings), kind)
    transposed = False
    longest = max(k2, lookahead + 1)
    x_window, ahead_x_window = np.empty((k2, inputs), kind), np.empty((lookahead + 1, ahead_inputs), kind)
    h_window, ahead_h_window = np.empty((k2 + 1, carried), kind), np.zeros((lookahead + 2, carried), kind)
    kept, ahead_kept = np.empty((k2, KEPT[cell.CODE] * hidden), kind), np.empty(
        (lookahead + 1, KEPT[cell.CODE] * hidden), kind
    )
    d_left, d_right = np.empty((longest, wide), kind), np.empty((longest, wide), kind)
    x = np.empty(inputs, kind)
    left, right = np.empty(wide, kind), np.empty(wide, kind)
    joined, d_joined = np.empty(2 * hidden, kind), np.empty(2 * hidden, kind)
    dh, dh_before = np.empty(carried, kind), np.empty(carried, kind)
    slope = np.empty(1, kind)
    said = np.empty(outputs)
    slopes = np.empty(outputs)

    for i in range(slots.shape[0]):
        out[i] = np.nan
        if slots[i] < 0:
            continue
        row, account, tally = slab[slots[i]], pending[slots[i]], counts[slots[i]]
        if fresh[i]:
            row[:] = 0
            account[:] = 0.0
            tally[:] = 0

        if kinds[i] == EVENT:
            number = numbers[i]
            before, after = ((number - 1) % steps) * carried, (number % steps) * carried
            if restarts[i]:
                # All before it is answered, and no window that is still to be learned begins here.
                row[before : before + carried] = 0
                tally[AGE] = 0
            at = x_at + (number % steps) * kept_inputs
            for j in range(kept_inputs):
                row[at + j] = seen[i, j]
            categories.read_step(x, row, at, table, sizes)
            cell.step(
                x, row[before : before + carried], w, b, u, c, left, right, kept[0], row[after : after + carried]
            )
            tally[AGE] = min(tally[AGE] + 1, k2)
            tally[LENGTHS + number % waiting] = tally[AGE]
            continue

        number = settles[i]
        if kinds[i] == DUE:
            number = numbers[i]
            tally[lookaheads + number % waiting] = ages[i]
            if most == 0:
                place = FIELDS * (number % waiting)
                account[place + RMS] = 0.0 if np.isnan(last[i]) else rms[i]
                account[place + BASE] = 0.0 if np.isnan(last[i]) else last[i]
        if number == 0:
            continue
        # Back over the events behind, from the farthest to the event itself.
        ahead = tally[lookaheads + number % waiting]
        for s in range(ahead + 1):
            at = x_at + ((number + ahead - s) % steps) * kept_inputs
            categories.read_step(x, row, at, table, sizes)
            without_labels(ahead_x_window[s], x, shown)
            cell.step(
                ahead_x_window[s], ahead_h_window[s], ahead_w, ahead_b, ahead_u, ahead_c, left, right, ahead_kept[s],
                ahead_h_window[s + 1],
            )  # fmt: skip
        copy(joined[hidden:], ahead_h_window[ahead + 1], 0)
        if kinds[i] == DUE and (most == 0 or known[i] > 0):
            copy(joined[:hidden], row, (number % steps) * carried)
            answer(joined, v, d, known[i], last[i], rms[i], said, out[i])

        if settles[i] == 0:
            continue
        # Learn: back through the window that ends at the event that the label is of, and through those behind it.
        length = tally[LENGTHS + number % waiting]
        if not transposed:
            transpose(transposed_u, u)
            transpose(transposed_ahead_u, ahead_u)
            categories.transpose_weights(transposed_w, w)
            categories.transpose_weights(transposed_ahead_w, ahead_w)
            transposed = True
        copy(h_window[0], row, ((number - length) % steps) * carried)
        for s in range(length):
            at = x_at + ((number - length + 1 + s) % steps) * kept_inputs
            categories.read_step(x_window[s], row, at, table, sizes)
            cell.step(x_window[s], h_window[s], w, b, u, c, left, right, kept[s], h_window[s + 1])
        copy(joined[:hidden], h_window[length], 0)
        for k in range(outputs):
            said[k] = output_of(joined, v, d, k)
        classes, base, unit = 0, 0.0, 0.0
        if most > 0:
            classes = max(known[i], int(labels[i]) + 1)
        else:
            base = account[FIELDS * (number % waiting) + BASE]
            unit = account[FIELDS * (number % waiting) + RMS]
        before_loss = sums[LOSS]
        if slopes_of(said, classes, labels[i], base, unit, rates[HUBER_DELTA], sums, slopes):
            d_joined[:] = 0
            for k in range(max(classes, 1)):
                slope[0] = slopes[k]
                add_slope(joined, v, k, slope[0], d_joined, gv, gd)
            dh[:] = 0
            copy(dh[:hidden], d_joined, 0)
            for s in range(length - 1, -1, -1):
                cell.back(h_window[s], kept[s], dh, transposed_u, d_left[s], d_right[s], dh_before)
                dh, dh_before = dh_before, dh
            cell.add_gradient(x_window, h_window, d_left, d_right, length, gw, gb, gu, gc)
            if sizes[CATEGORIES] > 0:
                for s in range(length):
                    at = x_at + ((number - length + 1 + s) % steps) * kept_inputs
                    categories.learn_step(row, at, d_left[s], transposed_w, table_gradient, touched, sizes)
            dh[:] = 0
            copy(dh[:hidden], d_joined, hidden)
            for s in range(ahead, -1, -1):
                cell.back(
                    ahead_h_window[s], ahead_kept[s], dh, transposed_ahead_u, d_left[s], d_right[s], dh_before
                )
                dh, dh_before = dh_before, dh
            cell.add_gradient(
                ahead_x_window, ahead_h_window, d_left, d_right, ahead + 1, ahead_gw, ahead_gb, ahead_gu, ahead_gc
            )
            if sizes[CATEGORIES] > 0:
                for s in range(ahead + 1):
                    at = x_at + ((number + ahead - s) % steps) * kept_inputs
                    categories.learn_step(row, at, d_left[s], transposed_ahead_w, table_gradient, touched, sizes)
            totals[CONTRIBUTED] += 1
            totals[PASSES] += 1
            loss = sums[LOSS] - before_loss
            drift.watch_shard(loss, live[i], sizes, rates, first, second, totals, sums)

        if optimiser.count(weights, first, second, gradient, touched, live[i], sizes, rates, totals, sums):
            transposed = False


PROCESS = for_each_cell(process)
