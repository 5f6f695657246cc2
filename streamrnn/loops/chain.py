"""The loops that the settings ask for, in their order, and all of their arrays as one shard's state."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from streamrnn.loops.anomaly import AnomalyLoop
from streamrnn.loops.base import Loop, Unlike
from streamrnn.loops.batch import Batch
from streamrnn.loops.distribution import DistributionLoop
from streamrnn.loops.intervals import IntervalLoop
from streamrnn.loops.ledger import LedgerLoop
from streamrnn.loops.linear import LinearLoop
from streamrnn.loops.mixture import MixtureLoop
from streamrnn.loops.network import NetworkLoop
from streamrnn.loops.nothing import NoLoop
from streamrnn.loops.quantiles import QuantileLoop
from streamrnn.loops.readouts import ReadoutLoop
from streamrnn.loops.ridge import RidgeLoop
from streamrnn.loops.scale import ScaleLoop
from streamrnn.rows.heads import DISTRIBUTIONS
from streamrnn.rows.network import NetworkRows
from streamrnn.rows.scale import ScaleRows

if TYPE_CHECKING:
    from streamrnn.loops.label_mixture import ClassMixtureLoop, NumberMixtureLoop
    from streamrnn.loops.label_network import LabelNetworkLoop
    from streamrnn.loops.token_mixture import TokenMixtureLoop
    from streamrnn.loops.token_network import TokenNetworkLoop
    from streamrnn.settings.schema import Settings

Array = npt.NDArray[Any]

WEIGHT_ARRAYS = 4  # of a network: weights, two moments and the gradient


class Chain:
    """All that computes in a shard. Later loops read what earlier ones wrote; nothing flows back.

    Parameters
    ----------
    settings : the daemon's settings
    weights : the network's initial weights, flat

    Attributes
    ----------
    loops : in their order
    scale, network, mixture, intervals, quantiles, distribution : loops that others ask for what they hold; the last two
        are None with another head
    """

    def __init__(self, settings: Settings, weights: Array) -> None:
        self._records = np.zeros(1, np.int64)
        self.scale = ScaleLoop(settings)
        self.network: NetworkLoop | LabelNetworkLoop | TokenNetworkLoop = NetworkLoop(settings, weights)
        self.mixture: MixtureLoop | NumberMixtureLoop | ClassMixtureLoop | TokenMixtureLoop = MixtureLoop(settings)
        experts = settings.expert_names
        self._opinions = len(settings.forecast.horizons), len(settings.events.target_names), len(experts)
        streams, targets = settings.streams.max_live, len(settings.events.target_names)
        self.intervals = IntervalLoop.from_settings(settings)
        self.loops: list[Loop] = [self.scale]
        if settings.experts.ridge:
            self.loops.append(RidgeLoop.from_settings(settings))
        self.loops.append(self.network)
        for name, further in settings.further_networks.items():
            self.loops.append(NetworkLoop(further, further_weights(settings, further, weights), name))
        if settings.experts.linear:
            place = len(experts) - len(settings.experts.linear)
            self.loops.append(LinearLoop(streams, targets, settings.experts.linear, place))
        if len(settings.forecast.horizons) > 1:
            self.loops.append(ReadoutLoop(settings, experts.index("network")))
        self.loops.append(self.mixture)
        self.quantiles = QuantileLoop(settings) if settings.model.head == "quantiles" else None
        self.distribution = DistributionLoop(settings) if settings.model.head in DISTRIBUTIONS else None
        self.loops += [loop for loop in (self.quantiles, self.distribution) if loop is not None]
        if settings.forecast.levels:
            self.loops.append(self.intervals)
        if settings.anomaly.enabled:
            self.loops.append(AnomalyLoop.from_settings(settings))
        self.loops.append(LedgerLoop(streams, targets))
        if settings.model.kind == "none":
            targets_at = ScaleRows.from_settings(settings).target_features
            self.loops = [NoLoop(targets_at, len(settings.forecast.horizons), self.network.weights)]

    @property
    def records(self) -> int:
        """Records processed so far."""
        return int(self._records[0])

    def process(self, batch: Batch) -> None:
        """Advance all state by the batch, and fill in its columns."""
        self._records[0] += len(batch)
        batch.experts = np.full((len(batch), *self._opinions), np.nan)
        for loop in self.loops:
            loop.process(batch)

    def shared(self) -> dict[str, Array]:
        """The arrays that all streams share."""
        joined = {"records": self._records}
        for loop in self.loops:
            joined |= loop.shared
        return joined

    def slabs(self, rows: int) -> dict[str, Array]:
        """The first rows of the slabs (views)."""
        return {name: slab[:rows] for loop in self.loops for name, slab in loop.slabs.items()}

    def saved(self, rows: int) -> dict[str, Array]:
        """The arrays that a snapshot holds, slabs cut to the first ``rows`` (views, not copies)."""
        return self.shared() | self.slabs(rows)

    def blank(self, rows: int) -> dict[str, Array]:
        """The same before the first record, slabs with the rows of streams of which nothing is known."""
        arrays = self.saved(rows)
        for loop in self.loops:
            if isinstance(loop, Unlike):
                for name, row in loop.unseen.items():
                    arrays[name][:] = row
        return arrays

    def load(self, arrays: dict[str, Array], rows: int) -> None:
        """Take over a snapshot's arrays.

        Raises
        ------
        ValueError
            Where an array has not the shape or type that the settings ask for.
        """
        for name, mine in self.saved(rows).items():
            theirs = arrays[name]
            if theirs.shape != mine.shape or theirs.dtype != mine.dtype:
                raise ValueError(
                    f"{name} is {theirs.dtype}{list(theirs.shape)}, these settings need {mine.dtype}{list(mine.shape)}"
                )
            mine[...] = theirs


def make_chain(settings: Settings, weights: Array) -> Chain:
    """The chain that these settings ask for."""
    from streamrnn.loops.label_chain import LabelChain
    from streamrnn.loops.token_chain import TokenChain

    made = LabelChain if settings.learns_labels else TokenChain if settings.learns_tokens else Chain
    return made(settings, weights)


def further_weights(settings: Settings, further: Settings, weights: Array) -> Array:
    """Initial weights of a further network: the first one's where both are alike, else drawn from the same seed.

    Parameters
    ----------
    further : the settings of that network
    weights : of the first one; none where only sizes are asked for
    """
    layout = NetworkRows.from_settings(further)
    if len(weights) == 0 or replace(layout, k2=0) == replace(NetworkRows.from_settings(settings), k2=0):
        return weights
    from streamrnn.network.forecaster import initial_weights

    return initial_weights(layout, further.seed, further.model.precision)


def bytes_per_stream(settings: Settings) -> dict[str, int]:
    """Bytes of one stream's rows, by slab (the key index comes on top)."""
    return {name: slab.nbytes for name, slab in _of_one(settings).slabs(1).items()}


def bytes_shared(settings: Settings) -> int:
    """Bytes of what all streams of a partition share: weights and their optimiser, scores, counts."""
    layouts = map(NetworkRows.from_settings, (settings, *settings.further_networks.values()))
    weights = sum(WEIGHT_ARRAYS * layout.weights * layout.itemsize for layout in layouts)
    return weights + sum(values.nbytes for values in _of_one(settings).shared().values())


def _of_one(settings: Settings) -> Chain:
    """A chain with room for one stream, and without weights."""
    streams = settings.streams.model_copy(update={"max_live": 1})
    return make_chain(settings.model_copy(update={"streams": streams}), np.zeros(0))
