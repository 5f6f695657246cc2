"""Whether the group's coordinator answers, and still counts this process in."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from streamrnn.transport.base import TransportError
from streamrnn.transport.kafka.client import RESTART, heartbeat_seconds

if TYPE_CHECKING:
    from streamrnn.settings.logs import Kafka

logger = logging.getLogger(__name__)

MISSED = 3  # heartbeats without an answer before the log tells of it
TELL_SECONDS = 10.0  # between two lines about the same silence
LONGEST_LOOK = 1.0  # seconds that one look may add: a process that stood still has not waited for anybody


class Contact:
    """Watches what the client keeps to itself: with its brokers away it goes on trying, and where another process took
    its static name it stays a member in its own eyes. Both look like a log without news.

    Parameters
    ----------
    coordinator : the client's own, whose fields are read
    kafka : how long it may be silent
    clock : seconds that only go forward
    """

    def __init__(self, coordinator: Any, kafka: Kafka, clock: Callable[[], float] = time.monotonic) -> None:
        self._coordinator = coordinator
        self._name = kafka.group_instance_id
        self._tell_after = MISSED * heartbeat_seconds(kafka)
        self._patience = kafka.request_timeout + heartbeat_seconds(kafka)  # the answer to one that was just sent
        self._clock = clock
        self._looked = clock()
        self._sign: Any = None
        self._told: float | None = None
        self.silence = 0.0

    def look(self) -> None:
        """See how long the coordinator has been silent; to be called about once a second, or oftener.

        Waiting for the group's other members, which a join may do for as long as the slowest takes, is no silence: the
        client itself gives that up.

        Raises
        ------
        TransportError
            Another process has this one's static name, or there was no answer for ``kafka.request_timeout``.
        """
        now = self._clock()
        passed, self._looked = min(now - self._looked, LONGEST_LOOK), now
        coordinator = self._coordinator
        with coordinator._lock:
            stable = coordinator.stable()
            joins = not stable and coordinator.coordinator_id is not None
            # The client stops its heartbeats to join, and for good where the coordinator knows another by its name.
            fenced = stable and not coordinator.rejoining and not coordinator._heartbeat_enabled
            sign = stable, coordinator._generation, coordinator.heartbeat.last_receive
        if fenced:
            raise TransportError(
                f"another process has joined the group with kafka.group_instance_id {self._name}, so this one is shut "
                "out and ends. Give each instance a name of its own",
                "fenced",
            )
        if sign != self._sign:
            self._heard(sign)
        elif not joins:
            self.silence += passed
        if self.silence > self._patience:
            raise TransportError(
                f"the group's coordinator has not answered for {self.silence:.0f} s (kafka.request_timeout). {RESTART}",
                "unreachable",
            )
        if self.silence > (self._tell_after if self._told is None else self._told + TELL_SECONDS):
            self._told = self.silence
            lasted = {"seconds": round(self.silence, 1), "ends_after": round(self._patience, 1)}
            logger.warning("no sign of life from the brokers", extra=lasted)

    def _heard(self, sign: Any) -> None:
        if self._told is not None:
            logger.warning("the brokers answer again", extra={"seconds": round(self.silence, 1)})
        self._sign, self._told, self.silence = sign, None, 0.0
