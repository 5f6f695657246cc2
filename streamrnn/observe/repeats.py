"""Holds back what a library says again and again."""

import logging
import threading
import time
from collections.abc import Callable


class Repeats(logging.Filter):
    """Lets each place in a library's source speak once in a while; ``held_back`` on its next line counts what it kept.

    By place and not by text: the same outage reads differently for each connection and each try. Errors of the system,
    such as a connection that was reset, lose their stack, for it says no more than they do.

    Parameters
    ----------
    library : whose loggers, by their first name
    every : seconds between two lines from the same place
    clock : seconds that only go forward
    """

    def __init__(self, library: str, every: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(library)
        self._every = every
        self._clock = clock
        self._lock = threading.Lock()
        self._spoken: dict[tuple[str, int], float] = {}
        self._held: dict[tuple[str, int], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is to be shown; always so for other loggers than the library's."""
        if not super().filter(record):
            return True
        place, now = (record.pathname, record.lineno), self._clock()
        with self._lock:
            if place in self._spoken and now - self._spoken[place] < self._every:
                self._held[place] = self._held.get(place, 0) + 1
                return False
            self._spoken[place] = now
            held = self._held.pop(place, 0)
        if held:
            record.held_back = held
        if record.exc_info and isinstance(record.exc_info[1], OSError):
            record.error, record.exc_info = str(record.exc_info[1]), None
        return True
