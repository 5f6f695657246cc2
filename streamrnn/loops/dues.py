"""The loop that finds when answers fall due which wait for later events of their stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import NONE, Array, Columns, rows
from streamrnn.loops.batch import Batch
from streamrnn.loops.late import Late
from streamrnn.rows import dues as at
from streamrnn.rows.labels import DUE, NOTHING, LabelRows

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


class DueLoop:
    """Keeps of each event that awaits its answer what is asked of it then: its offset, its label if that has come, its
    id. A stream costs 24 bytes for each event of ``model.lookahead`` + 1 and 16, with ids 65 more for each event.

    Parameters
    ----------
    settings : the daemon's settings, with a lookahead
    """

    def __init__(self, settings: Settings) -> None:
        sizes = LabelRows.from_settings(settings)
        self._lookahead = sizes.lookahead
        self._steps = sizes.lookahead + 1
        streams = settings.streams.max_live
        self._rows = rows(streams, at.RING + at.RING_FIELDS * self._steps, np.int64)
        self._labels = rows(streams, self._steps)
        self._ids = rows(streams, sizes.id_width * self._steps, np.uint8)
        self.slabs: dict[str, Array] = {"due": self._rows, "due_labels": self._labels}
        if sizes.id_width:
            self.slabs["due_ids"] = self._ids
        self.learned: dict[str, Columns] = dict.fromkeys(self.slabs, NONE)
        self._most = sizes.classes
        self._classes = np.zeros(1, np.int64)
        self.shared: dict[str, Array] = {"due_classes": self._classes}

    def process(self, batch: Batch) -> None:
        """Let labels of events that are not yet answered wait."""
        self.find(batch)

    def find(self, batch: Batch) -> Late:
        """The same, and the rows of the answers that fall due; a label that has waited is settled in them."""
        from streamrnn.kernels import dues

        labels, gone = batch.labels, batch.gone
        told, gone_told = np.zeros(len(batch), np.int64), np.zeros(len(gone.places), np.int64)
        labels.settles = labels.brings.copy()
        found, waited, names, count, lost = dues.process(
            batch.slots, batch.fresh, batch.live, labels.kinds, labels.restarts, labels.ends, labels.numbers,
            labels.settles, labels.offsets, labels.classes, labels.values, labels.ids, self._lookahead, self._most,
            gone.places, gone.slots, gone.live, gone.told, self._rows, self._labels, self._ids, self._classes, told,
            gone_told,
        )  # fmt: skip
        found, values = found[:count], waited[:count, 0]
        places, numbers = found[:, at.PLACE].copy(), found[:, at.NUMBER].copy()
        settles = np.where(np.isnan(values), 0, numbers)
        return Late(
            places=places,
            told=told,
            gone_told=gone_told,
            lost=lost,
            columns={
                "slots": found[:, at.SLOT],
                "live": found[:, at.LIVE],
                "records": batch.before + places,
                "events": numbers + found[:, at.AGO],
            },
            labels={
                "kinds": np.full(count, DUE, np.int8),
                "offsets": found[:, at.EVENT_OFFSET],
                "classes": found[:, at.EVENT_CLASSES],
                "values": values,
                "ids": names[:count],
                "numbers": numbers,
                "settles": settles,
                "ages": found[:, at.AGO],
                "of": np.where(settles > 0, found[:, at.EVENT_OFFSET], -1),
                "status": np.full(count, NOTHING, np.int8),
            },
        )
