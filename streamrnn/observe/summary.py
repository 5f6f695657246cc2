"""One line in the log every few seconds, for people who watch no dashboard."""

import logging
import math
import time
from collections import Counter
from collections.abc import Callable

from streamrnn.events.columns import Partition
from streamrnn.observe.sensor import BatchReport, Sensor
from streamrnn.observe.skill import RecentSkill, scores_of

_logger = logging.getLogger(__name__)


class SummarySensor(Sensor):
    """Logs events a second, recent skill, lag, dead letters by reason, answers that were lost with their streams if any
    were, and live streams; while replaying, the replay's pace. At the end it logs the totals since the start, with the
    skill over all of them.

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
        self._whole_skill = RecentSkill(math.inf)
        self._started = self._since = clock()
        self._events = self._replayed = self._all_events = 0
        self._refused: Counter[str] = Counter()
        self._all_refused: Counter[str] = Counter()
        self._lost = self._all_lost = 0
        self._streams: dict[Partition, int] = {}
        self._lags: dict[Partition, tuple[int | None, float | None]] = {}

    def on_batch(self, partition: Partition, report: BatchReport) -> None:
        self._events += report.events
        self._all_events += report.events
        self._refused.update(report.dead_letters)
        self._all_refused.update(report.dead_letters)
        lost = 0 if report.labels is None else report.labels.lost
        self._lost += lost
        self._all_lost += lost
        self._streams[partition] = report.live_streams
        scores = scores_of(report)
        self._skill.add(scores)
        self._whole_skill.add(scores)
        self._tell_if_due()

    def on_replay(self, partition: Partition, events: int, left: int) -> None:
        self._replayed += events
        self._tell_if_due()

    def on_busy(self, stage: str, seconds: float) -> None:
        if stage == "poll_wait":  # the loop comes by here also when there is nothing to process
            self._tell_if_due()

    def on_lag(self, partition: Partition, records: int | None, seconds: float | None) -> None:
        self._lags[partition] = (records, seconds)

    def on_assignment(self, partition: Partition, assigned: int, event: str) -> None:
        if event != "assigned":
            self._lags.pop(partition, None)
            self._streams.pop(partition, None)

    def on_state(self, state: str) -> None:
        if state != "stopped":
            return
        totals = {"seconds": round(self._clock() - self._started, 1), "events": self._all_events}
        fields = totals | _known(self._whole_skill) | _counts(self._all_refused) | _answers(self._all_lost)
        _logger.info("stopped; these are the totals since the start", extra=fields)

    def _tell_if_due(self) -> None:
        now = self._clock()
        elapsed = now - self._since
        if elapsed < self._every:
            return
        fields: dict[str, int | float] = {"events_per_second": round(self._events / elapsed, 1)}
        if self._replayed:
            fields["replayed_per_second"] = round(self._replayed / elapsed, 1)
        fields |= _known(self._skill)
        records = [lag[0] for lag in self._lags.values() if lag[0] is not None]
        seconds = [lag[1] for lag in self._lags.values() if lag[1] is not None]
        if records:
            fields["lag_records"] = sum(records)
        if seconds:
            fields["lag_seconds"] = round(max(seconds), 3)
        fields |= _counts(self._refused) | _answers(self._lost) | {"streams": sum(self._streams.values())}
        _logger.info("progress", extra=fields)
        self._since = now
        self._events = self._replayed = self._lost = 0
        self._refused.clear()


def _known(skill: RecentSkill) -> dict[str, float]:
    """The mean skill, if there is something to compare with."""
    mean = skill.mean()
    return {} if math.isnan(mean) else {"skill": round(mean, 4)}


def _counts(refused: Counter[str]) -> dict[str, int]:
    by_reason = {f"dead_letters_{reason}": count for reason, count in sorted(refused.items())}
    return {"dead_letters": sum(refused.values())} | by_reason


def _answers(lost: int) -> dict[str, int]:
    """Those that were lost, if any were: of events whose stream went before their answer fell due."""
    return {"lost_answers": lost} if lost else {}
