"""The loops that weigh what the experts say of a label, publish their mixture, and score it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from streamrnn.loops.base import ALL, NONE, Array, Columns, rows
from streamrnn.loops.batch import Batch
from streamrnn.rows import labels as at
from streamrnn.rows.labels import LabelRows
from streamrnn.rows.mixture import EXPERT_FIELDS, EXPERT_SUMS, SCORE_BLOCKS, SCORES

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


class ClassMixtureLoop:
    """Probabilities of the classes: each stream's mixture of its last known label, of how usual each class is, and of
    the networks.

    With C classes and E experts a stream costs 4 E (C + 1) bytes for each event of ``labels.within`` + 1, and
    8 C + 24 E + 24.

    Attributes
    ----------
    scores : float64[1, 1, 7], prequential sums over all labels, see ``rows.labels``
    window : float64[1, 1, 20, 7], the same over the newest records, in blocks
    expert_sums : float64[experts, 3], log losses, weights and counts of labels that each expert was judged by
    """

    def __init__(self, settings: Settings) -> None:
        sizes = self._sizes = LabelRows.from_settings(settings)
        streams = settings.streams.max_live
        self._block = max(1, settings.scoring.window // SCORE_BLOCKS)
        self._accounts = rows(streams, EXPERT_FIELDS * sizes.experts)
        self._tallies = rows(streams, at.CLASS_TALLIES + sizes.classes, np.int64)
        self._opinions = rows(streams, sizes.waiting * sizes.opinions, np.float32)
        self._shared = np.zeros(at.CLASS_TALLIES + sizes.classes, np.int64)
        self.scores = np.zeros((1, 1, at.CLASS_SCORES))
        self.window = np.zeros((1, 1, SCORE_BLOCKS, at.CLASS_SCORES))
        self.expert_sums = np.zeros((sizes.experts, EXPERT_SUMS))
        self.slabs: dict[str, Array] = {
            "mixture": self._accounts,
            "mixture_tallies": self._tallies,
            "mixture_opinions": self._opinions,
        }
        self.learned: dict[str, Columns] = {"mixture": ALL, "mixture_tallies": ALL, "mixture_opinions": NONE}
        self.shared: dict[str, Array] = {
            "class_tallies": self._shared,
            "scores": self.scores,
            "window": self.window,
            "expert_sums": self.expert_sums,
        }

    def process(self, batch: Batch) -> None:
        """Publish probabilities, and judge those whose label has come."""
        from streamrnn.kernels import label_classes

        labels, n, sizes = batch.labels, len(batch), self._sizes
        labels.probabilities = np.empty((n, sizes.classes))
        labels.answers, labels.baselines, labels.settled, labels.settled_baselines = np.empty((4, n), np.int64)
        labels.settled_probability = np.empty(n)
        label_classes.process(
            batch.slots, batch.fresh, labels.kinds, sizes.answering, batch.records, labels.numbers, labels.settles,
            labels.values, labels.classes, labels.last, labels.naive, labels.networks, sizes.waiting, self._accounts,
            self._tallies, self._opinions, self._shared, self.scores, self.window, self.expert_sums, self._block,
            labels.probabilities, labels.answers, labels.baselines, labels.settled, labels.settled_probability,
            labels.settled_baselines,
        )  # fmt: skip


class NumberMixtureLoop:
    """Forecasts of a label that is a number: each stream's mixture of its last known label, of the labels' running mean
    and of the networks. With E experts a stream costs 8 E + 16 bytes for each event of ``labels.within`` + 1, and 24 E.

    Attributes
    ----------
    scores, window : as `MixtureLoop`'s, of one target and horizon
    expert_sums : float64[experts, 3], absolute errors, weights (as they stand when a label comes) and counts
    """

    def __init__(self, settings: Settings) -> None:
        sizes = self._sizes = LabelRows.from_settings(settings)
        streams = settings.streams.max_live
        self._block = max(1, settings.scoring.window // SCORE_BLOCKS)
        self._accounts = rows(streams, EXPERT_FIELDS * sizes.experts)
        self._opinions = rows(streams, sizes.waiting * sizes.opinions)
        self.scores = np.zeros((1, 1, SCORES))
        self.window = np.zeros((1, 1, SCORE_BLOCKS, SCORES))
        self.expert_sums = np.zeros((sizes.experts, EXPERT_SUMS))
        self.slabs: dict[str, Array] = {"mixture": self._accounts, "mixture_opinions": self._opinions}
        self.learned: dict[str, Columns] = {"mixture": ALL, "mixture_opinions": NONE}
        self.shared: dict[str, Array] = {
            "scores": self.scores,
            "window": self.window,
            "expert_sums": self.expert_sums,
        }

    def process(self, batch: Batch) -> None:
        """Publish forecasts, and judge those whose label has come."""
        from streamrnn.kernels import label_numbers

        labels, n = batch.labels, len(batch)
        labels.forecasts, labels.settled_forecasts = np.empty((2, n))
        label_numbers.process(
            batch.slots, batch.fresh, labels.kinds, self._sizes.answering, batch.records, labels.numbers,
            labels.settles, labels.values, labels.last, labels.mean, labels.unit,
            np.ascontiguousarray(labels.networks[:, :, 0]), self._sizes.waiting, self._accounts, self._opinions,
            self.scores, self.window, self.expert_sums, self._block, labels.forecasts, labels.settled_forecasts,
        )  # fmt: skip
