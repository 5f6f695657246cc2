"""All that one partition owns: index, slabs, network, optimiser and scores; a pure function of its log."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from streamrnn.accounts import Accounts, score_of
from streamrnn.events.columns import Anomalies, Events, Partition, Predictions, Refusal
from streamrnn.loops.batch import Batch
from streamrnn.loops.chain import Chain
from streamrnn.observe.sensor import BatchReport, TargetScore
from streamrnn.rows import network
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

            layout = network.NetworkRows.from_settings(settings)
            weights = initial_weights(layout, settings.seed, settings.model.precision)
        self.partition = partition
        self.lineage = lineage
        self._targets = settings.events.target_names
        self._index = StreamIndex(settings)
        self._horizons = settings.forecast.horizons
        learns = settings.model.kind == "network"
        self._levels = settings.forecast.levels if learns else ()
        self._judges = learns and settings.anomaly.enabled
        self._watches = learns and settings.drift.stream != "none"
        self._chain = Chain(settings, weights)
        self._accounts = Accounts(settings, self._chain)
        self._frozen: Frozen | None = None

    @property
    def records(self) -> int:
        """Events that the model has taken in."""
        return self._chain.records

    def process(self, events: Events) -> tuple[Predictions, BatchReport]:
        """Answer a batch of events in log order, and learn from it."""
        self._accounts.mark()
        assigned = self._index.assign(events)
        rows = assigned.rows
        records = self.records + 1 + np.arange(len(rows))
        batch = Batch(
            assigned.slots, assigned.fresh, assigned.live, events.times[rows], events.features[rows], records
        )
        if self._frozen is not None:
            self._frozen.keep(assigned.slots)
        self._chain.process(batch)
        predictions = self._answers(events, rows, batch, assigned.ended)
        predictions.refused = [
            Refusal(int(events.offsets[row]), reason, message) for row, reason, message in assigned.refused
        ]
        reasons = Counter(letter.reason for letter in events.rejects)
        reasons.update(refusal.reason for refusal in predictions.refused)
        added = self._accounts.added()
        report = BatchReport(
            events=len(rows),
            bytes=0,
            dead_letters=reasons,
            late=assigned.late,
            expired=assigned.expired,
            live_streams=len(self._index),
            drifts={"stream": int(batch.drift.sum()), "shard": added.pop("shard_drifts")},
            alerts=int(batch.anomalies.alerts.any(axis=1).sum()) if self._judges else 0,
            **added,
        )
        return predictions, report

    def scores(self, window: bool = False) -> dict[str, TargetScore]:
        """Prequential sums of each target one step ahead, over all records or over the sliding window."""
        mixture = self._chain.mixture
        sums = mixture.window.sum(axis=2) if window else mixture.scores
        return {name: score_of(row) for name, row in zip(self._targets, sums[0], strict=True)}

    def experts(self) -> dict[tuple[str, int], dict[str, float]]:
        """Mean absolute error of each expert, by target and each group's longest horizon; NaN where none settled."""
        return self._chain.mixture.expert_errors(self._targets)

    def forget_states(self) -> None:
        """Set the hidden states of all streams to zero, for measuring what carrying them is worth."""
        self._chain.network.forget()

    def freeze(self) -> Frozen:
        """All state as it stands, to be written by another thread; the one frozen before must have been released."""
        shared = {name: values.copy() for name, values in self._chain.shared().items()}
        index = self._index.freeze()
        self._frozen = Frozen(lambda: shared | index(), self._chain.slabs(self._index.rows))
        return self._frozen

    def saved(self) -> dict[str, Array]:
        """All state as arrays (views where possible: use them before the next batch)."""
        return self._chain.saved(self._index.rows) | self._index.saved()

    def load(self, arrays: dict[str, Array]) -> None:
        """Take over saved state.

        Raises
        ------
        ValueError
            Where the arrays are not those of a shard with these settings.
        """
        self._chain.load(arrays, len(arrays["index_times"]))
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
        columns: dict[str, Any] = {
            "forecasts": batch.forecasts,
            "baselines": batch.last,
            "outcomes": batch.outcomes,
            "settled": batch.settled,
            "settled_baselines": batch.settled_baselines,
            "counts": batch.events,
            "records": batch.records,
        }
        if self._levels:
            columns |= {"low": batch.low, "high": batch.high}
        if self._watches:
            columns["drift"] = batch.drift
        if self._judges:
            columns |= {each.name: getattr(batch.anomalies, each.name) for each in fields(Anomalies)}
        if len(ended):
            rows, columns = self._with_ended(rows, columns, ended)
        anomalies = Anomalies(*(columns.pop(each.name) for each in fields(Anomalies))) if self._judges else None
        streams = events.streams if len(rows) == len(events) else [events.streams[row] for row in rows.tolist()]
        return Predictions(
            partition=events.partition,
            offsets=events.offsets[rows],
            streams=streams,
            times=events.times[rows],
            horizons=self._horizons,
            lineage=self.lineage,
            levels=self._levels,
            anomalies=anomalies,
            **columns,
        )

    def _with_ended(self, rows: Array, columns: dict[str, Any], ended: Array) -> tuple[Array, dict[str, Any]]:
        """The same columns with a row for each tombstone: nothing forecast, count 0, the model's count as it stood."""
        merged = np.sort(np.concatenate([rows, ended]))
        place = np.searchsorted(merged, rows)
        wide: dict[str, Any] = {}
        for name, column in columns.items():
            empty = np.nan if column.dtype.kind == "f" else -1 if name == "loudest" else 0
            wide[name] = np.full((len(merged), *column.shape[1:]), empty, column.dtype)
            wide[name][place] = column
        accepted = np.zeros(len(merged), np.int64)
        accepted[place] = 1
        wide["records"] = self.records - len(rows) + np.cumsum(accepted)
        return merged, wide
