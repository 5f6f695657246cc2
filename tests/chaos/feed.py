"""A steady flow of events into a topic."""

from __future__ import annotations

import threading
import time
from random import Random

from kafka import KafkaProducer

FLUSH_SECONDS = 120.0


class Feed:
    """Sends events at a steady rate to all partitions, one of a hundred of which is no event.

    Parameters
    ----------
    bootstrap, topic, partitions : where to
    seed : of the values
    rate : events a second
    streams : how many, in turn
    """

    def __init__(self, bootstrap: str, topic: str, partitions: int, seed: int, rate: float, streams: int) -> None:
        self._random = Random(seed)
        self._topic, self._partitions = topic, partitions
        self._rate, self._streams = rate, streams
        self._producer = KafkaProducer(bootstrap_servers=bootstrap, linger_ms=5, delivery_timeout_ms=600_000)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send no more, and wait until all has arrived."""
        self._stop.set()
        self._thread.join()
        self._producer.flush(FLUSH_SECONDS)
        self._producer.close()

    def _send(self) -> None:
        number, started = 0, time.monotonic()
        while not self._stop.is_set():
            while number < (time.monotonic() - started) * self._rate:
                value = b'{"stream":"s%d","value":%.3f}' % (number % self._streams, self._random.gauss(0, 1))
                if self._random.random() < 0.01:
                    value = b'{"stream":'
                self._producer.send(self._topic, value, partition=number % self._streams % self._partitions)
                number += 1
            time.sleep(0.01)
