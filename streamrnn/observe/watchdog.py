"""Ends a process whose loop has stopped going round, so that its partitions move to one that works."""

import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import NoReturn, Self

from streamrnn.exits import ExitCode

_logger = logging.getLogger(__name__)


def dump_and_exit(seconds: float) -> NoReturn:
    """Write every thread's stack to standard error and end the process at once with ``ExitCode.WATCHDOG``.

    Nothing is flushed or closed: a stuck thread may hold any lock. What was not committed is replayed.
    """
    _logger.critical(
        "the loop has not come round: ending the process; the stacks below show where it stands, and "
        "daemon.watchdog sets the limit",
        extra={"seconds": round(seconds, 1)},
    )
    faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
    os._exit(ExitCode.WATCHDOG)


class Watchdog:
    """Calls ``on_stall`` once if ``feed`` is not called for a while; use it as a context manager or start and stop it.

    Only time that this process ran counts: one that was suspended is given its time again.

    It needs the interpreter lock, so compiled code that holds the lock for ever escapes it; the record loop lets go
    of it.

    Parameters
    ----------
    limit_seconds : how long may pass without a feed
    on_stall : what to do then, given the seconds since the last feed, from the watchdog's thread
    clock : seconds that only go forward
    """

    def __init__(
        self,
        limit_seconds: float,
        on_stall: Callable[[float], object] = dump_and_exit,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit_seconds
        self._on_stall = on_stall
        self._clock = clock
        self._fed = clock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def feed(self) -> None:
        """Tell that the loop goes round."""
        self._fed = self._clock()

    def start(self) -> None:
        """Begin to watch; counts as a feed."""
        self.feed()
        self._stopped.clear()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no more; does nothing if it does not watch."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _watch(self) -> None:
        tick = min(self._limit / 10, 1.0)
        idle, seen, before = 0.0, self._fed, self._clock()
        while not self._stopped.wait(tick):
            fed, now = self._fed, self._clock()
            # A tick that lasted much longer means that this thread stood still too: the process was suspended.
            idle = (idle if fed == seen else 0.0) + min(now - before, 2 * tick)
            seen, before = fed, now
            if idle > self._limit:
                self._on_stall(idle)
                return
