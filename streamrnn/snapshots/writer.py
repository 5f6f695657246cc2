"""Finishes snapshots beside the daemon's loop, in one background thread."""

import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from streamrnn.events.columns import Partition
from streamrnn.snapshots.store import Pending


@dataclass(frozen=True, slots=True)
class SnapshotResult:
    """How one snapshot ended.

    Attributes
    ----------
    partition, position : what was snapshotted, and where
    ok : True if it is durable under its name
    seconds : from its first byte to its end, the wait for the thread included
    size : bytes
    error : the reason where it failed
    """

    partition: Partition
    position: int
    ok: bool
    seconds: float
    size: int
    error: str | None


class SnapshotWriter:
    """Runs ``Pending.finish`` off the hot path, one at a time; its methods belong to the daemon's thread."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="snapshots")
        self._under_way: dict[Partition, Future[SnapshotResult]] = {}

    def busy(self, partition: Partition) -> bool:
        """True until the partition's last snapshot has ended and ``poll_results`` told so: begin none meanwhile."""
        return partition in self._under_way

    def submit(self, partition: Partition, pending: Pending, committed: int) -> None:
        """Finish a snapshot in the background.

        Parameters
        ----------
        partition : whose snapshot it is
        pending : from ``DirectoryStore.begin``
        committed : a committed position of the partition, which decides what may be pruned

        Raises
        ------
        RuntimeError
            The partition's last one is still under way (ask ``busy`` first); ``pending`` is abandoned.
        """
        if self.busy(partition):
            pending.abandon()
            raise RuntimeError(f"a snapshot of {partition} is still under way: ask busy() before beginning one")
        self._under_way[partition] = self._pool.submit(_finish, partition, pending, committed)

    def poll_results(self) -> list[SnapshotResult]:
        """Results of the snapshots that ended since the last call. A programming error in the thread is raised here."""
        ended = [partition for partition, future in self._under_way.items() if future.done()]
        return [self._under_way.pop(partition).result() for partition in ended]

    def wait(self, timeout: float) -> bool:
        """Wait until nothing is under way, at most ``timeout`` seconds; False if it was not long enough."""
        return not wait(self._under_way.values(), timeout=timeout).not_done

    def close(self) -> None:
        """Let what is under way end and take no more; ``wait`` bounds the time, ``poll_results`` tells the end."""
        self._pool.shutdown(wait=True, cancel_futures=False)


def _finish(partition: Partition, pending: Pending, committed: int) -> SnapshotResult:
    error = None
    try:
        pending.finish(committed)
    except OSError as failure:
        # A full or failing disk must not stop the stream: the log and the older snapshot still give the state.
        error = str(failure)
    seconds = time.monotonic() - pending.started
    return SnapshotResult(partition, pending.header.position, error is None, seconds, pending.size, error)
