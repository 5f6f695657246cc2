"""Writes snapshots beside the daemon's loop, one at a time."""

import threading
import time
from concurrent.futures import Future, wait
from dataclasses import dataclass

from streamrnn.events.columns import Partition
from streamrnn.snapshots.base import SnapshotStore
from streamrnn.snapshots.frozen import Frozen
from streamrnn.snapshots.header import Header


@dataclass(frozen=True, slots=True)
class SnapshotResult:
    """How one snapshot ended.

    Attributes
    ----------
    partition, position : what was snapshotted, and where
    ok : True if it is durable under its name
    seconds : from its first byte to its end
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
    """Runs a store's ``write`` off the hot path, one at a time; its methods belong to the daemon's thread."""

    def __init__(self, store: SnapshotStore) -> None:
        self._store = store
        self._under_way: Future[SnapshotResult] | None = None

    def busy(self) -> bool:
        """True until the last snapshot has ended and ``result`` told so: freeze nothing meanwhile."""
        return self._under_way is not None

    def submit(self, partition: Partition, header: Header, state: Frozen, committed: int) -> None:
        """Write a snapshot in the background.

        Parameters
        ----------
        partition, header, state : what to write
        committed : a committed position of the partition, which decides what may be pruned

        Raises
        ------
        RuntimeError
            The last one is still under way: ask ``busy`` first.
        """
        if self.busy():
            raise RuntimeError("a snapshot is still under way: ask busy before freezing the next one")
        ended: Future[SnapshotResult] = Future()

        def work() -> None:
            try:
                ended.set_result(self._write(partition, header, state, committed))
            except BaseException as error:
                ended.set_exception(error)

        self._under_way = ended
        # A daemon thread: a snapshot that misses the deadline of a stop must not hold the process.
        threading.Thread(target=work, name="snapshot", daemon=True).start()

    def result(self) -> SnapshotResult | None:
        """How the last snapshot ended, told once; None before. A programming error in the thread is raised here."""
        if self._under_way is None or not self._under_way.done():
            return None
        ended, self._under_way = self._under_way, None
        return ended.result()

    def wait(self, timeout: float) -> bool:
        """Wait until nothing is under way, at most ``timeout`` seconds; False if it was not long enough."""
        return self._under_way is None or not wait([self._under_way], timeout=timeout).not_done

    def _write(self, partition: Partition, header: Header, state: Frozen, committed: int) -> SnapshotResult:
        started = time.monotonic()
        size, error = 0, None
        try:
            size = self._store.write(header, state, committed)
        except OSError as failure:
            # A failing disk or broker must not stop the stream: the log and the older snapshot still give the state.
            error = str(failure)
        return SnapshotResult(partition, header.position, error is None, time.monotonic() - started, size, error)
