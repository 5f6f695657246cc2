"""The answers of the last moments, so that a stream that somebody begins to watch has a past."""

from __future__ import annotations

from collections import deque
from dataclasses import fields
from itertools import count

import numpy as np

from streamrnn.events.columns import Partition, Predictions
from streamrnn.observe.sensor import Sensor

MOST_BYTES = 16 << 20
MOST_EVENTS = 20_000


class Recent(Sensor):
    """Keeps the newest batches of answers as they are, by reference; costs a batch a microsecond or two.

    Parameters
    ----------
    most_bytes, most_events : what is kept, and one batch more
    """

    def __init__(self, most_bytes: int = MOST_BYTES, most_events: int = MOST_EVENTS) -> None:
        self._most_bytes = most_bytes
        self._most_events = most_events
        self._numbers = count()
        self._batches: deque[tuple[int, Predictions]] = deque()
        self._events = 0
        self._event_bytes = 0

    def on_answers(self, partition: Partition, predictions: Predictions) -> None:
        if not len(predictions):
            return
        if not self._event_bytes:
            self._event_bytes = _size(predictions) // len(predictions) + 1
        self._batches.append((next(self._numbers), predictions))
        self._events += len(predictions)
        most = min(self._most_events, self._most_bytes // self._event_bytes)
        while self._events > most and len(self._batches) > 1:
            _, old = self._batches.popleft()
            self._events -= len(old)

    def since(self, number: int) -> list[tuple[int, Predictions]]:
        """The batches after one of that number, in order, each with its own; any thread may ask. -1: all there are."""
        batches = list(self._batches)
        return [each for each in batches if each[0] > number]


def _size(predictions: Predictions) -> int:
    """Bytes of the columns."""
    columns = (getattr(predictions, each.name) for each in fields(predictions))
    return sum(column.nbytes for column in columns if isinstance(column, np.ndarray))
