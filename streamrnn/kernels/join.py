"""Which event a label is of: by a key that both bear, among the stream's last events."""

from streamrnn.kernels.compile import entry, kernel
from streamrnn.rows.labels import (
    CLOSING,
    EMPTY,
    EVENT,
    EVENTS,
    JOIN_FIELDS,
    JOIN_RING,
    KEY,
    LABEL,
    LATE,
    MATCHED,
    NOTHING,
    OFFSET,
    PENDING,
    SETTLED,
    UNMATCHED,
    WAITING,
)


@kernel
def find(row, key, steps):
    """Number of the stream's oldest event that bears this key and awaits its label; 0 where there is none."""
    newest = row[EVENTS]
    for number in range(max(1, newest - steps + 1), newest + 1):
        at = JOIN_RING + JOIN_FIELDS * (number % steps)
        if row[at + KEY] == key and row[at + WAITING] == PENDING:
            return number
    return 0


@entry
def process(slots, fresh, kinds, keys, keyed, restarts, offsets, newest, steps, within, slab, numbers, settles, ages,
            of, status):
    """Join n records in log order.

    slots int64[n] (-1: no such stream), fresh bool[n], kinds int8[n], keys int64[n], keyed bool[n] (an event that can
    be labelled), restarts bool[n] (the event begins a sequence), offsets int64[n] -> numbers int64[n] (events of the
    stream so far), settles int64[n] (number of the event that the label is of, 0: none), ages int64[n] (events of the
    stream since), of int64[n] (its offset, -1: none), status int8[n]. Where ``newest`` is set only the newest event of
    each sequence awaits a label. A label more than ``within`` events old is late. ``slab`` holds ``steps`` events of
    each stream; see ``rows.labels``.
    """
    for i in range(slots.shape[0]):
        numbers[i] = 0
        settles[i] = 0
        ages[i] = 0
        of[i] = -1
        status[i] = UNMATCHED if kinds[i] == LABEL else NOTHING
        if slots[i] < 0:
            continue
        row = slab[slots[i]]
        if fresh[i]:
            row[:] = 0
        if kinds[i] == EVENT:
            before = JOIN_RING + JOIN_FIELDS * (row[EVENTS] % steps)
            if newest and not restarts[i] and row[EVENTS] > 0 and row[before + WAITING] == PENDING:
                row[before + WAITING] = EMPTY
            row[EVENTS] += 1
            at = JOIN_RING + JOIN_FIELDS * (row[EVENTS] % steps)
            row[at + KEY] = keys[i]
            row[at + OFFSET] = offsets[i]
            row[at + WAITING] = PENDING if keyed[i] else EMPTY
            numbers[i] = row[EVENTS]
            continue
        numbers[i] = row[EVENTS]
        if kinds[i] == CLOSING:
            of[i] = row[JOIN_RING + JOIN_FIELDS * (row[EVENTS] % steps) + OFFSET]
            continue
        number = find(row, keys[i], steps)
        if number == 0:
            continue
        at = JOIN_RING + JOIN_FIELDS * (number % steps)
        row[at + WAITING] = SETTLED
        ages[i] = row[EVENTS] - number
        of[i] = row[at + OFFSET]
        status[i] = LATE
        if ages[i] <= within:
            status[i] = MATCHED
            settles[i] = number
