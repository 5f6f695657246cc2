"""The ledger: where each stream stands in the log, and how well it is forecast lately."""

import numpy as np

from streamrnn.kernels.compile import entry
from streamrnn.kernels.pending import kept
from streamrnn.rows import ABSENT
from streamrnn.rows.ledger import (
    BASELINE,
    BORN,
    ERROR,
    EVENTS,
    FADING,
    FORECAST,
    NAIVE_ERROR,
    OFFSET,
    OUTCOME,
    TARGET_FIELDS,
    TOLD,
    WEIGHT,
)


@entry
def process(slots, fresh, events, tells, offsets, records, told, settled, outcomes, baselines, errors, naive, slab,
            places):
    """Note n records in log order.

    slots int64[n] (-1: no such stream), fresh, events and tells bool[n] (whether the record is an event, and whether it
    answers one), offsets and records int64[n], told, settled, outcomes, baselines, errors and naive float64[n,
    targets], NaN where there is none. The rest is the loop's state, see ``rows.ledger``.
    """
    targets = told.shape[1]
    for i in range(slots.shape[0]):
        if slots[i] < 0:
            continue
        row, place = slab[slots[i]], places[slots[i]]
        if fresh[i]:
            row[:] = 0.0
            for k in range(targets):
                for field in (TOLD, FORECAST, OUTCOME, BASELINE):
                    row[TARGET_FIELDS * k + field] = ABSENT
            place[BORN] = records[i]
            place[EVENTS] = 0
        if events[i]:
            place[OFFSET] = offsets[i]
            place[EVENTS] += 1
        for k in range(targets):
            at = TARGET_FIELDS * k
            if tells[i]:
                row[at + TOLD] = kept(told[i, k])
            if np.isnan(errors[i, k]) or np.isnan(naive[i, k]):
                continue
            row[at + FORECAST] = settled[i, k]
            row[at + OUTCOME] = outcomes[i, k]
            row[at + BASELINE] = baselines[i, k]
            row[at + WEIGHT] = row[at + WEIGHT] * FADING + 1.0
            row[at + ERROR] = row[at + ERROR] * FADING + errors[i, k]
            row[at + NAIVE_ERROR] = row[at + NAIVE_ERROR] * FADING + naive[i, k]
