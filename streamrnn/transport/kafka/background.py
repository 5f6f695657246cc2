"""Calls that may never return, in threads that do not hold up the end of the process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    """Runs calls side by side, however many there are.

    The executors of the standard library wait for their threads when the interpreter ends: a commit that never returns
    would keep a process that gave it up from ever being restarted.

    Parameters
    ----------
    name : of the threads
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: SimpleQueue[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._idle = self._threads = 0

    def submit(self, function: Callable[..., T], *arguments: Any) -> Future[T]:
        """Begin a call; the future has its result or its error."""
        future: Future[T] = Future()
        self._calls.put((future, function, arguments))
        with self._lock:
            if self._idle > 0:
                self._idle -= 1
            else:
                self._threads += 1
                threading.Thread(target=self._work, name=self._name, daemon=True).start()
        return future

    def close(self) -> None:
        """Let threads go once they are idle; one that never is stays until the process ends."""
        with self._lock:
            for _ in range(self._threads):
                self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            future, function, arguments = call
            result, failure = None, None
            try:
                result = function(*arguments)
            except BaseException as error:
                failure = error
            with self._lock:  # first: whoever waits for the result finds this thread free
                self._idle += 1
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)
            del call, future, function, arguments, result, failure
