"""Where a stream's sequences begin, and what silence ended."""

import numpy as np

from streamrnn.kernels.compile import entry
from streamrnn.rows.labels import ENDED, EVENT, HELD_FIELDS, HELD_LABEL, HELD_OFFSET, HOLDS, LAST_TIME


@entry
def process(slots, fresh, kinds, times, ends, offsets, labels, gap, slab, restarts, silences, closed_offsets,
            closed_labels):
    """Find the events that begin a sequence, among n records in log order.

    slots int64[n], fresh bool[n], kinds int8[n], times float64[n] s, ends bool[n] (the event is its sequence's last),
    offsets int64[n], labels float64[n] (NaN: none), gap s (longer silence ends a sequence, seen by the stream's next
    event; 0: none does) -> restarts bool[n]; and, where the slab has room for what is held, silences bool[n] (silence
    had ended a sequence before this event), closed_offsets int64[n] (of the last event in it) and closed_labels
    float64[n] (the newest label in it; NaN: none).
    """
    holds = slab.shape[1] == HELD_FIELDS
    for i in range(slots.shape[0]):
        restarts[i] = False
        silences[i] = False
        if slots[i] < 0 or kinds[i] != EVENT:
            continue
        row = slab[slots[i]]
        if fresh[i]:
            row[:] = 0.0
        else:
            restarts[i] = row[ENDED] != 0.0 or (gap > 0.0 and times[i] - row[LAST_TIME] > gap)
        if holds:
            if restarts[i]:
                silences[i] = row[ENDED] == 0.0
                closed_offsets[i] = int(row[HELD_OFFSET])
                closed_labels[i] = row[HELD_LABEL] if row[HOLDS] != 0.0 else np.nan
                row[HOLDS] = 0.0
            row[HELD_OFFSET] = offsets[i]
            if not np.isnan(labels[i]):
                row[HOLDS] = 1.0
                row[HELD_LABEL] = labels[i]
        row[LAST_TIME] = times[i] if fresh[i] else max(row[LAST_TIME], times[i])
        row[ENDED] = 1.0 if ends[i] else 0.0
