"""All that one partition owns: index, slabs, network, optimiser and scores; a pure function of its log."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from streamrnn.accounts import Accounts, distribution_scores, quantile_experts, quantile_scores
from streamrnn.accounts import score_of as target_score
from streamrnn.events.columns import Anomalies, Events, Partition, Predictions, Refusal
from streamrnn.label_report import CODES, LabelAccounts, LabelTelling, score_of, take_answers
from streamrnn.loops.batch import Batch
from streamrnn.loops.chain import make_chain
from streamrnn.loops.label_batch import LabelBatch
from streamrnn.loops.mixture import MixtureLoop
from streamrnn.observe.sensor import (
    BatchReport,
    DistributionScore,
    LabelScore,
    QuantileExpertScore,
    QuantileScore,
    TargetScore,
    TokenScore,
)
from streamrnn.rows import network
from streamrnn.rows.heads import DISTRIBUTIONS
from streamrnn.rows.labels import LabelRows
from streamrnn.snapshots.frozen import Frozen
from streamrnn.streams.classes import ClassRegistry
from streamrnn.streams.ids import id_of
from streamrnn.streams.index import Assigned, StreamIndex
from streamrnn.streams.label_rows import ClassGate, label_batch
from streamrnn.streams.look import StreamLook, look
from streamrnn.streams.ranking import Order, Row, rank
from streamrnn.streams.token_rows import token_batch
from streamrnn.streams.vocabulary import Vocabulary
from streamrnn.token_report import TokenAccounts, take_tokens, token_columns, with_answers
from streamrnn.token_report import score_of as token_score_of

if TYPE_CHECKING:
    from streamrnn.generation import Continuation
    from streamrnn.settings.schema import Settings
    from streamrnn.writing import Writer

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
            weights = _initial_weights(settings)
        self.partition = partition
        self.lineage = lineage
        self._settings = settings
        self._targets = settings.target_names
        self._index = StreamIndex(settings)
        self._horizons = settings.horizons
        self._labels = LabelTelling(settings) if settings.learns_labels else None
        self._classes = ClassRegistry(settings)
        self._waits = settings.model.lookahead > 0
        self._id_width = LabelRows.from_settings(settings).id_width if settings.learns_labels else 0
        self._vocabulary = Vocabulary(settings)
        learns = settings.model.kind == "network" and not settings.learns_labels and not settings.learns_tokens
        self._levels = settings.forecast.levels if learns else ()
        self._judges = learns and settings.anomaly.enabled
        self._head = settings.model.head if learns else "point"
        self._shares = settings.model.quantiles if self._head == "quantiles" else ()
        self._watches = learns and settings.drift.stream != "none"
        self._chain = make_chain(settings, weights)
        accounts = LabelAccounts if settings.learns_labels else TokenAccounts if settings.learns_tokens else Accounts
        self._accounts: Accounts | LabelAccounts | TokenAccounts = accounts(settings, self._chain)
        self._frozen: Frozen | None = None

    @property
    def records(self) -> int:
        """Events that the model has taken in."""
        return self._chain.records

    @property
    def live_streams(self) -> int:
        """Streams that it keeps."""
        return len(self._index)

    def process(self, events: Events) -> tuple[Predictions, BatchReport]:
        """Answer a batch of events in log order, and learn from it."""
        self._accounts.mark()
        gate = None if self._labels is None else ClassGate(events, self._classes)
        assigned = self._index.assign(events, gate)
        rows = assigned.rows
        records = self.records + 1 + np.arange(len(rows))
        batch = Batch(
            assigned.slots, assigned.fresh, assigned.live, events.times[rows], events.features[rows], records
        )
        batch.offsets, batch.gone, batch.before = events.offsets[rows], assigned.gone, self.records
        if events.traits is not None:
            batch.traits = events.traits.take(rows)
        if gate is not None:
            batch.labels = label_batch(events, assigned, gate, self._classes, self._id_width)
        if events.tokens is not None:
            batch.tokens = token_batch(events, assigned, self._vocabulary, self._settings.tokens.are_sets)
        if self._frozen is not None:
            self._frozen.keep(np.concatenate([assigned.slots, assigned.gone.slots]))
        self._chain.process(batch)
        predictions = self._answers(events, assigned, batch)
        predictions.refused += [
            Refusal(int(events.offsets[row]), reason, message) for row, reason, message in assigned.refused
        ]
        reasons = Counter(letter.reason for letter in events.rejects)
        reasons.update(refusal.reason for refusal in predictions.refused)
        added = self._accounts.added()
        if events.tokens is not None:
            added["tokens"] = with_answers(added["tokens"], batch)
        report = BatchReport(
            events=len(rows),
            bytes=0,
            dead_letters=reasons,
            late=assigned.late,
            expired=assigned.expired,
            live_streams=len(self._index),
            drifts={
                "stream": int(batch.drift.sum()) if gate is None and events.tokens is None else 0,
                "shard": added.pop("shard_drifts"),
            },
            alerts=int(batch.anomalies.alerts.any(axis=1).sum()) if self._judges else 0,
            labels=None if self._labels is None else self._labels.report(batch, added.pop("label_scores")),
            **added,
        )
        return predictions, report

    def scores(self, window: bool = False) -> dict[str, TargetScore]:
        """Prequential sums of each target one step ahead, over all records or over the sliding window."""
        mixture = self._chain.mixture
        sums = mixture.window.sum(axis=2) if window else mixture.scores
        return {name: target_score(sums[0, place]) for place, name in enumerate(self._targets)}

    def token_score(self, window: bool = False) -> TokenScore:
        """Prequential sums of tokens, over all records or over the sliding window."""
        mixture = self._chain.mixture
        return token_score_of((mixture.window.sum(axis=2) if window else mixture.scores)[0, 0])

    def label_score(self, window: bool = False) -> LabelScore:
        """Prequential sums of labels that are classes, over all records or over the sliding window."""
        mixture = self._chain.mixture
        return score_of((mixture.window.sum(axis=2) if window else mixture.scores)[0, 0])

    def quantile_scores(self) -> dict[tuple[str, float], QuantileScore]:
        """Sums of the published quantiles over all records, by target and share; none with another head."""
        loop = self._chain.quantiles
        return {} if loop is None else quantile_scores(loop.sums, self._targets, self._shares)

    def quantile_experts(self) -> dict[tuple[str, float, str], QuantileExpertScore]:
        """Sums of each expert's quantiles, by target, share and expert; none with another head."""
        loop = self._chain.quantiles
        return {} if loop is None else quantile_experts(loop.sums, self._targets, self._shares)

    def distribution_scores(self) -> dict[str, DistributionScore]:
        """Sums of the distributions over all records, by target; none with another head."""
        loop = self._chain.distribution
        return {} if loop is None else distribution_scores(loop.sums, self._targets)

    def experts(self) -> dict[tuple[str, int], dict[str, float]]:
        """Mean absolute error of each expert, by target and each group's longest horizon; NaN where none settled."""
        mixture = self._chain.mixture
        return mixture.expert_errors(self._targets) if isinstance(mixture, MixtureLoop) else {}

    def look(self, stream: str) -> StreamLook | None:
        """What is known of a stream; None where it is not live."""
        slot = self._index.slot(stream)
        if slot is None:
            return None
        seen = float(self._index.times(np.array([slot]))[0])
        names = self._classes.names or self._vocabulary.names
        return look(self._settings, self._rows(), names, stream, slot, seen)

    def continuation(self, stream: str, every: float | None = None) -> Continuation | None:
        """The stream's future, to be gone through step by step; None where it is not live. See `Continuation`: of a
        shard that is to go on learning, take a copy."""
        from streamrnn.generation import Continuation  # brings the kernels, which a look need not wait for

        slot = self._index.slot(stream)
        if slot is None:
            return None
        seen = float(self._index.times(np.array([slot]))[0])
        return Continuation(self._settings, self._chain, slot, len(self._index), seen, every)

    def writer(self, stream: str) -> Writer | None:
        """Goes on with a stream of tokens; None where it is not live. The shard is of no use to a daemon then."""
        from streamrnn.loops.token_chain import TokenChain
        from streamrnn.writing import Writer

        slot = self._index.slot(stream)
        if slot is None:
            return None
        assert isinstance(self._chain, TokenChain)
        self._chain.weigh_as_usual(slot)
        time = float(self._index.times(np.array([slot]))[0])
        sets, ends = self._settings.tokens.are_sets, self._settings.sequences.used
        return Writer(self._chain, self._vocabulary.names, slot, len(self._index), time, sets, ends)

    def codes(self, tokens: Sequence[str]) -> list[int]:
        """Numbers of tokens; new ones get theirs."""
        return self._vocabulary.codes(tokens)

    def rank(self, order: Order, search: str, limit: int) -> list[tuple[float, Row]]:
        """The first streams in an order; see `streams.ranking.rank`."""
        topic, number = self.partition.topic, self.partition.number
        return rank(self._index, self._rows(), topic, number, order, search, limit)

    def _rows(self) -> dict[str, Array]:
        return self._chain.slabs(self._index.rows)

    def forget_states(self) -> None:
        """Set the hidden states of all streams to zero, for measuring what carrying them is worth."""
        self._chain.network.forget()

    def freeze(self) -> Frozen:
        """All state as it stands, to be written by another thread; the one frozen before must have been released."""
        shared = {name: values.copy() for name, values in self._chain.shared().items()}
        index = self._index.freeze()
        shared |= self._named()
        self._frozen = Frozen(lambda: shared | index(), self._chain.slabs(self._index.rows))
        return self._frozen

    def saved(self) -> dict[str, Array]:
        """All state as arrays (views where possible: use them before the next batch)."""
        return self._chain.saved(self._index.rows) | self._index.saved() | self._named()

    def _named(self) -> dict[str, Array]:
        """The classes and tokens that were found."""
        return self._classes.saved() | self._vocabulary.saved()

    def blank(self, rows: int) -> dict[str, Array]:
        """The arrays of all loops before the first record, slabs with rows of so many streams that are not known."""
        return self._chain.blank(rows)

    @property
    def slab_names(self) -> frozenset[str]:
        """Names of the arrays with a row for each stream."""
        return frozenset(self._chain.slabs(0))

    def load(self, arrays: dict[str, Array]) -> None:
        """Take over saved state.

        Raises
        ------
        ValueError
            Where the arrays are not those of a shard with these settings.
        """
        self._chain.load(arrays, len(arrays["index_times"]))
        self._index.load(arrays)
        self._classes.load(arrays)
        self._vocabulary.load(arrays)

    def digest(self) -> str:
        """SHA-256 over all state: equal digests, equal bits."""
        sha = hashlib.sha256()
        for name, values in sorted(self.saved().items()):
            sha.update(name.encode())
            sha.update(np.ascontiguousarray(values).tobytes())
        return sha.hexdigest()

    def _answers(self, events: Events, assigned: Assigned, batch: Batch) -> Predictions:
        """Columns of the answers, tombstones in their places."""
        rows, refusals = assigned.rows, list[Refusal]()
        if self._labels is not None:
            columns = self._labels.columns(batch.labels, batch.records)
        else:
            columns = self._forecasts(batch) if events.tokens is None else token_columns(batch)
        if self._labels is not None:
            kept, refusals = self._labels.refused(events, rows, batch)
            if refusals:
                rows, columns = rows[kept], {name: column[kept] for name, column in columns.items()}
        if len(assigned.ended):
            rows, columns = self._with_ended(rows, columns, assigned)
            if self._waits and batch.labels.gone_late is not None:
                told = assigned.gone.told
                tombstones = assigned.ended[assigned.gone.tombstones[told]]
                columns["late"][np.searchsorted(rows, tombstones)] = batch.labels.gone_late[told]
        anomalies = Anomalies(*(columns.pop(each.name) for each in fields(Anomalies))) if self._judges else None
        streams = events.streams if len(rows) == len(events) else [events.streams[row] for row in rows.tolist()]
        labels = None
        if events.labels is not None and self._labels is not None:
            ids = [events.labels.ids[row] for row in rows.tolist()]
            closed = None if batch.labels.closed is None else self._closed(batch.labels.closed)
            labels = take_answers(columns, ids, self._classes.names, self._waits, closed)
        return Predictions(
            partition=events.partition,
            offsets=events.offsets[rows],
            streams=streams,
            times=events.times[rows],
            horizons=self._horizons,
            lineage=self.lineage,
            levels=self._levels,
            shares=self._shares,
            distribution=self._head if self._head in DISTRIBUTIONS else None,
            anomalies=anomalies,
            refused=refusals,
            labels=labels,
            tokens=None if events.tokens is None else take_tokens(columns, self._vocabulary.names),
            beside=events.beside,
            **columns,
        )

    def _closed(self, found: LabelBatch) -> Predictions:
        """The answers that are told later than at their events, each at its event's offset."""
        assert self._labels is not None
        n = len(found.offsets)
        columns = self._labels.columns(found, np.zeros(n, np.int64))
        labels = take_answers(columns, list(map(id_of, found.ids)), self._classes.names, False)
        return Predictions(
            partition=self.partition,
            offsets=found.offsets,
            streams=[""] * n,
            times=np.full(n, np.nan),
            horizons=self._horizons,
            lineage=self.lineage,
            labels=labels,
            **columns,
        )

    def _forecasts(self, batch: Batch) -> dict[str, Any]:
        """The columns of the stream's own future."""
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
        if self._head == "quantiles":
            columns["quantiles"] = batch.quantiles
        elif self._head in DISTRIBUTIONS:
            columns["parameters"] = batch.told
        if self._watches:
            columns["drift"] = batch.drift
        if self._judges:
            columns |= {each.name: getattr(batch.anomalies, each.name) for each in fields(Anomalies)}
        return columns

    def _with_ended(
        self, rows: Array, columns: dict[str, Any], assigned: Assigned
    ) -> tuple[Array, dict[str, Any]]:
        """The same columns with a row for each tombstone: nothing forecast, count 0, the model's count as it stood."""
        ended = assigned.ended
        merged = np.sort(np.concatenate([rows, ended]))
        place = np.searchsorted(merged, rows)
        wide: dict[str, Any] = {}
        for name, column in columns.items():
            empty = np.nan if column.dtype.kind == "f" else -1 if name in ("loudest", "exact", *CODES) else 0
            wide[name] = np.full((len(merged), *column.shape[1:]), empty, column.dtype)
            wide[name][place] = column
        stood = self.records - len(assigned.rows) + np.searchsorted(assigned.rows, ended)
        wide["records"][np.searchsorted(merged, ended)] = stood
        return merged, wide


def _initial_weights(settings: Settings) -> Array:
    """The network's weights before its first record; none without a model."""
    if settings.model.kind == "none":
        return np.empty(0)
    from streamrnn.network.forecaster import initial_weights

    layout = network.NetworkRows.from_settings(settings)
    return initial_weights(layout, settings.seed, settings.model.precision)
