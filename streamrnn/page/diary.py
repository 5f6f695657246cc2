"""What happened lately: snapshots, rebalances, drift and changes of state as marks, and the last errors."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from streamrnn.events.columns import DeadLetter, Partition
from streamrnn.observe.sensor import BatchReport, Sensor

MOST_MARKS = 200
MOST_ERRORS = 50
_TOGETHER = 1.0  # seconds within which marks of a kind are one
_LONGEST = 300  # letters of a message


class Mark(msgspec.Struct):
    """Something that happened ``times`` times about ``time`` (seconds since 1970); the newest of them is told."""

    time: float
    kind: str
    text: str
    times: int = 1


class Trouble(msgspec.Struct):
    """A dead letter, or a line of the log from warning on; without a place ``topic`` is empty."""

    time: float
    kind: str
    text: str
    topic: str = ""
    partition: int = -1
    offset: int = -1


class Diary(Sensor):
    """Keeps the newest marks and errors.

    Parameters
    ----------
    clock : seconds since 1970

    Attributes
    ----------
    marks, errors : the oldest first; any thread may copy them
    state : the daemon's
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.marks: deque[Mark] = deque(maxlen=MOST_MARKS)
        self.errors: deque[Trouble] = deque(maxlen=MOST_ERRORS)
        self.state = "starting"

    def on_state(self, state: str) -> None:
        self.state = state
        self._mark("state", state)

    def on_assignment(self, partition: Partition, assigned: int, event: str) -> None:
        self._mark("rebalance", f"{partition} {event}")

    def on_snapshot(self, partition: Partition, ok: bool, seconds: float, size: int) -> None:
        if ok:
            self._mark("snapshot", f"{partition}, {size:,} bytes in {seconds:.2f} s")
        else:
            self._mark("snapshot failed", str(partition))

    def on_batch(self, partition: Partition, report: BatchReport) -> None:
        if report.drifts.get("shard"):
            self._mark("drift", f"the network of {partition}")

    def on_refused(self, partition: Partition, letters: Sequence[DeadLetter]) -> None:
        now = self._clock()
        for letter in letters[-MOST_ERRORS:]:
            place = letter.partition
            text = letter.message[:_LONGEST]
            self.errors.append(Trouble(now, letter.reason, text, place.topic, place.number, letter.offset))

    def on_failure(self, kind: str) -> None:
        self._mark("failure", kind)

    def _mark(self, kind: str, text: str) -> None:
        now = self._clock()
        newest = self.marks[-1] if self.marks else None
        if newest is not None and newest.kind == kind and now - newest.time < _TOGETHER:
            self.marks[-1] = Mark(newest.time, kind, text, newest.times + 1)
        else:
            self.marks.append(Mark(now, kind, text))


class DiaryHandler(logging.Handler):
    """Notes the log's lines from warning on among the errors.

    Parameters
    ----------
    diary : where to
    """

    def __init__(self, diary: Diary) -> None:
        super().__init__(logging.WARNING)
        self._diary = diary

    def emit(self, record: logging.LogRecord) -> None:
        place = getattr(record, "topic", ""), getattr(record, "partition", -1), getattr(record, "offset", -1)
        if not isinstance(place[1], int):  # named whole: events-0
            topic, _, number = str(place[1]).rpartition("-")
            place = topic, int(number) if number.isdecimal() else -1, place[2]
        text = record.getMessage()[:_LONGEST]
        self._diary.errors.append(Trouble(record.created, record.levelname.lower(), text, *place))
