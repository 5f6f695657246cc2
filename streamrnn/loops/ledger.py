"""The loop that notes what people ask of a stream: where it stands, what was said of it, how well it is forecast."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from streamrnn.events.columns import Floats
from streamrnn.loops.base import ALL, Array, Columns, rows
from streamrnn.loops.batch import Batch
from streamrnn.rows import ABSENT
from streamrnn.rows.labels import EVENT
from streamrnn.rows.ledger import BASELINE, FORECAST, OUTCOME, PLACE_FIELDS, TARGET_FIELDS, TOLD


class LedgerLoop:
    """Notes the next step of each target, or the label: 56 bytes of a stream for each, and 24. Nothing reads it but
    people.

    Parameters
    ----------
    streams : rows of the slabs
    targets : T; 1 with labels
    labels : class or number with labels, token with tokens, else None
    answering : kind of the rows in which events are answered, with labels

    Attributes
    ----------
    slabs, shared : see `streamrnn.loops.base.Loop`
    unseen : see `streamrnn.loops.base.Unlike`
    """

    def __init__(self, streams: int, targets: int, labels: str | None = None, answering: int = EVENT) -> None:
        self._slab = rows(streams, TARGET_FIELDS * targets)
        self._places = rows(streams, PLACE_FIELDS, np.int64)
        self._labels = labels
        self._answering = answering
        self.slabs: dict[str, Array] = {"ledger": self._slab, "ledger_places": self._places}
        self.shared: dict[str, Array] = {}
        self.learned: dict[str, Columns] = dict.fromkeys(self.slabs, ALL)  # it tells of what was real
        nothing = np.zeros((targets, TARGET_FIELDS))
        nothing[:, [TOLD, FORECAST, OUTCOME, BASELINE]] = ABSENT
        self.unseen: dict[str, Array] = {"ledger": nothing.reshape(-1)}

    def process(self, batch: Batch) -> None:
        """Note what the other loops made of the batch."""
        from streamrnn.kernels import ledger

        if self._labels is None:
            events, offsets = np.ones(len(batch), np.bool_), batch.offsets
            tells = events
        elif self._labels == "token":
            events, offsets = batch.steps_of_tokens.lasts, batch.offsets
            tells = events
        else:
            events, offsets = batch.labels.kinds == EVENT, batch.labels.offsets
            tells = batch.labels.kinds == self._answering
        told, settled, outcomes, baselines = self._columns(batch)
        errors, naive = self._errors(batch, settled, outcomes, baselines)
        ledger.process(
            batch.slots, batch.fresh, events, tells, offsets, batch.records, told, settled, outcomes, baselines, errors,
            naive, self._slab, self._places,
        )  # fmt: skip

    def _columns(self, batch: Batch) -> tuple[Floats, Floats, Floats, Floats]:
        """What is told, what is settled, by which outcome, and the naive answer beside it; float64[n, T]."""
        if self._labels is None:
            first = (batch.forecasts, batch.settled, batch.settled_baselines)
            told, settled, baselines = (np.ascontiguousarray(column[:, 0]) for column in first)
            return told, settled, batch.outcomes, baselines
        columns: tuple[Floats, ...]
        if self._labels == "token":
            steps = batch.steps_of_tokens
            came = np.where(steps.outcomes < 0, ABSENT, steps.outcomes)  # of a set there may be none, or several
            answers, settled, baselines = map(_known, (steps.answers, steps.settled, steps.settled_baselines))
            columns = answers, settled, came, baselines
        elif self._labels == "number":
            labels = batch.labels
            columns = labels.forecasts, labels.settled_forecasts, labels.values, labels.naive
        else:
            labels = batch.labels
            columns = (
                _known(labels.answers), _known(labels.settled), labels.values, _known(labels.settled_baselines)
            )  # fmt: skip
        told, settled, outcomes, baselines = (np.ascontiguousarray(column[:, np.newaxis]) for column in columns)
        return told, settled, outcomes, baselines

    def _errors(
        self, batch: Batch, settled: Floats, outcomes: Floats, baselines: Floats
    ) -> tuple[Floats, Floats]:
        """What the answer and the naive one were wrong by: absolute errors, of classes 1 where wrong, of tokens log
        losses; float64[n, T]."""
        if self._labels == "token":
            steps = batch.steps_of_tokens
            return steps.losses[:, np.newaxis], steps.usual_losses[:, np.newaxis]
        errors, naive = np.abs(outcomes - settled), np.abs(outcomes - baselines)
        return (np.sign(errors), np.sign(naive)) if self._labels == "class" else (errors, naive)


def _known(codes: npt.NDArray[np.int64]) -> Floats:
    """Codes as numbers, NaN where there is none."""
    return np.where(codes < 0, np.nan, codes)
