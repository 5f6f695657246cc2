"""What the live view shows, collected from the daemon's hooks."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable

from streamrnn.events.columns import Partition
from streamrnn.observe.sensor import BatchReport, Sensor

_PACE_SECONDS = 3.0  # the headline's events a second look back this far
_SKILL_POINTS = 60

Sums = tuple[int, float, float]
"""How many forecasts, their absolute errors, and those of the last value."""


class DemoSensor(Sensor):
    """Running totals, the recent pace, and skill over time in bounded memory.

    Parameters
    ----------
    window : forecasts over which the recent skill looks back, exactly but for the size of a batch
    clock : seconds that only go forward

    Attributes
    ----------
    window : as given
    events, dead_letters, updates, published : counts since the start
    live_streams, lag : as of now; lag is in records, None while unknown
    error, baseline_error, scored : sums of absolute errors of the next step, all targets, and how many they are of
    state : the daemon's state
    """

    def __init__(self, window: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # hooks come from the daemon's thread, questions from the view's
        self.window = window
        self._recent: deque[Sums] = deque()  # of each batch
        self._recent_sums: Sums = (0, 0.0, 0.0)
        self._pace: deque[tuple[float, int]] = deque()
        self._skills: list[float] = []
        self._every = 1  # batches that one point of the skill line stands for
        self._batches = 0
        self._first = self._last = math.nan
        self.events = self.dead_letters = self.updates = self.published = self.live_streams = 0
        self.error = self.baseline_error = 0.0
        self.scored = 0
        self.lag: int | None = None
        self.state = "starting"

    def on_batch(self, partition: Partition, report: BatchReport) -> None:
        now = self._clock()
        with self._lock:
            if not self.events:
                self._first = now
            self._last = now
            self.events += report.events
            self.dead_letters += sum(report.dead_letters.values())
            self.updates += report.updates
            self.live_streams = report.live_streams
            for (_, horizon), score in report.scores.items():
                if horizon == 1:
                    self._score(score.count, score.absolute_error, score.baseline_absolute_error)
            self._remember_skill()
            self._pace.append((now, self.events))
            while now - self._pace[0][0] > _PACE_SECONDS:
                self._pace.popleft()

    def on_published(self, partition: Partition, predictions: int, dead_letters: int) -> None:
        self.published += predictions + dead_letters

    def on_lag(self, partition: Partition, records: int | None, seconds: float | None) -> None:
        self.lag = records

    def on_state(self, state: str) -> None:
        self.state = state

    @property
    def seconds(self) -> float:
        """From the first batch to the last; 0 before there are two."""
        return self._last - self._first if self._last > self._first else 0.0

    @property
    def pace(self) -> float:
        """Events a second over the last few seconds."""
        with self._lock:
            if len(self._pace) < 2 or self._clock() - self._pace[-1][0] > _PACE_SECONDS:
                return 0.0
            (start, before), (end, after) = self._pace[0], self._pace[-1]
            return (after - before) / (end - start) if end > start else 0.0

    @property
    def skill(self) -> float:
        """Over all events: 1 - mean absolute error / that of the last value; NaN while there is none."""
        return 1.0 - self.error / self.baseline_error if self.baseline_error > 0.0 else math.nan

    @property
    def recent_skill(self) -> float:
        """The same over the newest `window` forecasts."""
        with self._lock:
            return self._recent_skill()

    def skills(self) -> list[float]:
        """The recent skill over the whole run, evenly spaced, at most 60 points."""
        with self._lock:
            return list(self._skills)

    def _score(self, count: int, error: float, baseline_error: float) -> None:
        self.error += error
        self.baseline_error += baseline_error
        self.scored += count
        if not count:
            return
        self._recent.append((count, error, baseline_error))
        total, errors, baseline_errors = self._recent_sums
        total, errors, baseline_errors = total + count, errors + error, baseline_errors + baseline_error
        while total - self._recent[0][0] >= self.window:
            count, error, baseline_error = self._recent.popleft()
            total, errors, baseline_errors = total - count, errors - error, baseline_errors - baseline_error
        self._recent_sums = total, errors, baseline_errors

    def _recent_skill(self) -> float:
        _, error, baseline_error = self._recent_sums
        return 1.0 - error / baseline_error if baseline_error > 0.0 else math.nan

    def _remember_skill(self) -> None:
        """Add a point; when there are too many, keep every second one and add half as often from then on."""
        self._batches += 1
        skill = self._recent_skill()
        if math.isnan(skill) or self._batches % self._every:
            return
        self._skills.append(skill)
        if len(self._skills) > _SKILL_POINTS:
            self._skills = self._skills[::2]
            self._every *= 2
