"""The chain of loops in label modes: what labels are of, what is known of them, the network, the mixture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import Array, Loop
from streamrnn.loops.batch import Batch
from streamrnn.loops.chain import Chain, further_weights
from streamrnn.loops.dues import DueLoop
from streamrnn.loops.join import JoinLoop, KnownLoop
from streamrnn.loops.label_mixture import ClassMixtureLoop, NumberMixtureLoop
from streamrnn.loops.label_network import LabelNetworkLoop
from streamrnn.loops.late import OF_SCALE, Late, closings, parted, widened
from streamrnn.loops.ledger import LedgerLoop
from streamrnn.loops.scale import ScaleLoop
from streamrnn.loops.sequences import SequenceLoop
from streamrnn.rows.labels import EVENT

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings



class LabelChain(Chain):
    """All that computes in a shard that learns from labels.

    A batch has rows of two kinds in log order, events and labels. The features' loop takes the events alone. Behind it
    rows of a third kind stand for the ends of sequences that silence ended, and of a fourth for answers that fall due
    where they wait for later events.

    Parameters
    ----------
    settings : the daemon's settings, in a label mode
    weights : the network's initial weights, flat
    """

    def __init__(self, settings: Settings, weights: Array) -> None:
        self._records = np.zeros(1, np.int64)
        self._has_traits = bool(settings.inputs.booleans or settings.inputs.categories)
        self.scale = ScaleLoop(settings)
        self.quantiles = self.distribution = None
        self.network = LabelNetworkLoop(settings, weights)
        numbers = settings.labels.kind == "number"
        self.mixture = NumberMixtureLoop(settings) if numbers else ClassMixtureLoop(settings)
        networks = [self.network]
        for name, further in settings.further_networks.items():
            own = further_weights(settings, further, weights)
            networks.append(LabelNetworkLoop(further, own, name.replace(" ", "_"), len(networks)))
        self._said = len(networks), self.network.layout.targets
        self._sequences = SequenceLoop(settings)
        ledger = LedgerLoop(settings.streams.max_live, 1, settings.labels.kind, self.network.rows.answering)
        self._join = JoinLoop(settings)
        self._dues = DueLoop(settings) if settings.model.lookahead else None
        self._label_loops: list[Loop] = [KnownLoop(settings), *networks, self.mixture, ledger]
        dues = [] if self._dues is None else [self._dues]
        self.loops = [self.scale, self._sequences, self._join, *dues, *self._label_loops]

    def process(self, batch: Batch) -> None:
        """Advance all state by the batch, and fill in its columns."""
        self._records[0] += len(batch)
        self._scale(batch)
        wide, late = self._widened(batch)
        wide.labels.networks = np.empty((len(wide), *self._said))
        for loop in self._label_loops:
            loop.process(wide)
        if late is not None:
            batch.labels, closed = parted(wide.labels)
            labels = batch.labels
            labels.late, labels.gone_late, labels.closed, labels.lost = late.told, late.gone_told, closed, late.lost

    def _widened(self, batch: Batch) -> tuple[Batch, Late | None]:
        """The batch with the rows that are put among its records, joined; and these rows, where there may be any."""
        silences = self._sequences.find(batch)
        late: Late | None
        if self._dues is not None:
            self._join.process(batch)
            late = self._dues.find(batch)
            return widened(batch, late), late
        late = None if silences is None else closings(batch, silences)
        wide = batch if late is None else widened(batch, late)
        self._join.process(wide)
        return wide, late

    def _scale(self, batch: Batch) -> None:
        """Let the events pass through the loop of the features; zeros stand for what labels have not."""
        if batch.labels.all_events:
            self.scale.process(batch)
            return
        at = np.flatnonzero(batch.labels.kinds == EVENT)
        events = Batch(
            batch.slots[at], batch.fresh[at], batch.live[at], batch.times[at], batch.values[at], batch.records[at]
        )
        if self._has_traits:
            events.traits = batch.traits.take(at)
        self.scale.process(events)
        for name in OF_SCALE:
            column = getattr(events, name)
            wide = np.zeros((len(batch), *column.shape[1:]), column.dtype)
            wide[at] = column
            setattr(batch, name, wide)
