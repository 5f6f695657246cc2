"""Where a stream's sequences begin."""

from streamrnn.kernels.compile import entry
from streamrnn.rows.labels import ENDED, EVENT, LAST_TIME


@entry
def process(slots, fresh, kinds, times, ends, gap, slab, restarts):
    """Find the events that begin a sequence, among n records in log order.

    slots int64[n], fresh bool[n], kinds int8[n], times float64[n] s, ends bool[n] (the event is its sequence's last),
    gap s (longer silence ends a sequence, seen by the stream's next event; 0: none does) -> restarts bool[n].
    """
    for i in range(slots.shape[0]):
        restarts[i] = False
        if slots[i] < 0 or kinds[i] != EVENT:
            continue
        row = slab[slots[i]]
        if fresh[i]:
            row[:] = 0.0
        else:
            restarts[i] = row[ENDED] != 0.0 or (gap > 0.0 and times[i] - row[LAST_TIME] > gap)
        row[LAST_TIME] = times[i] if fresh[i] else max(row[LAST_TIME], times[i])
        row[ENDED] = 1.0 if ends[i] else 0.0
