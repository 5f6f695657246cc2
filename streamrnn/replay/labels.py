"""What a replay has to say about labels that are classes."""

import math
from typing import Any

import numpy as np
from rich import box
from rich.markup import escape
from rich.table import Table

from streamrnn.events.columns import Predictions
from streamrnn.events.label_answers import LabelAnswers
from streamrnn.observe.sensor import LabelScore
from streamrnn.replay.intake import Intake
from streamrnn.replay.numbers import finite, percent
from streamrnn.replay.timeline import Timeline


class LabelReplayReport:
    """Fed with predictions batch by batch; tells accuracy and log loss beside naive ones: the last label, if it counts,
    and the most frequent one.

    Parameters
    ----------
    field : name of the label
    intake : what came out of the file, and what did not; whoever reads the file feeds it
    hinted : the last label is the baseline, as ``labels.last`` has it; else the most frequent one

    Attributes
    ----------
    events : records taken, labels included
    targets : the label's name
    score : sums of all labels; whoever feeds the report sets it from the shard
    classes : names of the classes met
    confusion : int64[classes, classes], labels by what came and what was answered
    timeline : shares of wrong answers over the run
    """

    def __init__(self, field: str, intake: Intake | None = None, hinted: bool = True) -> None:
        self.targets = (field,)
        self.intake = intake or Intake()
        self.score = LabelScore(0, 0, 0.0, 0, 0.0, 0, 0.0)
        self.events = 0
        self.classes: tuple[str, ...] = ()
        self.confusion = np.zeros((0, 0), np.int64)
        self.timeline = Timeline(1)
        self._hinted = hinted
        self._streams: set[str] = set()

    def add(self, p: Predictions) -> None:
        """Take the predictions of the next batch."""
        labels = p.labels
        assert labels is not None
        self.events += len(p)
        self._streams.update(p.streams)
        if len(labels.classes) > len(self.classes):
            self.classes = labels.classes
            wider = np.zeros((len(self.classes),) * 2, np.int64)
            before = len(self.confusion)
            wider[:before, :before] = self.confusion
            self.confusion = wider
        self._judge(labels)
        if labels.closed is not None and labels.closed.labels is not None:
            self._judge(labels.closed.labels)

    def _judge(self, labels: LabelAnswers) -> None:
        at = np.flatnonzero(labels.settled >= 0)
        outcomes, answers = labels.outcomes[at], labels.settled[at]
        np.add.at(self.confusion, (outcomes, answers), 1)
        wrong, naive = answers != outcomes, labels.settled_baselines[at] != outcomes
        self.timeline.add(wrong[:, None].astype(np.float64), naive[:, None].astype(np.float64))

    @property
    def streams(self) -> int:
        """How many were met."""
        return len(self._streams)

    def nothing(self) -> str | None:
        """Why there is no score at all; None where there is one."""
        if self.score.count:
            return None
        unscored = f"Nothing could be scored: no event had an answer and then a label {self.targets[0]}."
        return self.intake.nothing(self.targets) or unscored

    def rows(self) -> list[tuple[str, float, float]]:
        """Name, accuracy and mean log loss of the answers and of what they are compared with, the baseline first."""
        found, count = self.score, self.score.count or math.nan
        last = ("last label", found.last_correct / count, found.last_log_loss / count)
        return [
            ("answer", found.correct / count, found.log_loss / count),
            *([last] if self._hinted else []),
            ("most frequent label", found.frequent_correct / count, found.frequent_log_loss / count),
        ]

    @property
    def skill(self) -> float:
        """1 - wrong answers / those of the baseline; NaN where that never erred."""
        naive = self.score.count - self.score.last_correct
        return 1.0 - (self.score.count - self.score.correct) / naive if naive else math.nan

    def title(self) -> str:
        """How much there was."""
        return f"{self.score.count:,} labels scored, {self.events:,} records of {self.streams:,} streams"

    def table(self, width: int) -> Table:
        """The scores for a terminal."""
        table = Table(title=f"{self.title()}; skill {percent(self.skill)}", box=box.SIMPLE, padding=(0, 1, 0, 0))
        table.add_column(escape(self.targets[0]))
        for name in ("accuracy", "log loss"):
            table.add_column(name, justify="right", no_wrap=True)
        for name, accuracy, loss in self.rows():
            table.add_row(name, f"{accuracy:.4f}", f"{loss:.4f}")
        return table

    def numbers(self) -> dict[str, Any]:
        """The scores as plain data for JSON: null where there is nothing to tell."""
        keys = ("", "last_", "frequent_") if self._hinted else ("", "frequent_")
        scores: dict[str, Any] = {"scored": self.score.count, "skill": finite(self.skill)}
        for key, (_, accuracy, loss) in zip(keys, self.rows(), strict=True):
            scores |= {f"{key}accuracy": finite(accuracy), f"{key}log_loss": finite(loss)}
        scores |= {"classes": list(self.classes), "confusion": self.confusion.tolist()}
        counts = {"events": self.events, "streams": self.streams, "labels": {self.targets[0]: scores}}
        return counts | self.intake.numbers() | {"problem": self.nothing()}

    def html(self, title: str) -> str:
        """The whole report as one HTML page that needs nothing from elsewhere."""
        from streamrnn.replay.label_page import label_page

        return label_page(self, title)
