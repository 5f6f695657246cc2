"""One line in the log every few seconds, for people who watch no dashboard."""

import logging
import time
from collections.abc import Callable

from streamrnn.events.columns import Partition
from streamrnn.observe.sensor import BatchReport, Sensor
from streamrnn.observe.skill import RecentSkill

_logger = logging.getLogger(__name__)


class SummarySensor(Sensor):
    """Logs events a second, mean skill, lag, dead letters and live streams; while replaying, the replay's pace.

    Parameters
    ----------
    every : seconds between lines
    window : events over which skill looks back
    clock : seconds that only go forward
    """

    def __init__(
        self, every: float = 10.0, window: float = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._every = every
        self._clock = clock
        self._skill = RecentSkill(window)
        self._since = clock()
        self._events = self._replayed = self._dead_letters = 0
        self._streams: dict[Partition, int] = {}
        self._lags: dict[Partition, tuple[int | None, float | None]] = {}

    def on_batch(self, partition: Partition, report: BatchReport) -> None:
        self._events += report.events
        self._dead_letters += sum(report.dead_letters.values())
        self._streams[partition] = report.live_streams
        self._skill.add(report.scores)
        self._tell_if_due()

    def on_replay(self, partition: Partition, events: int, done: bool) -> None:
        self._replayed += events
        self._tell_if_due()

    def on_busy(self, stage: str, seconds: float) -> None:
        if stage == "poll_wait":  # the loop comes by here also when there is nothing to process
            self._tell_if_due()

    def on_lag(self, partition: Partition, records: int | None, seconds: float | None) -> None:
        self._lags[partition] = (records, seconds)

    def on_assignment(self, assigned: int, event: str) -> None:
        if event == "revoked":  # those still held report again at their next poll or batch
            self._lags.clear()
            self._streams.clear()

    def _tell_if_due(self) -> None:
        now = self._clock()
        elapsed = now - self._since
        if elapsed < self._every:
            return
        fields: dict[str, int | float] = {"events_per_second": round(self._events / elapsed, 1)}
        if self._replayed:
            fields["replayed_per_second"] = round(self._replayed / elapsed, 1)
        skill = self._skill.mean()
        if skill == skill:  # not NaN: there is something to compare with
            fields["skill"] = round(skill, 4)
        records = [lag[0] for lag in self._lags.values() if lag[0] is not None]
        seconds = [lag[1] for lag in self._lags.values() if lag[1] is not None]
        if records:
            fields["lag_records"] = sum(records)
        if seconds:
            fields["lag_seconds"] = round(max(seconds), 3)
        fields |= {"dead_letters": self._dead_letters, "streams": sum(self._streams.values())}
        _logger.info("progress", extra=fields)
        self._since = now
        self._events = self._replayed = self._dead_letters = 0
