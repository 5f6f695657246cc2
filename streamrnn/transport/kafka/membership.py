"""What the consumer group decides, handed from the client's thread to the daemon's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from kafka import AsyncConsumerRebalanceListener, TopicPartition
from kafka.net.selector import KernelEvent

_LOOK_SECONDS = 0.005  # between two looks whether the daemon has let go


@dataclass(slots=True)
class Change:
    """One decision, in the order they came.

    Attributes
    ----------
    kind : assigned, revoked or lost
    partitions : which
    done : set once the daemon has let go of what was revoked
    """

    kind: str
    partitions: list[TopicPartition]
    done: threading.Event = field(default_factory=threading.Event)


class Membership(AsyncConsumerRebalanceListener):  # type: ignore[misc]
    """Listens on the client's thread, and does nothing there but pause and wait.

    Parameters
    ----------
    pause : stops the fetching of partitions until they are sought
    news : called at each change
    deadline : seconds that the daemon has to let go of what is revoked
    """

    def __init__(self, pause: Callable[..., None], news: Callable[[], None], deadline: float) -> None:
        self._pause = pause
        self._news = news
        self._deadline = deadline
        self._changes: list[Change] = []
        self._closing = False

    def close(self) -> None:
        """The daemon has ended: nobody will answer any more."""
        self._closing = True

    @property
    def waiting(self) -> bool:
        """Whether there are changes to take."""
        return bool(self._changes)

    def take(self) -> list[Change]:
        """What was decided since the last call."""
        changes, self._changes = self._changes, []
        return changes

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Pause them, for their positions are not known before their state is restored."""
        partitions = sorted(assigned)
        if partitions:
            self._pause(*partitions)
            self._add(Change("assigned", partitions))

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Wait, with heartbeats going on, until the daemon has committed, or the deadline has passed."""
        change = Change("revoked", sorted(revoked))
        if not change.partitions:
            return
        self._add(change)
        end = time.monotonic() + self._deadline
        while not (self._closing or change.done.is_set()) and time.monotonic() < end:
            await KernelEvent("_sleep", _LOOK_SECONDS)

    async def on_partitions_lost(self, lost: Iterable[TopicPartition]) -> None:
        """They have another owner already: nothing of them may be committed."""
        partitions = sorted(lost)
        if partitions:
            self._add(Change("lost", partitions))

    def _add(self, change: Change) -> None:
        self._changes.append(change)
        self._news()
