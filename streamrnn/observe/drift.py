"""A line in the log where a partition's network has become worse for good."""

import logging
import time
from collections import Counter
from collections.abc import Callable

from streamrnn.events.columns import Partition
from streamrnn.observe.sensor import BatchReport, Sensor

_logger = logging.getLogger(__name__)


class DriftSensor(Sensor):
    """Tells of a shard's alarms, each partition's once in a while; alarms of single streams are counted elsewhere.

    Parameters
    ----------
    action : what the shard does about it, a word of ``drift.shard``
    every : seconds between two lines of a partition
    clock : seconds that only go forward
    """

    def __init__(self, action: str, every: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._action = action
        self._every = every
        self._clock = clock
        self._told: dict[Partition, float] = {}
        self._untold: Counter[Partition] = Counter()

    def on_batch(self, partition: Partition, report: BatchReport) -> None:
        self._untold[partition] += report.drifts.get("shard", 0)
        if not self._untold[partition]:
            return
        now = self._clock()
        if partition in self._told and now - self._told[partition] < self._every:
            return
        _logger.warning(
            "drift: the network's loss has risen and stayed there, so most streams have changed",
            extra={
                "partition": str(partition),
                "alarms": self._untold.pop(partition),
                "action": self._action,
                "learning_rate": report.learning_rate,
            },
        )
        self._told[partition] = now

    def on_assignment(self, partition: Partition, assigned: int, event: str) -> None:
        if event != "assigned":
            self._told.pop(partition, None)
            self._untold.pop(partition, None)
