"""Tells a supervisor that speaks systemd's notification protocol how the process is: see sd_notify(3).

A notification is a datagram of lines ``NAME=value`` to the socket that NOTIFY_SOCKET names. Nothing is answered, and
nothing that goes wrong here may disturb the work.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Mapping

from streamrnn.events.columns import Partition
from streamrnn.observe.sensor import BatchReport, Sensor

STATUS_SECONDS = 10.0  # between two status lines
COMPILE_SECONDS = 600.0  # that a start may take to compile
_SPARE_SECONDS = 15.0  # beyond daemon.drain_deadline: closing what is open


class Notifier:
    """The socket of one supervisor.

    Parameters
    ----------
    address : as in NOTIFY_SOCKET: a path, or a name of the abstract namespace behind ``@``

    Attributes
    ----------
    watchdog_seconds : within which the supervisor wants to hear of the loop; None if it does not
    """

    def __init__(self, address: str, watchdog_seconds: float | None = None) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.watchdog_seconds = watchdog_seconds

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Notifier | None:
        """That of the supervisor that started this process; None where it does not listen at a Unix socket."""
        address = environ.get("NOTIFY_SOCKET", "")
        if address[:1] not in ("/", "@"):
            return None
        interval, owner = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", str(os.getpid()))
        watched = interval.isdigit() and int(interval) > 0 and owner == str(os.getpid())
        return cls(address, int(interval) / 1e6 if watched else None)

    def tell(self, **fields: str | int) -> None:
        """Send one notification, such as ``tell(READY=1)``; one that cannot be delivered is dropped."""
        message = "\n".join(f"{name}={value}" for name, value in fields.items())
        with contextlib.suppress(OSError):
            self._socket.sendto(message.encode(), self._address)

    def compiling(self) -> None:
        """The start takes longer, for the compiler."""
        self.tell(STATUS="compiling, once for these settings", EXTEND_TIMEOUT_USEC=int(COMPILE_SECONDS * 1e6))


class SystemdSensor(Sensor):
    """Ready with the first turn of the loop, then a sign of life from its turns and a line of status, and its end.

    Parameters
    ----------
    notifier : where to tell it
    drain_deadline : seconds that the end may take, ``daemon.drain_deadline``
    clock : seconds that only go forward
    """

    def __init__(
        self, notifier: Notifier, drain_deadline: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._notifier = notifier
        self._drain_deadline = drain_deadline
        self._clock = clock
        limit = notifier.watchdog_seconds
        self._beat = None if limit is None else limit / 4
        self._beaten = self._told = float("-inf")
        self._ready = False
        self._state = "starting"
        self._events = 0
        self._lags: dict[Partition, int] = {}

    def on_state(self, state: str) -> None:
        self._state = state
        if state == "draining":
            microseconds = int((self._drain_deadline + _SPARE_SECONDS) * 1e6)
            self._notifier.tell(STOPPING=1, STATUS="finishing, committing, saving", EXTEND_TIMEOUT_USEC=microseconds)
        elif state == "running" and not self._ready:
            self._ready = True
            self._notifier.tell(READY=1, STATUS="running")

    def on_turn(self) -> None:
        now = self._clock()
        if self._beat is not None and now - self._beaten >= self._beat:
            self._beaten = now
            self._notifier.tell(WATCHDOG=1)
        if self._ready and self._state != "draining" and now - self._told >= STATUS_SECONDS:
            self._told = now
            behind = sum(self._lags.values())
            partitions = f"{len(self._lags)} partition{'' if len(self._lags) == 1 else 's'}"
            self._notifier.tell(STATUS=f"{self._state}: {partitions}, {self._events} events, {behind} records behind")

    def on_batch(self, partition: Partition, report: BatchReport) -> None:
        self._events += report.events

    def on_lag(self, partition: Partition, records: int | None, seconds: float | None) -> None:
        if records is None:
            self._lags.pop(partition, None)
        else:
            self._lags[partition] = records
