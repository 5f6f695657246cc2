"""The loop that finds the event of each label, and follows the last known label of each stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import NONE, Array, Columns, rows
from streamrnn.loops.batch import Batch
from streamrnn.rows import labels as at
from streamrnn.rows.labels import LabelRows

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


class JoinLoop:
    """Says of each record which event's label it brings, and that this settles it.

    In mode field that is the event itself, in mode delayed one of the stream's last events: the oldest with the label's
    key that has none yet. Where labels are of whole sequences only the end of a sequence awaits one, or its newest
    event where silence may end it. A delayed label costs a stream 48 bytes for each event that may await one.
    """

    def __init__(self, settings: Settings) -> None:
        sizes = self._sizes = LabelRows.from_settings(settings)
        self._of_sequences = settings.labels.sequence
        self._silence = self._of_sequences and settings.sequences.gap is not None
        self._delayed = settings.labels.mode == "delayed"
        width = at.JOIN_RING + at.JOIN_FIELDS * sizes.join_steps if self._delayed else 0
        self._slab = rows(settings.streams.max_live, width, np.int64)
        self.slabs: dict[str, Array] = {"join": self._slab} if self._delayed else {}
        self.shared: dict[str, Array] = {}
        self.learned: dict[str, Columns] = dict.fromkeys(self.slabs, NONE)

    def process(self, batch: Batch) -> None:
        """Fill in the columns numbers, settles, ages, of and status."""
        labels, n = batch.labels, len(batch)
        if self._delayed:
            from streamrnn.kernels import join

            labels.numbers, labels.settles, labels.ages, labels.of = (np.empty(n, np.int64) for _ in range(4))
            labels.status = np.empty(n, np.int8)
            labels.brings = labels.settles
            keyed = labels.keyed
            if self._of_sequences and not self._silence:
                keyed = keyed & (labels.ends | (labels.kinds == at.LABEL))
            join.process(
                batch.slots, batch.fresh, labels.kinds, labels.keys, keyed, labels.restarts, labels.offsets,
                self._silence, self._sizes.join_steps, self._sizes.within, self._slab, labels.numbers, labels.settles,
                labels.ages, labels.of, labels.status,
            )  # fmt: skip
            return
        brought = ~np.isnan(labels.values)
        if self._of_sequences:
            brought &= labels.ends
        labels.numbers = batch.events
        labels.brings = labels.settles = np.where(brought, batch.events, 0)
        labels.ages = np.zeros(n, np.int64)
        labels.of = np.where(brought, labels.offsets, -1)
        labels.status = np.where(brought, at.MATCHED, at.NOTHING).astype(np.int8)


class KnownLoop:
    """Follows the last known label of each stream and, of numbers, their scale: what later loops start from.

    Attributes
    ----------
    slabs : "known" float64, 9 numbers and one for each event that may await its label; four, where answers wait too and
        labels are numbers
    """

    def __init__(self, settings: Settings) -> None:
        sizes = self._sizes = LabelRows.from_settings(settings)
        self._slab = rows(settings.streams.max_live, at.KNOWN_RING + sizes.waiting * sizes.known_fields)
        self._shared = np.zeros(at.KNOWN_RING)
        self.slabs: dict[str, Array] = {"known": self._slab}
        self.shared: dict[str, Array] = {"known_of_all": self._shared}
        self.learned: dict[str, Columns] = {"known": np.array([at.LABELS, *range(at.MEAN, at.KNOWN_RING)])}

    def process(self, batch: Batch) -> None:
        """Fill in the columns last, naive, mean, rms, unit and inputs."""
        from streamrnn.kernels import known

        labels, n, sizes = batch.labels, len(batch), self._sizes
        labels.last, labels.naive, labels.mean, labels.rms, labels.unit = np.empty((5, n))
        labels.inputs = np.empty((n, sizes.label_numbers))
        known.process(
            batch.slots, batch.fresh, labels.kinds, labels.numbers, labels.brings, labels.settles, labels.values,
            sizes.classes, sizes.waiting, self._slab, self._shared, labels.last, labels.naive, labels.mean, labels.rms,
            labels.unit, labels.inputs,
        )  # fmt: skip
        if not sizes.hinted:  # nor does anything later see it, nor is it an expert
            labels.last[:] = labels.naive[:] = np.nan
            labels.inputs = labels.inputs[:, :0]
