"""A line in the log as soon as somebody asks the process to stop."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_logger = logging.getLogger(__name__)
_STOPS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def told_stop() -> Iterator[None]:
    """While the block lasts, log the first SIGTERM or SIGINT that a handler takes, however busy the main thread is.

    A handler must not log by itself: it may have interrupted the main thread amid a line of the log. So a thread waits
    for the numbers that the interpreter writes into a pipe. Outside the main thread, where no signal comes, it does
    nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    thread = threading.Thread(target=_tell, args=(reading,), name="stopping", daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writing)  # ends the thread
        thread.join()
        os.close(reading)


def _tell(reading: int) -> None:
    told = False
    while number := os.read(reading, 1):
        if number[0] in _STOPS and not told:
            told = True
            name = signal.Signals(number[0]).name
            _logger.info(
                "stopping: answers what is in hand, commits, and saves; a second signal ends at once",
                extra={"signal": name},
            )
