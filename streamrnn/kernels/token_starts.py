"""Which events of token streams begin a sequence, and how many a stream had."""

from streamrnn.kernels.compile import entry
from streamrnn.rows.tokens import ENDED, EVENTS, LAST_TIME


@entry
def process(slots, fresh, times, ends, gap, slab, starts, events):
    """Follow n events in log order.

    slots int64[n], fresh bool[n], times float64[n] s, ends bool[n] (the event is its sequence's last), gap s (longer
    silence ends a sequence; 0: none does) -> starts bool[n] (a sequence begins whose start no event before has told),
    events int64[n] (of the stream, with this one).
    """
    for i in range(slots.shape[0]):
        row = slab[slots[i]]
        if fresh[i]:
            row[:] = 0.0
        silent = gap > 0.0 and row[EVENTS] > 0.0 and times[i] - row[LAST_TIME] > gap
        starts[i] = row[ENDED] == 0.0 and (row[EVENTS] == 0.0 or silent)
        row[LAST_TIME] = times[i] if fresh[i] else max(row[LAST_TIME], times[i])
        row[ENDED] = 1.0 if ends[i] else 0.0
        row[EVENTS] += 1.0
        events[i] = int(row[EVENTS])
