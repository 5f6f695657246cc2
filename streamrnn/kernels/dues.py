"""When answers fall due that wait for later events of their stream, and the labels that wait until then."""

import numpy as np

from streamrnn.kernels.compile import entry, kernel
from streamrnn.kernels.pending import kept, known
from streamrnn.rows import ABSENT
from streamrnn.rows.dues import (
    AGO,
    ANSWERED,
    CLASSES,
    EVENT_CLASSES,
    EVENT_OFFSET,
    FIELDS,
    LIVE,
    NEWEST,
    NUMBER,
    OFFSET,
    PLACE,
    RING,
    RING_FIELDS,
    SLOT,
)
from streamrnn.rows.labels import LABEL


@kernel
def with_room(found, rows):
    """An array that begins as ``found`` and has so many rows at least."""
    if rows <= found.shape[0]:
        return found
    wider = np.empty((2 * rows, found.shape[1]), found.dtype)
    wider[: found.shape[0]] = found
    return wider


@kernel
def learned_of(label, most, classes):
    """Note that a label is learned from: its class is known from here on."""
    if most > 0 and not np.isnan(label):
        classes[0] = max(classes[0], int(label) + 1)


@kernel
def release(row, held, ids, until, place, slot, live, most, shared, rows, labels, names, count):
    """Write down the answers of a stream that fall due before record ``place``, up to event ``until``; returns how many
    there are in all."""
    steps = held.shape[0]
    width = names.shape[1]
    for number in range(row[ANSWERED] + 1, until + 1):
        at = number % steps
        rows[count, PLACE] = place
        rows[count, SLOT] = slot
        rows[count, NUMBER] = number
        rows[count, AGO] = row[NEWEST] - number
        rows[count, EVENT_OFFSET] = row[RING + RING_FIELDS * at + OFFSET]
        rows[count, EVENT_CLASSES] = max(row[RING + RING_FIELDS * at + CLASSES], shared[0])
        rows[count, LIVE] = live
        labels[count, 0] = known(held[at])
        learned_of(labels[count, 0], most, shared)
        for j in range(width):
            names[count, j] = ids[width * at + j]
        count += 1
    row[ANSWERED] = max(row[ANSWERED], until)
    return count


@entry
def process(slots, fresh, live, kinds, restarts, ends, numbers, settles, offsets, classes, labels, ids, lookahead,
            most, places, gone, gone_live, tells, slab, held_slab, id_slab, shared, told, gone_told):
    """Find what falls due among n records in log order, and ``g`` ends of streams.

    slots int64[n] (-1: no such stream), fresh bool[n], live int64[n], kinds int8[n], restarts bool[n] (the event begins
    a sequence: what was before it looks no further), ends bool[n] (the event is its sequence's last), numbers int64[n],
    settles int64[n] (number of the event whose label the record brings; set to 0 where that is not yet answered: the
    label waits), offsets and classes int64[n], labels float64[n], ids uint8[n, width]; ``most`` classes there may be, 0
    where labels are numbers. ``places`` int64[g] are the records before which streams end, rising, ``gone`` int64[g]
    their slots, gone_live int64[g] how many live then, tells bool[g] whether a tombstone's answer tells of it; else
    what waits is lost. -> told int64[n] and gone_told int64[g], how many answers fall due with each.

    Returns
    -------
    int64[m, fields], float64[m, 1], uint8[m, width], int, int
        Of each answer what ``rows.dues`` says, its event's label (NaN: none came) and id; m; how many were lost.
    """
    steps, width = lookahead + 1, ids.shape[1]
    rows = np.empty((slots.shape[0] + steps, FIELDS), np.int64)
    waited = np.empty((rows.shape[0], 1))
    names = np.empty((rows.shape[0], width), np.uint8)
    count, lost, end = 0, 0, 0
    for i in range(slots.shape[0] + 1):
        while end < places.shape[0] and places[end] == i:
            row = slab[gone[end]]
            before = count
            if tells[end]:
                rows, waited = with_room(rows, count + steps), with_room(waited, count + steps)
                names = with_room(names, count + steps)
                count = release(
                    row, held_slab[gone[end]], id_slab[gone[end]], row[NEWEST], i, gone[end], gone_live[end], most,
                    shared, rows, waited, names, count,
                )  # fmt: skip
            else:
                lost += row[NEWEST] - row[ANSWERED]
                row[ANSWERED] = row[NEWEST]
            gone_told[end] = count - before
            end += 1
        if i == slots.shape[0]:
            break
        told[i] = 0
        slot = slots[i]
        if slot < 0:
            continue
        row, held, own = slab[slot], held_slab[slot], id_slab[slot]
        if fresh[i]:
            row[:] = 0
            held[:] = ABSENT
            own[:] = 0
        if kinds[i] == LABEL:
            if settles[i] > row[ANSWERED]:
                held[settles[i] % steps] = labels[i]
                settles[i] = 0
            elif settles[i] > 0:
                learned_of(labels[i], most, shared)
            continue
        before = count
        rows, waited = with_room(rows, count + 2 * steps), with_room(waited, count + 2 * steps)
        names = with_room(names, count + 2 * steps)
        if restarts[i]:
            count = release(row, held, own, row[NEWEST], i, slot, live[i], most, shared, rows, waited, names, count)
        number = numbers[i]
        at = number % steps
        row[NEWEST] = number
        row[RING + RING_FIELDS * at + OFFSET] = offsets[i]
        row[RING + RING_FIELDS * at + CLASSES] = classes[i]
        held[at] = kept(labels[i]) if settles[i] > 0 else ABSENT
        settles[i] = 0
        for j in range(width):
            own[width * at + j] = ids[i, j]
        until = number if ends[i] else number - lookahead
        count = release(row, held, own, until, i + 1, slot, live[i], most, shared, rows, waited, names, count)
        told[i] = count - before
    return rows, waited, names, count, lost
