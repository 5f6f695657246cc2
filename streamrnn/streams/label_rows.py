"""The label columns of a batch's accepted records."""

from __future__ import annotations

import numpy as np

from streamrnn.events.columns import Events
from streamrnn.loops.label_batch import LabelBatch
from streamrnn.streams.classes import ClassRegistry
from streamrnn.streams.ids import kept_ids
from streamrnn.streams.index import Assigned


class ClassGate:
    """Admits the classes of records, one after the other as the index accepts them, and notes how many were known
    before each.

    Parameters
    ----------
    events : decoded, in a label mode
    registry : the shard's classes
    """

    def __init__(self, events: Events, registry: ClassRegistry) -> None:
        assert events.labels is not None
        self._names = events.labels.names
        self._registry = registry
        self.known = np.zeros(len(events), np.int64)

    def __call__(self, row: int) -> tuple[str, str] | None:
        """Reason and message where the record's class cannot be taken."""
        self.known[row] = len(self._registry)
        return self._registry.admit(self._names[row])


def label_batch(
    events: Events, assigned: Assigned, gate: ClassGate, registry: ClassRegistry, id_width: int = 0
) -> LabelBatch:
    """The label columns of the accepted records, with ids in so many bytes."""
    labels = events.labels
    assert labels is not None
    at = assigned.rows
    taken = labels if len(at) == len(events) else labels.take(at)
    if len(registry):
        values = np.array([np.nan if name is None else registry.code(name) for name in taken.names], np.float64)
    else:
        values = taken.numbers
    return LabelBatch(
        kinds=taken.kinds,
        offsets=events.offsets[at],
        keys=taken.keys,
        keyed=taken.keyed,
        values=values,
        classes=gate.known[at],
        ends=taken.ends,
        ids=kept_ids(taken.ids, id_width),
    )
