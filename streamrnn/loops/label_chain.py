"""The chain of loops in label modes: what labels are of, what is known of them, the network, the mixture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import Array, Loop
from streamrnn.loops.batch import Batch
from streamrnn.loops.chain import Chain, further_weights
from streamrnn.loops.join import JoinLoop, KnownLoop
from streamrnn.loops.label_mixture import ClassMixtureLoop, NumberMixtureLoop
from streamrnn.loops.label_network import LabelNetworkLoop
from streamrnn.loops.scale import ScaleLoop
from streamrnn.loops.sequences import SequenceLoop
from streamrnn.rows.labels import EVENT

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

_OF_SCALE = ("advance", "steps", "events", "inputs")  # columns that the scale loop fills in


class LabelChain(Chain):
    """All that computes in a shard that learns from labels.

    A batch has rows of two kinds in log order, events and labels. The features' loop takes the events alone.

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
        self._label_loops: list[Loop] = [
            SequenceLoop(settings), JoinLoop(settings), KnownLoop(settings), *networks, self.mixture
        ]
        self.loops = [self.scale, *self._label_loops]

    def process(self, batch: Batch) -> None:
        """Advance all state by the batch, and fill in its columns."""
        self._records[0] += len(batch)
        self._scale(batch)
        batch.labels.networks = np.empty((len(batch), *self._said))
        for loop in self._label_loops:
            loop.process(batch)

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
        for name in _OF_SCALE:
            column = getattr(events, name)
            wide = np.zeros((len(batch), *column.shape[1:]), column.dtype)
            wide[at] = column
            setattr(batch, name, wide)
