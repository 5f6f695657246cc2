"""Who comes in next: connections are taken from the system at once, and let in as the server has room for them."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from streamrnn.web.budget import Budget

MOST_WAITING = 128  # beyond, a new connection is closed
WAIT_SECONDS = 5.0  # a client that waited so long is given up
KNOCKS = 32  # taken from the system in one turn of the loop
KNOCK_SECONDS = 0.005  # of processor time for that, after which the rest has to wait
ADMITTED = 8  # let in, in one turn of the loop; one where the allowance is tight
_LOOK_BYTES = 512  # a larger request is none that can be answered at once
_RETRY_SECONDS = 0.1


class Door:
    """Takes what comes to a listening socket, in the thread of the running loop.

    A turn of the loop costs about the same however many come. What can be answered at once goes first and waits for
    nobody: a probe is answered while others press.

    Parameters
    ----------
    listening : a socket that does not block
    let_in : takes a connection; False if there is no room for it now
    budget : of the loop's thread
    at_once : the whole answer to a request that begins so, if it does not have to wait; None where the beginning cannot
        be read, as under TLS
    """

    def __init__(
        self,
        listening: socket.socket,
        let_in: Callable[[socket.socket], bool],
        budget: Budget,
        at_once: Callable[[bytes], bytes | None] | None = None,
    ) -> None:
        self._listening = listening
        self._let_in = let_in
        self._budget = budget
        self._at_once = at_once
        self._waiting: deque[tuple[float, socket.socket]] = deque()
        self._loop = asyncio.get_running_loop()
        self._called = self._closed = False
        self._open()

    def close(self) -> None:
        """Take nobody more, and send away who waits."""
        self._closed = True
        self._loop.remove_reader(self._listening)
        while self._waiting:
            self._waiting.popleft()[1].close()

    def admit(self) -> None:
        """Let in who waits, as far as there is room; call it when there is room again."""
        if not self._called:
            self._called = True
            self._loop.call_soon(self._admit)

    def _admit(self) -> None:
        self._called = False
        now = self._loop.time()
        for _ in range(1 if self._budget.tight else ADMITTED):
            while self._waiting and now - self._waiting[0][0] > WAIT_SECONDS:
                self._waiting.popleft()[1].close()
            if not self._waiting or not self._let_in(self._waiting[0][1]):
                return
            self._waiting.popleft()
        self.admit()

    def _open(self) -> None:
        if not self._closed:
            self._loop.add_reader(self._listening, self._knock)

    def _knock(self) -> None:
        enough = time.thread_time() + KNOCK_SECONDS
        for _ in range(KNOCKS):
            if time.thread_time() > enough:
                break
            try:
                connection, _ = self._listening.accept()
            except BlockingIOError:
                break
            except OSError:  # no descriptor is left, or the client is gone already
                self._loop.remove_reader(self._listening)
                self._loop.call_later(_RETRY_SECONDS, self._open)
                break
            connection.setblocking(False)
            if self._answered(connection):
                continue
            if len(self._waiting) < MOST_WAITING:
                if not self._waiting:
                    self._loop.call_later(WAIT_SECONDS + _RETRY_SECONDS, self.admit)
                self._waiting.append((self._loop.time(), connection))
            else:
                connection.close()
        self.admit()

    def _answered(self, connection: socket.socket) -> bool:
        if self._at_once is None:
            return False
        try:
            answer = self._at_once(connection.recv(_LOOK_BYTES, socket.MSG_PEEK))
        except OSError:  # nothing has come yet, or the client is gone
            return False
        if answer is None:
            return False
        with suppress(OSError):
            connection.recv(_LOOK_BYTES)  # what is unread at the end would reset the connection
            connection.send(answer)  # a new connection has room for it
        connection.close()
        return True
