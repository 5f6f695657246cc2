"""Threads that process batches beside the loop, each partition's in order."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from streamrnn.events.columns import Partition

Result = TypeVar("Result")


class Workers:
    """One thread for each processor this process may use, started when first needed.

    The record loop lets go of the interpreter lock, so that the daemon's thread decodes and encodes meanwhile and
    several partitions advance at once. A partition always gets the same thread, so its batches keep their order.
    """

    def __init__(self) -> None:
        self._pools = [
            ThreadPoolExecutor(1, thread_name_prefix=f"worker-{number}")
            for number in range(len(os.sched_getaffinity(0)))
        ]
        self._chosen: dict[Partition, ThreadPoolExecutor] = {}

    def submit(self, partition: Partition, function: Callable[[], Result]) -> Future[Result]:
        """Call ``function`` after all that was submitted for the partition before."""
        pool = self._chosen.setdefault(partition, self._pools[len(self._chosen) % len(self._pools)])
        return pool.submit(function)

    def close(self) -> None:
        """Let what is under way end, drop what has not begun."""
        for pool in self._pools:
            pool.shutdown(wait=True, cancel_futures=True)
