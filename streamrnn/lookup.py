"""Questions about streams while the daemon learns: answered between two batches by the thread that has the shard."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from streamrnn.partitions import Held, Partitions
from streamrnn.streams.look import StreamLook
from streamrnn.streams.ranking import Order, Row
from streamrnn.workers import Result, Workers

if TYPE_CHECKING:
    from streamrnn.events.columns import Partition


class Found(msgspec.Struct):
    """A stream, and where: ``records`` is how many events the shard's model had when it was asked; ``offset`` lies in
    ``topic`` and ``partition``; while ``replaying`` the shard has yet to reach what was answered before."""

    topic: str
    partition: int
    lineage: str
    records: int
    replaying: bool
    stream: StreamLook


class Lookup:
    """Asks shards of their streams. Any thread may call; the futures are resolved by the workers.

    Parameters
    ----------
    partitions, workers : the daemon's

    Attributes
    ----------
    spent : processor time that all answers took, in seconds
    """

    def __init__(self, partitions: Partitions, workers: Workers) -> None:
        self._partitions = partitions
        self._workers = workers
        self.spent = 0.0

    def stream(self, stream: str) -> list[Future[Found | None]]:
        """What each shard knows of a stream; None of those that do not have it."""

        def ask(partition: Partition, held: Held) -> Found | None:
            shard = held.shard
            known = shard.look(stream)
            if known is None:
                return None
            topic, number = partition.topic, partition.number
            return Found(topic, number, shard.lineage, shard.records, held.replaying, known)

        return self._ask(ask)

    def ranking(self, order: Order, search: str, limit: int) -> list[Future[list[tuple[float, Row]]]]:
        """Each shard's first streams in this order; see `streams.ranking.rank`."""

        def ask(_: Partition, held: Held) -> list[tuple[float, Row]]:
            return held.shard.rank(order, search, limit)

        return self._ask(ask)

    def _ask(self, ask: Callable[[Partition, Held], Result]) -> list[Future[Result]]:
        def timed(partition: Partition, held: Held) -> Result:
            started = time.thread_time()
            try:
                return ask(partition, held)
            finally:
                self.spent += time.thread_time() - started

        held = list(self._partitions.held.items())
        return [self._workers.submit(partition, partial(timed, partition, each)) for partition, each in held]
