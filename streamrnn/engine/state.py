"""All numbers of one shard: slabs, weights, optimiser, totals and scores, as flat arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from streamrnn.engine import sizes
from streamrnn.streams.layout import Layout

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

SHARED = ("weights", "first_moment", "second_moment", "gradient", "totals", "sums", "scores", "window")
SLABS = ("network_slab", "accounts", "tallies")
CACHE_LINE = 64  # bytes
Array = npt.NDArray[Any]


class State:
    """A shard's arrays. Both engines read and write these and nothing else, so a snapshot serves either.

    Slabs are made at full size: untouched rows cost address space, not memory.
    """

    def __init__(self, settings: Settings, weights: Array) -> None:
        layout = self.layout = Layout.from_settings(settings)
        model = settings.model
        streams = settings.streams.max_live
        precision = np.dtype(model.precision)
        self.network_slab = np.zeros((streams, layout.network_row), precision)
        self.accounts = np.zeros((streams, layout.account_row))
        self.tallies = np.zeros((streams, layout.count_row), np.int64)
        self.weights, self.first_moment, self.second_moment, self.gradient = (
            _aligned_zeros(len(weights), precision) for _ in range(4)
        )
        self.weights[:] = weights
        self.totals = np.zeros(sizes.TOTALS, np.int64)
        self.totals[sizes.RECORDS_PER_STEP] = 1
        self.sums = np.zeros(sizes.SUMS)
        self.sums[[sizes.BETA1_POWER, sizes.BETA2_POWER]] = 1.0
        self.scores = np.zeros((layout.targets, sizes.SCORES))
        self.window = np.zeros((layout.targets, sizes.SCORE_BLOCKS, sizes.SCORES))

        self.sizes = np.array(
            [
                layout.features, layout.targets, layout.inputs, layout.hidden, model.k1, model.k2, layout.season,
                layout.calendar, model.records_per_step, max(1, settings.scoring.window // sizes.SCORE_BLOCKS),
            ],
            np.int64,
        )  # fmt: skip
        self.rates = np.array(
            [model.learning_rate, model.clip_norm, model.huber_delta if model.loss == "huber" else 0.0]
        )
        withheld = settings.events.withheld
        self.shown = np.array([feature not in withheld for feature in settings.events.features], np.float64)
        self.target_features = np.array(layout.target_features, np.int64)

    def saved(self, rows: int) -> dict[str, Array]:
        """The arrays that a snapshot holds, slabs cut to the first ``rows`` (views, not copies)."""
        return self.shared() | self.slabs(rows)

    def shared(self) -> dict[str, Array]:
        """The arrays that all streams share."""
        return {name: getattr(self, name) for name in SHARED}

    def slabs(self, rows: int) -> dict[str, Array]:
        """The first rows of the slabs (views)."""
        return {name: getattr(self, name)[:rows] for name in SLABS}

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


def _aligned_zeros(size: int, dtype: np.dtype[Any]) -> Array:
    """Zeros that begin with a cache line: vector loads that straddle two lines cost the kernels a fifth."""
    room = np.zeros(size * dtype.itemsize + CACHE_LINE, np.uint8)
    start = -room.ctypes.data % CACHE_LINE
    return room[start : start + size * dtype.itemsize].view(dtype)
