"""The network loop of labels: step the state at each event and answer; learn from a label when it comes, by way of the
state, inputs and window of the event that it is of."""

import numpy as np

from streamrnn.kernels import categories, drift, optimiser
from streamrnn.kernels import gru as cell  # every other cell takes its place, see for_each_cell
from streamrnn.kernels.cells import for_each_cell
from streamrnn.kernels.compile import kernel
from streamrnn.kernels.linear import copy, pieces, transpose
from streamrnn.kernels.point_head import output_of, slope_of
from streamrnn.kernels.scaling import clip
from streamrnn.kernels.softmax import log_loss, softmax
from streamrnn.rows.cells import GATES, INNER_BIASES, KEPT, STATES
from streamrnn.rows.labels import EVENT
from streamrnn.rows.network import (
    CATEGORIES,
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

AGE = 0  # in a row of counts: steps since the state was zero; a window length for each event follows
LENGTHS = 1
BASE, RMS = range(2)  # of each event that may await its label, where labels are numbers
FIELDS = 2
LEAST = 1e-30  # a probability below it adds no more to the loss that is told


@kernel
def answer(h, v, d, known, base, rms, outputs, out):
    """Probabilities of the first ``known`` classes into out[C]; of a number, the base with its correction (NaN where
    there is no base)."""
    for k in range(out.shape[0]):
        outputs[k] = output_of(h, v, d, k)
    if known > 0:
        softmax(outputs, known, out)
    else:
        out[0] = base + rms * outputs[0]


@kernel
def slopes_of(outputs, known, label, base, rms, delta, sums, slopes):
    """Gradient of the loss in each output, into slopes; False where there is nothing to learn. The loss is added to
    ``sums``. A class's loss is its cross entropy; a number's Huber's, of what the base left to say in units of rms."""
    if known > 0:
        softmax(outputs, known, slopes)
        sums[LOSS] += log_loss(slopes[int(label)], LEAST)
        slopes[int(label)] -= 1.0
        return True
    if rms <= 0.0:
        return False
    goal = clip((label - base) / rms)
    slopes[0] = slope_of(outputs[0] - goal, delta, sums)
    return True


@kernel
def add_head(h, v, slopes, count, weight, slope, dh, gv, gd):
    """Add what the slopes of ``count`` outputs, times ``weight``, ask of the state ``h`` to ``dh``, and of the head to
    its gradient."""
    for k in range(count):
        slope[0] = weight * slopes[k]
        for j in range(gv.shape[1]):
            dh[j] += slope[0] * v[k, j]
            gv[k, j] += slope[0] * h[j]
        gd[k] += slope[0]


def process(slots, fresh, live, kinds, restarts, numbers, settles, labels, known, last, rms, seen, out, waiting, most,
            running, sizes, rates, slab, pending, counts, weights, first, second, gradient, touched, totals, sums):
    """Process n records in log order, in place.

    slots int64[n] (-1: no such stream), fresh bool[n], live int64[n], kinds int8[n], restarts bool[n] (the event begins
    a sequence), numbers and settles int64[n] (see ``kernels.join``), labels float64[n], known int64[n] (classes there
    are before this record; 0 where labels are numbers), last and rms float64[n] (base and unit of a number), seen
    float64[n, seen] -> out float64[n, outputs] (NaN for what is no event). ``waiting`` events may await their label;
    ``most`` is the number of classes there may be, or 0. With ``running`` above 0 a label is that of all events in its
    window, the earlier ones of which count so much each. The rest is the loop's state; see ``rows.labels``.
    """
    outputs, inputs, hidden, k2 = sizes[TARGETS], sizes[INPUTS], sizes[HIDDEN], sizes[K2]
    kept_inputs = sizes[SEEN]
    wide, carried = GATES[cell.CODE] * hidden, STATES[cell.CODE] * hidden
    steps = waiting + k2
    x_at = steps * carried
    kind = weights.dtype

    inner = INNER_BIASES[cell.CODE] * hidden
    w, b, u, c, v, d = pieces(weights, inputs, hidden, wide, inner, outputs)
    gw, gb, gu, gc, gv, gd = pieces(gradient, inputs, hidden, wide, inner, outputs)
    table, table_gradient = categories.table_of(weights, sizes), categories.table_of(gradient, sizes)

    transposed_u = np.empty((wide, hidden), kind)
    transposed_w = np.empty((wide, sizes[CATEGORIES] * sizes[EMBEDDING]), kind)
    transposed = False
    x_window = np.empty((k2, inputs), kind)
    h_window = np.empty((k2 + 1, carried), kind)
    kept = np.empty((k2, KEPT[cell.CODE] * hidden), kind)
    d_left = np.empty((k2, wide), kind)
    d_right = np.empty((k2, wide), kind)
    left = np.empty(wide, kind)
    right = np.empty(wide, kind)
    dh = np.empty(carried, kind)
    dh_before = np.empty(carried, kind)
    slope = np.empty(1, kind)
    said = np.empty(outputs)
    slopes = np.empty(outputs)
    aside = np.zeros_like(sums)  # what the answers on the way lose is not told

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
                # No window that is still to be learned begins here: each began a step before its own end.
                row[before : before + carried] = 0
                tally[AGE] = 0
            at = x_at + (number % steps) * kept_inputs
            for j in range(kept_inputs):
                row[at + j] = seen[i, j]
            x = x_window[0]
            categories.read_step(x, row, at, table, sizes)
            h = row[after : after + carried]
            cell.step(x, row[before : before + carried], w, b, u, c, left, right, kept[0], h)
            tally[AGE] = min(tally[AGE] + 1, k2)
            tally[LENGTHS + number % waiting] = tally[AGE]
            if most == 0:
                place = FIELDS * (number % waiting)
                account[place + RMS] = 0.0 if np.isnan(last[i]) else rms[i]
                account[place + BASE] = 0.0 if np.isnan(last[i]) else last[i]
            if most == 0 or known[i] > 0:
                answer(h, v, d, known[i], last[i], rms[i], said, out[i])

        if settles[i] == 0:
            continue
        # Learn: back through the window that ends at the event whose label this record brought.
        number = settles[i]
        length = tally[LENGTHS + number % waiting]
        if not transposed:
            transpose(transposed_u, u)
            categories.transpose_weights(transposed_w, w)
            transposed = True
        copy(h_window[0], row, ((number - length) % steps) * carried)
        for s in range(length):
            at = x_at + ((number - length + 1 + s) % steps) * kept_inputs
            categories.read_step(x_window[s], row, at, table, sizes)
            cell.step(x_window[s], h_window[s], w, b, u, c, left, right, kept[s], h_window[s + 1])
        for k in range(outputs):
            said[k] = output_of(h_window[length], v, d, k)
        classes, base, unit = 0, 0.0, 0.0
        if most > 0:
            classes = max(known[i], int(labels[i]) + 1)
        else:
            base = account[FIELDS * (number % waiting) + BASE]
            unit = account[FIELDS * (number % waiting) + RMS]
        before_loss = sums[LOSS]
        if slopes_of(said, classes, labels[i], base, unit, rates[HUBER_DELTA], sums, slopes):
            dh[:] = 0
            add_head(h_window[length], v, slopes, max(classes, 1), 1.0, slope, dh, gv, gd)
            for s in range(length - 1, -1, -1):
                cell.back(h_window[s], kept[s], dh, transposed_u, d_left[s], d_right[s], dh_before)
                dh, dh_before = dh_before, dh
                if running > 0.0 and s > 0:
                    for k in range(outputs):
                        said[k] = output_of(h_window[s], v, d, k)
                    slopes_of(said, classes, labels[i], base, unit, rates[HUBER_DELTA], aside, slopes)
                    add_head(h_window[s], v, slopes, max(classes, 1), running, slope, dh, gv, gd)
            cell.add_gradient(x_window, h_window, d_left, d_right, length, gw, gb, gu, gc)
            if sizes[CATEGORIES] > 0:
                for s in range(length):
                    at = x_at + ((number - length + 1 + s) % steps) * kept_inputs
                    categories.learn_step(row, at, d_left[s], transposed_w, table_gradient, touched, sizes)
            totals[CONTRIBUTED] += 1
            totals[PASSES] += 1
            loss = sums[LOSS] - before_loss
            drift.watch_shard(loss, live[i], sizes, rates, first, second, totals, sums)

        if optimiser.count(weights, first, second, gradient, touched, live[i], sizes, rates, totals, sums):
            transposed = False


PROCESS = for_each_cell(process)
