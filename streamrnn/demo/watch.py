"""The few streams that the live view follows closely."""

import math
import threading
from collections import deque
from dataclasses import dataclass, replace

from streamrnn.events.columns import Predictions


@dataclass(slots=True)
class Watched:
    """The recent past of one stream's first target.

    Attributes
    ----------
    name : stream id
    outcomes, forecasts : the newest values, and what was forecast for each; NaN where missing
    next_forecast : forecast of the value to come; NaN if there is none yet
    seen : row of all predictions at which the stream last spoke
    error, baseline_error : sums of absolute errors since the watch began, of the forecast and of the last value
    """

    name: str
    outcomes: deque[float]
    forecasts: deque[float]
    next_forecast: float = math.nan
    seen: int = 0
    error: float = 0.0
    baseline_error: float = 0.0

    @property
    def skill(self) -> float:
        """1 - error / error of the last value since the watch began; NaN without an error to compare with."""
        return 1.0 - self.error / self.baseline_error if self.baseline_error > 0.0 else math.nan


class Watch:
    """Follows the first streams it meets; one that falls silent makes room for another.

    Parameters
    ----------
    streams : how many to follow
    points : values kept of each
    patience : events of all streams after which one without an event is let go
    """

    def __init__(self, streams: int = 6, points: int = 48, patience: int = 20_000) -> None:
        self._limit = streams
        self._points = points
        self._patience = patience
        self._watched: dict[str, Watched] = {}
        self._rows = 0
        self._lock = threading.Lock()  # the daemon's thread adds while the view's thread reads

    def add(self, p: Predictions) -> None:
        """Take what is new of the followed streams from one batch."""
        with self._lock:
            self._choose(p.streams)
            for row, name in enumerate(p.streams):
                watched = self._watched.get(name)
                if watched is not None:
                    self._take(watched, p, row)
            self._rows += len(p)

    def streams(self) -> list[Watched]:
        """Copies of what is followed, in the order in which it was met."""
        with self._lock:
            return [
                replace(each, outcomes=each.outcomes.copy(), forecasts=each.forecasts.copy())
                for each in self._watched.values()
            ]

    def _choose(self, streams: list[str]) -> None:
        silent = [each.name for each in self._watched.values() if self._rows - each.seen > self._patience]
        for name in silent:
            del self._watched[name]
        for name in streams:
            if len(self._watched) >= self._limit:
                return
            if name not in self._watched:
                empty: deque[float] = deque(maxlen=self._points)
                self._watched[name] = Watched(name, empty, empty.copy(), seen=self._rows)

    def _take(self, watched: Watched, p: Predictions, row: int) -> None:
        outcome, forecast, baseline = (
            float(value) for value in (p.outcomes[row, 0], p.settled[row, 0, 0], p.settled_baselines[row, 0, 0])
        )
        watched.outcomes.append(outcome)
        watched.forecasts.append(forecast)
        watched.next_forecast = float(p.forecasts[row, 0, 0])
        watched.seen = self._rows + row
        error, baseline_error = abs(outcome - forecast), abs(outcome - baseline)
        if math.isfinite(error) and math.isfinite(baseline_error):
            watched.error += error
            watched.baseline_error += baseline_error
