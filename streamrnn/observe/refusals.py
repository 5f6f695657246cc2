"""A line in the log when records begin to be refused."""

import logging
from collections.abc import Sequence

from streamrnn.events.columns import DeadLetter, Partition
from streamrnn.observe.sensor import Sensor

_logger = logging.getLogger(__name__)


class RefusalSensor(Sensor):
    """Warns at the first dead letter of each reason; further ones are counted by `SummarySensor` alone."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def on_refused(self, partition: Partition, letters: Sequence[DeadLetter]) -> None:
        for letter in letters:
            if letter.reason in self._told:
                continue
            self._told.add(letter.reason)
            _logger.warning(
                "a record was refused: the first for this reason, more will only be counted",
                extra={
                    "reason": letter.reason,
                    "topic": letter.partition.topic,
                    "partition": letter.partition.number,
                    "offset": letter.offset,
                    "why": letter.message,
                },
            )
