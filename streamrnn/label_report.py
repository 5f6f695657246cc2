"""What a shard tells of labels: the columns of its answers, the records it refuses, and the sums of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from streamrnn.accounts import Since, expert_score, learned
from streamrnn.accounts import score_of as target_score
from streamrnn.events import reasons
from streamrnn.events.columns import Events, Ints, Predictions, Refusal
from streamrnn.events.label_answers import LabelAnswers
from streamrnn.loops.batch import Batch
from streamrnn.loops.chain import Chain
from streamrnn.loops.label_batch import LabelBatch
from streamrnn.observe.sensor import LabelReport, LabelScore
from streamrnn.rows import labels as at

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

Array = npt.NDArray[Any]

#: Of the answers' label columns, those that are codes or offsets: -1 stands for none.
CODES = ("of", "answers", "label_baselines", "label_outcomes", "settled_labels", "settled_label_baselines")


class LabelTelling:
    """Turns what the loops found into answers.

    Parameters
    ----------
    settings : the daemon's settings, in a label mode
    """

    def __init__(self, settings: Settings) -> None:
        self._numbers = settings.labels.kind == "number"
        self._each = not settings.labels.sequence
        self._answering = at.LabelRows.from_settings(settings).answering
        self._refuses = settings.labels.dead_letters
        self._experts = (*at.EXPERTS, "network", *settings.further_networks)

    def columns(self, found: LabelBatch, records: Ints) -> dict[str, Any]:
        """Columns of the answers [n, ...], those of `Predictions` and of `LabelAnswers`."""
        n = len(records)
        settles = found.settles > 0
        flat, empty = np.empty((n, 0)), np.empty((n, 0, 0))
        columns: dict[str, Any] = {
            "counts": found.numbers,
            "records": records,
            "kinds": found.kinds,
            "status": found.status,
            "of": found.of,
            "ages": found.ages,
            "late": np.zeros(n, np.int64) if found.late is None else found.late,
            "final": (found.kinds == at.CLOSING) | (found.kinds == self._answering) & (found.ends | self._each),
        }
        if self._numbers:
            outcomes = np.where(settles, found.values, np.nan)
            none = np.full(n, -1, np.int64)
            return columns | {
                "forecasts": found.forecasts[:, None, None],
                "baselines": found.last[:, None],
                "outcomes": outcomes[:, None],
                "settled": found.settled_forecasts[:, None, None],
                "settled_baselines": found.naive[:, None, None],
                "probabilities": flat,
                "answers": none,
                "label_baselines": none,
                "label_outcomes": none,
                "settled_labels": none,
                "settled_label_baselines": none,
                "settled_probability": np.full(n, np.nan),
            }
        return columns | {
            "forecasts": empty,
            "baselines": flat,
            "outcomes": flat,
            "settled": empty,
            "settled_baselines": empty,
            "probabilities": found.probabilities,
            "answers": found.answers,
            "label_baselines": found.baselines,
            "label_outcomes": np.where(settles, found.values, -1).astype(np.int64),
            "settled_labels": found.settled,
            "settled_label_baselines": found.settled_baselines,
            "settled_probability": found.settled_probability,
        }

    def refused(self, events: Events, rows: Array, batch: Batch) -> tuple[Array, list[Refusal]]:
        """bool[n], which of the records get an answer; and the labels that become dead letters instead."""
        status = batch.labels.status
        kept = np.ones(len(batch), np.bool_)
        if not self._refuses:
            return kept, []
        kept = (status != at.LATE) & (status != at.UNMATCHED)
        refusals = []
        for i in np.flatnonzero(~kept).tolist():
            late = status[i] == at.LATE
            reason = reasons.LATE_LABEL if late else reasons.UNMATCHED_LABEL
            message = reasons.EXPLANATIONS[reason]
            if late:
                message += f" ({batch.labels.ages[i]} events)"
            refusals.append(Refusal(int(events.offsets[rows[i]]), reason, message))
        return kept, refusals

    def report(self, batch: Batch, sums: tuple[LabelScore | None, Array]) -> LabelReport:
        """What a batch did with labels; ``sums`` are its sums of classes, None where labels are numbers, and those of
        the experts [experts, 3]."""
        score, experts = sums
        status, ages = batch.labels.status, batch.labels.ages
        matched, closed = status == at.MATCHED, batch.labels.closed
        ended = 0 if closed is None else int(((closed.kinds == at.CLOSING) & (closed.settles > 0)).sum())
        return LabelReport(
            score=score,
            matched=int(matched.sum()) + ended,
            late=int((status == at.LATE).sum()),
            unmatched=int((status == at.UNMATCHED).sum()),
            delay=int(ages[matched].sum()),
            experts={name: expert_score(row) for name, row in zip(self._experts, experts, strict=True)},
            lost=batch.labels.lost,
        )


def take_answers(
    columns: dict[str, Any],
    ids: list[str | None],
    classes: tuple[str, ...],
    waits: bool,
    closed: Predictions | None = None,
) -> LabelAnswers:
    """Take the columns of `LabelAnswers` out of all columns."""
    return LabelAnswers(
        kinds=columns.pop("kinds"),
        status=columns.pop("status"),
        ids=ids,
        of=columns.pop("of"),
        ages=columns.pop("ages"),
        final=columns.pop("final"),
        classes=classes,
        probabilities=columns.pop("probabilities"),
        answers=columns.pop("answers"),
        baselines=columns.pop("label_baselines"),
        outcomes=columns.pop("label_outcomes"),
        settled=columns.pop("settled_labels"),
        settled_baselines=columns.pop("settled_label_baselines"),
        settled_probability=columns.pop("settled_probability"),
        waits=waits,
        late=columns.pop("late"),
        closed=closed,
    )


def score_of(sums: Array) -> LabelScore:
    """Sums of classes as the kernel keeps them, by name."""
    return LabelScore(
        count=int(sums[at.COUNT]),
        correct=int(sums[at.CORRECT]),
        log_loss=float(sums[at.LOG_LOSS]),
        last_correct=int(sums[at.LAST_CORRECT]),
        last_log_loss=float(sums[at.LAST_LOG_LOSS]),
        frequent_correct=int(sums[at.FREQUENT_CORRECT]),
        frequent_log_loss=float(sums[at.FREQUENT_LOG_LOSS]),
    )


class LabelAccounts:
    """The sums of a label chain as they stood at one record, to tell what came since.

    Parameters
    ----------
    settings : the daemon's settings, in a label mode
    chain : whose sums are meant
    """

    def __init__(self, settings: Settings, chain: Chain) -> None:
        self._learner = chain.network
        self._since = Since(
            chain.network.totals, chain.network.sums, chain.mixture.scores, chain.mixture.expert_sums
        )
        self._targets, self._horizons = settings.target_names, settings.horizons

    def mark(self) -> None:
        """What comes from here on counts."""
        self._since.mark()

    def added(self) -> dict[str, Any]:
        """The fields of a `BatchReport` that these sums tell, of all since the mark, and "label_scores": those of
        classes (None where labels are numbers) and of the experts."""
        totals, sums, scores, experts = self._since.added()
        forecast = [(name, horizon) for name in self._targets for horizon in self._horizons]
        return learned(self._learner, totals, sums) | {
            "scores": {each: target_score(scores[0, 0]) for each in forecast},
            "label_scores": (None if forecast else score_of(scores[0, 0]), experts),
        }
