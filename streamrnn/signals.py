"""What SIGTERM and SIGINT do to the process."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from streamrnn.exits import ExitCode


@contextmanager
def stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """While the block lasts, the first SIGTERM or SIGINT sets ``stop``, and a second one ends the process at once.

    After a first one the handlers stay to the end of the process, so that a second never finds the system's own.
    Outside the main thread, where no signal comes, it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signalled = False

    def handle(number: int, frame: object) -> None:
        nonlocal signalled
        if signalled:
            os._exit(ExitCode.INTERRUPTED)
        signalled = True
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        if not signalled:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def interrupted_by_sigterm() -> Iterator[None]:
    """While the block lasts, SIGTERM raises KeyboardInterrupt, as SIGINT does; in the main thread only."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
