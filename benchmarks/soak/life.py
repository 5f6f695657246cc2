"""Streams that are born, tell values, and die: what a soak sends, a process of its own."""

from __future__ import annotations

import multiprocessing
import time
from collections import deque
from collections.abc import Iterator
from multiprocessing.synchronize import Event as Flag
from random import Random
from typing import Any

from kafka import KafkaProducer

DAY = 86_400.0
LIFE_SECONDS = 7200.0  # mean life of a stream, event time
TOMBSTONES = 0.5  # share of the dying that say so; the others fall silent
LATE, LATE_SECONDS = 0.01, 1800.0  # share of events, and how late they are
BAD = 0.002  # share of records that are no events
PIECE = 200  # events between two looks at the clock
AHEAD_RECORDS = 20_000  # records that may wait for the daemon
TIRED_SECONDS = 0.02


class Population:
    """Live streams in event time; sine waves with noise of their own level and period.

    Parameters
    ----------
    size : streams that live at a time
    begin : event time of the first, seconds since 1970
    seed : of all that is random
    """

    def __init__(self, size: int, begin: float, seed: int = 0) -> None:
        self._random = Random(seed)
        self._size = size
        self._born = 0
        self._live: deque[tuple[int, float, float]] = deque()  # number, level, end of life
        self._clock = begin

    def until(self, clock: float, count: int) -> Iterator[tuple[bytes, bytes | None, float]]:
        """Key, value (None: a tombstone) and event time of so many records, from the last call's clock up to this."""
        random, step = self._random, (clock - self._clock) / count
        for _ in range(count):
            self._clock += step
            while len(self._live) < self._size:
                self._born += 1
                # The first ones have a part of their life behind them, so that not all die together.
                self._live.append((self._born, random.gauss(0, 10), self._clock + random.expovariate(1 / LIFE_SECONDS)))
            number, level, end = self._live.popleft()
            key = b"stream-%d" % number
            if end < self._clock:
                if random.random() < TOMBSTONES:
                    yield key, None, self._clock
                continue
            self._live.append((number, level, end))
            moment = self._clock - (LATE_SECONDS if random.random() < LATE else 0.0)
            if random.random() < BAD:
                yield key, self._bad(key, moment), self._clock
                continue
            value = level + 3 * ((moment / 3600 + number) % 1.0) + random.gauss(0, 0.3)
            yield key, b'{"stream":"%s","time":%.3f,"value":%.4f}' % (key, moment, value), self._clock

    def _bad(self, key: bytes, moment: float) -> bytes:
        return self._random.choice([
            b"{", b"[1]", b'{"time":%.3f,"value":1}' % moment, b'{"stream":"%s","value":1,"time":"noon"}' % key,
            b'{"stream":"%s","time":%.3f,"value":"high"}' % (key, moment),
            b'{"stream":"%s","time":%.3f,"value":1e300}' % (key, moment),
            b'{"stream":"%s","time":%.3f,"value":1}' % (key, moment + DAY * 365),
            b'{"stream":"%s","time":%.3f,"value":1,"note":"%s"}' % (key, moment, b"x" * 5000),
        ])  # fmt: skip


class Producer:
    """Sends a day in so many seconds, as fast as the daemon answers: no more than so many records ahead of it.
    """

    def __init__(self, bootstrap: str, topic: str, partitions: int, streams: int, seconds: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._sent, self._answered = context.Value("q", 0), context.Value("q", 0)
        self._quiet, self._stop = context.Event(), context.Event()
        arguments = bootstrap, topic, partitions, streams, seconds, self._sent, self._answered, self._quiet, self._stop
        self._process = context.Process(target=_produce, args=arguments, daemon=True)
        self._process.start()

    @property
    def sent(self) -> int:
        """Records so far."""
        return int(self._sent.value)

    def tell(self, answered: int) -> None:
        """How many records were answered."""
        self._answered.value = answered

    def pause(self, quiet: bool) -> None:
        """Send nothing, or go on; event time goes on either way."""
        if quiet:
            self._quiet.set()
        else:
            self._quiet.clear()

    def stop(self) -> None:
        """End, once all that was sent has arrived."""
        self._stop.set()
        self._process.join()


def _produce(
    bootstrap: str, topic: str, partitions: int, streams: int, seconds: float, sent: Any, answered: Any, quiet: Flag,
    stop: Flag,
) -> None:  # fmt: skip
    producer = KafkaProducer(bootstrap_servers=bootstrap, linger_ms=20, compression_type="lz4")
    started, begin = time.monotonic(), time.time() - DAY
    population = Population(streams, begin)
    while not stop.is_set():
        if quiet.is_set() or sent.value - answered.value > AHEAD_RECORDS:
            producer.flush()
            time.sleep(TIRED_SECONDS)
            continue
        count, clock = 0, begin + (time.monotonic() - started) * DAY / seconds
        for key, value, moment in population.until(clock, PIECE):
            number = int(key.rpartition(b"-")[2]) % partitions
            producer.send(topic, value, key, partition=number, timestamp_ms=round(moment * 1000))
            count += 1
        sent.value += count
    producer.flush()
    producer.close()
