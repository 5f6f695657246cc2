"""Everything a replay has to say about its forecasts, gathered in bounded memory for a given number of streams."""

import math
from collections import Counter, deque
from typing import Any

import numpy as np
from rich.table import Table

from streamrnn.events.columns import Floats, Ints, Predictions
from streamrnn.replay.ahead import Ahead
from streamrnn.replay.heads import Heads
from streamrnn.replay.history import History, Moment
from streamrnn.replay.intake import Intake
from streamrnn.replay.numbers import finite, number, percent
from streamrnn.replay.scores import Score, Scores
from streamrnn.replay.terminal import number_table
from streamrnn.replay.timeline import Timeline

_PLOTS = 6
_POINTS = 500
_CHUNK = 256  # rows between two looks at a stream's deviation, however large the batches
_WIDE = 100  # characters of a terminal that shows all scores


class Sample:
    """The newest points of one stream and target, for a plot.

    Attributes
    ----------
    stream, target : what it is of
    times, outcomes, forecasts : the last 500 points; a forecast is the one that the outcome settled
    """

    def __init__(self, stream: str, place: int, target: int) -> None:
        self.stream = stream
        self.place = place
        self.target = target
        self.times: deque[float] = deque(maxlen=_POINTS)
        self.outcomes: deque[float] = deque(maxlen=_POINTS)
        self.forecasts: deque[float] = deque(maxlen=_POINTS)


class ReplayReport:
    """Fed with predictions batch by batch; tells errors, skill, the worst streams and moments.

    Parameters
    ----------
    targets : names, in the order of the predictions' columns
    intake : what came out of the file, and what did not; whoever reads the file feeds it
    labels : whether the targets are labels, and not a stream's own next values

    Attributes
    ----------
    events : predictions taken
    heads : quantiles and distributions; whoever feeds the report feeds it
    ahead : farther horizons, intervals, experts and alerts; whoever feeds the report feeds it
    first_time, last_time : smallest and largest event time in seconds; NaN before there is one
    """

    def __init__(self, targets: tuple[str, ...], intake: Intake | None = None, labels: bool = False) -> None:
        self.targets = targets
        self._labels = labels
        self.intake = intake or Intake()
        self.scores = Scores(len(targets))
        self.timeline = Timeline(len(targets))
        self.heads = Heads()
        self.ahead = Ahead()
        self.samples: list[Sample] = []
        self.events = 0
        self.first_time = self.last_time = math.nan
        self._histories = [History() for _ in targets]

    def add(self, p: Predictions) -> None:
        """Take the predictions of the next batch."""
        streams, columns = _settling(p)
        for start in range(0, len(streams), _CHUNK):
            rows = slice(start, start + _CHUNK)
            self._add(streams[rows], *(column[rows] for column in columns))
        self.events += len(p)

    def _add(self, streams: list[str], times: Floats, outcomes: Floats, settled: Floats, baselines: Floats) -> None:
        places = self.scores.places(streams)
        errors, baseline_errors = outcomes - settled, outcomes - baselines
        scales = self.scores.scales(places)
        self.scores.add(places, outcomes, errors, baseline_errors)
        self.timeline.add(errors, baseline_errors)
        for target, history in enumerate(self._histories):
            history.add(places, times, outcomes[:, target], settled[:, target], scales[:, target])
        self._sample(places, times, outcomes, settled)
        self.first_time = float(np.fmin(self.first_time, times.min()))
        self.last_time = float(np.fmax(self.last_time, times.max()))

    @property
    def streams(self) -> int:
        """How many were met."""
        return len(self.scores.names)

    def moments(self, target: int) -> list[Moment]:
        """The forecasts of a target that were furthest off, measured by their stream's deviation."""
        return self._histories[target].moments()

    def worst(self, most: int = 12) -> list[tuple[int, Moment]]:
        """Targets and moments furthest off: the worst of each target and stream before the second of any."""
        ranked = []
        for target in range(len(self.targets)):
            ranks: Counter[int] = Counter()  # moments of each stream so far
            found = []
            for moment in self.moments(target):
                found.append((ranks[moment.place], moment))
                ranks[moment.place] += 1
            found.sort(key=lambda each: each[0])
            ranked += [(rank, target, moment) for rank, (_, moment) in enumerate(found)]
        ranked.sort(key=lambda each: (each[0], -each[2].severity))
        chosen = [(target, moment) for _, target, moment in ranked[:most]]
        return sorted(chosen, key=lambda each: -each[1].severity)

    def nothing(self) -> str | None:
        """Why there is no score at all; None where there is one."""
        if any(self.scores.total(target).count for target in range(len(self.targets))):
            return None
        unscored = "no stream had two values in a row"
        if self._labels:
            unscored = f"no event had an answer and then a label {self.targets[0]}"
        return self.intake.nothing(self.targets) or f"Nothing could be scored: {unscored}."

    def table(self, width: int) -> Table:
        """The scores of all targets for a terminal of this width; a narrow one is spared the squared errors."""
        shown = [place for place, (name, _) in enumerate(self.columns()) if width >= _WIDE or "RMSE" not in name]
        names = ["target", *(self.columns()[place][0].replace("mean ", "mean\n") for place in shown)]
        rows = [(name, self.row(target)) for target, name in enumerate(self.targets)]
        return number_table(self.title(), names, [[name, *(row[place] for place in shown)] for name, row in rows])

    def title(self) -> str:
        """How much there was."""
        return f"{_counted(self.events, 'event')} of {_counted(self.streams, 'stream')}"

    def columns(self) -> list[tuple[str, str]]:
        """Name and meaning of each number that `row` gives."""
        found = [
            ("scored", "outcomes with a forecast and a last value to compare with"),
            ("MAE", "mean absolute error of the forecasts"),
            ("naive MAE", "the same of the last value as forecast"),
            ("skill", "1 - MAE / naive MAE: above 0 is better than the last value"),
            ("RMSE", "root of the mean squared error"),
            ("naive RMSE", "the same of the last value as forecast"),
            ("MAE / std", "MAE in standard deviations of all outcomes"),
        ]
        if self.streams > 1:
            found.append(("mean MAE / std", "the same within each stream, averaged over the streams"))
        return found

    def row(self, target: int) -> list[str]:
        """The numbers of one target as text."""
        score = self.scores.total(target)
        row = [
            f"{score.count:,}", number(score.mae), number(score.naive_mae), percent(score.skill),
            number(score.rmse), number(score.naive_rmse), number(score.mae_over_std),
        ]  # fmt: skip
        if self.streams > 1:
            row.append(number(self.scores.mean_mae_over_std(target)))
        return row

    def numbers(self) -> dict[str, Any]:
        """The scores as plain data for JSON: null where there is nothing to tell."""
        found = {}
        for target, name in enumerate(self.targets):
            score = self.scores.total(target)
            mean = {"mean_mae_over_std": finite(self.scores.mean_mae_over_std(target))}
            found[name] = _plain(score) | mean | self.heads.numbers(name)
        counts = {"events": self.events, "streams": self.streams, "targets": found}
        return counts | self.ahead.numbers() | self.intake.numbers() | {"problem": self.nothing()}

    def html(self, title: str) -> str:
        """The whole report as one HTML page that needs nothing from elsewhere."""
        from streamrnn.replay.page import page

        return page(self, title)

    def _sample(self, places: Ints, times: Floats, outcomes: Floats, settled: Floats) -> None:
        """Keep points of the first streams met, so that nobody has picked the pretty ones."""
        while len(self.samples) < _PLOTS:
            stream, target = divmod(len(self.samples), len(self.targets))
            if stream >= self.streams:
                break
            self.samples.append(Sample(self.scores.names[stream], stream, target))
        for sample in self.samples:
            rows = np.flatnonzero(places == sample.place)[-_POINTS:]
            sample.times.extend(times[rows].tolist())
            sample.outcomes.extend(outcomes[rows, sample.target].tolist())
            sample.forecasts.extend(settled[rows, sample.target].tolist())


def _settling(p: Predictions) -> tuple[list[str], tuple[Floats, Floats, Floats, Floats]]:
    """Streams, and times, outcomes, forecasts and last values that settle. What is told of earlier events comes before
    the event with which it is told, in rows of its own at that event's time."""
    streams, columns = p.streams, (p.times, p.outcomes, p.settled[:, 0], p.settled_baselines[:, 0])
    closed = None if p.labels is None else p.labels.closed
    if p.labels is None or closed is None:
        return streams, columns
    at = np.repeat(np.arange(len(p)), p.labels.late)
    told = (p.times[at], closed.outcomes, closed.settled[:, 0], closed.settled_baselines[:, 0])
    rows = np.insert(np.arange(len(p)), at, at)
    times, outcomes, settled, baselines = (
        np.insert(column, at, more, axis=0) for column, more in zip(columns, told, strict=True)
    )
    return [streams[row] for row in rows.tolist()], (times, outcomes, settled, baselines)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _plain(score: Score) -> dict[str, int | float | None]:
    names = ("mae", "rmse", "naive_mae", "naive_rmse", "skill", "std", "mae_over_std")
    return {"scored": score.count} | {name: finite(getattr(score, name)) for name in names}
