"""The last known label of each stream, the scale of labels that are numbers, and what the network is shown of both."""

import numpy as np

from streamrnn.kernels.compile import entry, kernel
from streamrnn.kernels.functions import log
from streamrnn.kernels.pending import kept, known
from streamrnn.kernels.scaling import MEMORY, clip, floor_of
from streamrnn.rows import ABSENT
from streamrnn.rows.labels import (
    ABSOLUTE_ERROR,
    CHANGE,
    ERRORS,
    EVENT,
    KNOWN_LAST,
    KNOWN_MEAN,
    KNOWN_RING,
    KNOWN_RMS,
    KNOWN_UNIT,
    LABEL,
    LABELS,
    LAST,
    MEAN,
    NEWEST,
    SQUARED_ERROR,
    VARIANCE,
)


@kernel
def show_number(row, number, inputs):
    """How the last known label stands among those before, what it changed by, and how many events ago it was: three
    inputs, zeros while no label is known."""
    deviation = np.sqrt(row[VARIANCE]) + floor_of(row[LAST])
    inputs[0] = clip((row[LAST] - row[MEAN]) / deviation)
    if row[ERRORS] > 0.0:
        inputs[1] = clip(row[CHANGE] / (np.sqrt(row[SQUARED_ERROR]) + floor_of(row[LAST])))
    inputs[2] = 0.25 * clip(log(float(number) - row[NEWEST]))


@kernel
def take_number(row, label, naive):
    """Take a label into the running scale; ``naive`` is the last known label as it stood at the event, or NaN."""
    if not np.isnan(naive):
        error = label - naive
        row[ERRORS] += 1.0
        rate = max(1.0 / row[ERRORS], 1.0 / MEMORY)
        row[SQUARED_ERROR] += rate * (error * error - row[SQUARED_ERROR])
        row[ABSOLUTE_ERROR] += rate * (abs(error) - row[ABSOLUTE_ERROR])
    rate = max(1.0 / (row[LABELS] + 1.0), 1.0 / MEMORY)
    off = label - row[MEAN]
    row[MEAN] += rate * off
    row[VARIANCE] = (1.0 - rate) * (row[VARIANCE] + rate * off * off)


@kernel
def take_scale(row, shared):
    """The row whose scale counts: the shard's while the stream has none of its own."""
    return row if row[ERRORS] > 0.0 else shared


@entry
def process(slots, fresh, kinds, numbers, brings, settles, labels, classes, waiting, slab, shared, last, naive, mean,
            rms, unit, inputs):
    """Follow the labels of n records in log order.

    slots int64[n] (-1: no such stream), fresh bool[n], kinds int8[n], numbers int64[n] (see ``kernels.join``), brings
    and settles int64[n] (number of the event whose label the record brings, and of the one that is learned from;
    another one, or none, where answers wait), labels float64[n] (a number, or a class's code; NaN: none) -> last
    float64[n] (the last known label before this event's own; NaN: none), naive float64[n] (the same as it stood at the
    event that is settled), mean, rms and unit float64[n] (running mean of the labels; root mean square and mean size of
    the last known label's errors, with a floor, 0 before the first), inputs float64[n, classes or 3]. ``classes`` is 0
    where labels are numbers. The last known label is that of the newest event that has one, not the one that came last;
    of a number, while a stream has none, the mean of its shard's labels stands for it, and its shard's scale for its
    own. ``shared`` is the shard's row. A row that stands for an earlier event, as it closes a sequence or an answer
    falls due, has what was known at that event: ``last``, and of numbers that are answered then all of it.
    """
    width = (slab.shape[1] - KNOWN_RING) // waiting
    for i in range(slots.shape[0]):
        last[i] = np.nan
        naive[i] = np.nan
        mean[i] = np.nan
        rms[i] = 0.0
        unit[i] = 0.0
        inputs[i] = 0.0
        if slots[i] < 0:
            continue
        row = slab[slots[i]]
        if fresh[i]:
            row[:KNOWN_RING] = 0.0
            row[KNOWN_RING:] = ABSENT
        at = KNOWN_RING + width * (numbers[i] % waiting)
        if kinds[i] == EVENT:
            if row[LABELS] > 0.0:
                last[i] = row[LAST]
                if classes > 0:
                    inputs[i, int(row[LAST])] = 1.0
                else:
                    mean[i] = row[MEAN]
                    show_number(row, numbers[i], inputs[i])
            elif classes == 0 and shared[LABELS] > 0.0:
                last[i] = shared[MEAN]
                mean[i] = shared[MEAN]
            scale = take_scale(row, shared)
            if scale[ERRORS] > 0.0:
                rms[i] = np.sqrt(scale[SQUARED_ERROR]) + floor_of(last[i])
                unit[i] = scale[ABSOLUTE_ERROR] + floor_of(last[i])
            row[at + KNOWN_LAST] = kept(last[i])
            if width > 1:
                row[at + KNOWN_MEAN] = kept(mean[i])
                row[at + KNOWN_RMS] = rms[i]
                row[at + KNOWN_UNIT] = unit[i]
        elif kinds[i] != LABEL:
            last[i] = known(row[at + KNOWN_LAST])
            if width > 1:
                mean[i] = known(row[at + KNOWN_MEAN])
                rms[i] = row[at + KNOWN_RMS]
                unit[i] = row[at + KNOWN_UNIT]
        if settles[i] > 0:
            naive[i] = known(row[KNOWN_RING + width * (settles[i] % waiting) + KNOWN_LAST])
            if classes == 0:
                take_number(shared, labels[i], naive[i])
                shared[LABELS] += 1.0
        if brings[i] > 0:
            if classes == 0:
                take_number(row, labels[i], known(row[KNOWN_RING + width * (brings[i] % waiting) + KNOWN_LAST]))
            if row[LABELS] == 0.0 or brings[i] > row[NEWEST]:
                row[CHANGE] = labels[i] - row[LAST] if row[LABELS] > 0.0 else 0.0
                row[LAST] = labels[i]
                row[NEWEST] = brings[i]
            row[LABELS] += 1.0
