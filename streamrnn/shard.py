"""All that one partition owns: index, slabs, network, optimiser and scores; a pure function of its log."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from streamrnn.engine import sizes
from streamrnn.engine.base import Batch
from streamrnn.engine.factory import make_engine
from streamrnn.engine.state import State
from streamrnn.events.columns import Events, Partition, Predictions, Refusal
from streamrnn.observe.sensor import BatchReport, TargetScore
from streamrnn.snapshots.frozen import Frozen
from streamrnn.streams.index import StreamIndex

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

Array = npt.NDArray[Any]


class Shard:
    """Answers each event of one partition with a forecast and learns from it.

    Parameters
    ----------
    settings : the daemon's settings
    partition : whose events it answers
    lineage : identity of its history, written into each prediction
    weights : initial weights; None computes them from the seed (at genesis only: a restart loads them)
    """

    def __init__(
        self, settings: Settings, partition: Partition, lineage: str = "", weights: Array | None = None
    ) -> None:
        if weights is None:
            from streamrnn.network.forecaster import initial_weights
            from streamrnn.streams.layout import Layout

            weights = initial_weights(Layout.from_settings(settings), settings.seed, settings.model.precision)
        self.partition = partition
        self.lineage = lineage
        self._targets = settings.events.target_names
        self._index = StreamIndex(settings)
        self._state = State(settings, weights)
        self._engine = make_engine(settings.model)
        self._frozen: Frozen | None = None

    @property
    def records(self) -> int:
        """Events that the model has taken in."""
        return int(self._state.totals[sizes.RECORDS])

    def process(self, events: Events) -> tuple[Predictions, BatchReport]:
        """Answer a batch of events in log order, and learn from it."""
        before = self._totals()
        assigned = self._index.assign(events)
        rows = assigned.rows
        targets = len(self._targets)
        batch = Batch.of(
            assigned.slots, assigned.fresh, assigned.live, events.times[rows], events.features[rows], targets
        )
        if self._frozen is not None:
            self._frozen.keep(assigned.slots)
        if len(rows):
            self._engine.process(self._state, batch)
        predictions = self._answers(events, rows, batch, assigned.ended)
        predictions.refused = [
            Refusal(int(events.offsets[row]), reason, message) for row, reason, message in assigned.refused
        ]
        reasons = Counter(letter.reason for letter in events.rejects)
        reasons.update(refusal.reason for refusal in predictions.refused)
        report = self._report(before, len(rows), reasons, assigned.late, assigned.expired)
        return predictions, report

    def scores(self, window: bool = False) -> dict[str, TargetScore]:
        """Prequential sums of each target, over all records or over the sliding window."""
        sums = self._state.window.sum(axis=1) if window else self._state.scores
        return {name: _score(row) for name, row in zip(self._targets, sums, strict=True)}

    def forget_states(self) -> None:
        """Set the hidden states of all streams to zero, for measuring what carrying them is worth."""
        self._state.network_slab[:, : self._state.layout.input_ring] = 0

    def freeze(self) -> Frozen:
        """All state as it stands, to be written by another thread; the one frozen before must have been released."""
        shared = {name: values.copy() for name, values in self._state.shared().items()}
        index = self._index.freeze()
        self._frozen = Frozen(lambda: shared | index(), self._state.slabs(self._index.rows))
        return self._frozen

    def saved(self) -> dict[str, Array]:
        """All state as arrays (views where possible: use them before the next batch)."""
        return self._state.saved(self._index.rows) | self._index.saved()

    def load(self, arrays: dict[str, Array]) -> None:
        """Take over saved state.

        Raises
        ------
        ValueError
            Where the arrays are not those of a shard with these settings.
        """
        self._state.load(arrays, len(arrays["index_times"]))
        self._index.load(arrays)

    def digest(self) -> str:
        """SHA-256 over all state: equal digests, equal bits."""
        sha = hashlib.sha256()
        for name, values in sorted(self.saved().items()):
            sha.update(name.encode())
            sha.update(np.ascontiguousarray(values).tobytes())
        return sha.hexdigest()

    def _answers(self, events: Events, rows: Array, batch: Batch, ended: Array) -> Predictions:
        """Columns of the answers, tombstones in their places."""
        out, counts = batch.out, batch.counts
        if len(ended):
            rows, out, counts = self._with_ended(rows, out, counts, ended)
        targets = len(self._targets)

        def column(which: int) -> Array:
            return out[:, which * targets : (which + 1) * targets]

        streams = events.streams if len(rows) == len(events) else [events.streams[row] for row in rows.tolist()]
        return Predictions(
            partition=events.partition,
            offsets=events.offsets[rows],
            streams=streams,
            times=events.times[rows],
            counts=counts[:, 0],
            records=counts[:, 1],
            forecasts=column(sizes.OUT_FORECAST),
            baselines=column(sizes.OUT_BASELINE),
            outcomes=column(sizes.OUT_OUTCOME),
            settled=column(sizes.OUT_SETTLED),
            settled_baselines=column(sizes.OUT_SETTLED_BASELINE),
            lineage=self.lineage,
        )

    def _with_ended(self, rows: Array, out: Array, counts: Array, ended: Array) -> tuple[Array, Array, Array]:
        """The same columns with a row for each tombstone: nothing forecast, count 0, the model's count as it stood."""
        merged = np.sort(np.concatenate([rows, ended]))
        place = np.searchsorted(merged, rows)
        wide_out = np.full((len(merged), out.shape[1]), np.nan)
        wide_out[place] = out
        wide_counts = np.zeros((len(merged), 2), np.int64)
        wide_counts[place] = counts
        accepted = np.zeros(len(merged), np.int64)
        accepted[place] = 1
        start = self._state.totals[sizes.RECORDS] - len(rows)
        wide_counts[:, 1] = start + np.cumsum(accepted)
        return merged, wide_out, wide_counts

    def _totals(self) -> tuple[Array, Array, Array]:
        state = self._state
        return state.totals.copy(), state.sums.copy(), state.scores.copy()

    def _report(
        self,
        before: tuple[Array, Array, Array],
        events: int,
        dead_letters: Counter[str],
        late: int,
        expired: Counter[str],
    ) -> BatchReport:
        state = self._state
        totals, sums, scores = state.totals - before[0], state.sums - before[1], state.scores - before[2]
        return BatchReport(
            events=events,
            bytes=0,
            scores={name: _score(row) for name, row in zip(self._targets, scores, strict=True)},
            dead_letters=dead_letters,
            late=late,
            updates=int(totals[sizes.STEPS]),
            skipped_updates=int(totals[sizes.SKIPPED]),
            clipped_updates=int(totals[sizes.CLIPPED]),
            loss=float(sums[sizes.LOSS]),
            losses=int(totals[sizes.PASSES]),
            expired=expired,
            live_streams=len(self._index),
            gradient_norm=float(state.sums[sizes.NORM]),
        )


def _score(sums: Array) -> TargetScore:
    return TargetScore(
        count=int(sums[sizes.COUNT]),
        absolute_error=float(sums[sizes.ABSOLUTE]),
        squared_error=float(sums[sizes.SQUARED]),
        baseline_absolute_error=float(sums[sizes.BASELINE_ABSOLUTE]),
        baseline_squared_error=float(sums[sizes.BASELINE_SQUARED]),
    )
