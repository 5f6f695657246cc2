"""How long an event waits for its answer, by whole columns so that an event costs nanoseconds."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from streamrnn.events.columns import Events, Partition
from streamrnn.observe.families import Families
from streamrnn.observe.histogram import ColumnHistogram
from streamrnn.observe.sensor import Sensor

_EVENT_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 300, 1800, 7200)
_PROCESSING_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class LatencySensor(Sensor):
    """Measures each live event, from the time at which it came into the log to the commit that shows its answer to
    readers, and the part of that which is this process's own.

    A directory log does not tell when a line came, and the event's own time may be years ago: there only the latter.

    Parameters
    ----------
    families : where the metrics go
    timed : whether the log tells when a record came
    clock : seconds since 1970
    """

    def __init__(self, families: Families, timed: bool, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._awaiting: dict[Partition, list[npt.NDArray[np.float64]]] = {}
        self._event: ColumnHistogram | None = None
        if timed:
            self._event = families.columns(
                "event_latency_seconds",
                "From the time that Kafka has of an event to the commit that shows its answer, without replay.",
                _EVENT_BUCKETS,
            )
        self._processing = families.columns(
            "processing_latency_seconds", "From an event polled to its answer published, without replay.",
            _PROCESSING_BUCKETS,
        )  # fmt: skip

    def on_answered(self, partition: Partition, events: int, seconds: float) -> None:
        self._processing.repeat(seconds, events)

    def on_events(self, partition: Partition, events: Events) -> None:
        if self._event is not None and len(events):
            self._awaiting.setdefault(partition, []).append(events.timestamps)

    def on_commit(self, ok: bool, seconds: float) -> None:
        awaiting, self._awaiting = self._awaiting, {}
        if ok and awaiting and self._event is not None:
            times = np.concatenate([column for columns in awaiting.values() for column in columns])
            self._event.observe(self._clock() - times)

    def on_assignment(self, partition: Partition, assigned: int, event: str) -> None:
        if event == "lost":
            self._awaiting.pop(partition, None)  # another answers them
