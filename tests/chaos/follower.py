"""When answers reach those who read committed records."""

from __future__ import annotations

import threading
import time
from typing import Any

from kafka import KafkaConsumer, TopicPartition


class Follower:
    """Follows a topic while the block lasts.

    Attributes
    ----------
    arrivals : of each partition, when records came, in seconds of the monotonic clock
    """

    def __init__(self, bootstrap: str, topic: str, partitions: int) -> None:
        self.arrivals: dict[int, list[float]] = {number: [] for number in range(partitions)}
        self._consumer = KafkaConsumer(
            bootstrap_servers=bootstrap, isolation_level="read_committed", enable_auto_commit=False
        )
        self._consumer.assign([TopicPartition(topic, number) for number in range(partitions)])
        self._consumer.seek_to_end()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Follower:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._stop.set()
        self._thread.join()
        self._consumer.close(autocommit=False)

    def _follow(self) -> None:
        while not self._stop.is_set():
            polled = self._consumer.poll(100)
            now = time.monotonic()
            for place in polled:
                self.arrivals[place.partition].append(now)
