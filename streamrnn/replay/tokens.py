"""What a replay has to say about tokens."""

import math
from typing import Any

import numpy as np
from rich import box
from rich.markup import escape
from rich.table import Table

from streamrnn.events.columns import Predictions
from streamrnn.events.token_answers import LN_2
from streamrnn.observe.sensor import BatchReport, TokenScore
from streamrnn.replay.intake import Intake
from streamrnn.replay.numbers import finite, percent
from streamrnn.replay.timeline import Timeline
from streamrnn.rows.tokens import EXPERTS
from streamrnn.rows.tokens import USUAL as USUAL_TOKEN

USUAL = EXPERTS[USUAL_TOKEN]


class TokenReplayReport:
    """Fed with predictions batch by batch; tells bits and right answers beside those of the usual token.

    Parameters
    ----------
    field : name of the field with the tokens
    intake : what came out of the file, and what did not; whoever reads the file feeds it

    Attributes
    ----------
    events : events taken
    targets : the field's name
    score : sums of all tokens; whoever feeds the report sets it from the shard
    experts : by name, answers judged and their log loss
    answers, exact : events with tokens behind the marker, and those of them that were foretold to the last token
    timeline : bits a token over the run
    """

    def __init__(self, field: str, intake: Intake | None = None) -> None:
        self.targets = (field,)
        self.intake = intake or Intake()
        self.score = TokenScore(0, 0, 0.0, 0, 0.0)
        self.experts: dict[str, tuple[int, float]] = {}
        self.answers = self.exact = 0
        self.events = 0
        self.timeline = Timeline(1)
        self._streams: set[str] = set()

    def add(self, p: Predictions) -> None:
        """Take the predictions of the next batch."""
        tokens = p.tokens
        assert tokens is not None
        self.events += len(p)
        self._streams.update(p.streams)
        at = np.flatnonzero(tokens.counts)
        many = tokens.counts[at] * LN_2
        self.timeline.add((tokens.losses[at] / many)[:, None], (tokens.usual_losses[at] / many)[:, None])

    def weigh(self, report: BatchReport) -> None:
        """Take what the batch's experts were worth."""
        assert report.tokens is not None
        self.answers += report.tokens.answers
        self.exact += report.tokens.exact
        for name, expert in report.tokens.experts.items():
            count, loss = self.experts.get(name, (0, 0.0))
            self.experts[name] = count + expert.count, loss + expert.error

    @property
    def streams(self) -> int:
        """How many were met."""
        return len(self._streams)

    def nothing(self) -> str | None:
        """Why there is no score at all; None where there is one."""
        if self.score.count:
            return None
        unscored = f"Nothing could be scored: no stream had two tokens in its field {self.targets[0]}."
        return self.intake.nothing(self.targets) or unscored

    @property
    def skill(self) -> float:
        """1 - log loss / that of the usual token."""
        return 1.0 - self.score.log_loss / self.score.usual_log_loss if self.score.usual_log_loss else math.nan

    def rows(self) -> list[tuple[str, float, float]]:
        """Name, share of right answers (NaN where not counted) and bits a token: of the answers, and of each expert."""
        found, count = self.score, self.score.count or math.nan
        rows = [("answer", found.correct / count, found.log_loss / count / LN_2)]
        rows += [
            (name, found.usual_correct / count if name == USUAL else math.nan, loss / LN_2 / (judged or math.nan))
            for name, (judged, loss) in self.experts.items()
        ]
        return rows

    def title(self) -> str:
        """How much there was."""
        text = f"{self.score.count:,} tokens scored, {self.events:,} events of {self.streams:,} streams"
        if not self.answers:
            return text
        share = percent(self.exact / self.answers, sign=False)
        return f"{text}; {self.exact:,} of {self.answers:,} answers exact ({share})"

    def table(self, width: int) -> Table:
        """The scores for a terminal."""
        table = Table(title=f"{self.title()}; skill {percent(self.skill)}", box=box.SIMPLE, padding=(0, 1, 0, 0))
        table.add_column(escape(self.targets[0]))
        for name in ("right", "bits a token"):
            table.add_column(name, justify="right", no_wrap=True)
        for name, right, bits in self.rows():
            table.add_row(escape(name), "" if math.isnan(right) else f"{right:.4f}", f"{bits:.4f}")
        return table

    def numbers(self) -> dict[str, Any]:
        """The scores as plain data for JSON: null where there is nothing to tell."""
        (_, right, bits), *experts = self.rows()
        scores = {
            "scored": self.score.count, "skill": finite(self.skill), "right": finite(right), "bits": finite(bits),
            "answers": self.answers, "exact": self.exact,
            "expert_bits": {name: finite(each) for name, _, each in experts},
        }  # fmt: skip
        counts = {"events": self.events, "streams": self.streams, "tokens": {self.targets[0]: scores}}
        return counts | self.intake.numbers() | {"problem": self.nothing()}

    def html(self, title: str) -> str:
        """The whole report as one HTML page that needs nothing from elsewhere."""
        from streamrnn.replay.token_page import token_page

        return token_page(self, title)
