"""Which outbox a partition publishes by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamrnn.events.columns import Partition
from streamrnn.transport.kafka.outbox import Outbox

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


class Outboxes:
    """One for each partition in hand where delivery is exactly once, else one for all.

    A partition of labels shares that of the events of the same number.

    Parameters
    ----------
    settings : the daemon's settings
    most_bytes : of a batch that the topics take
    """

    def __init__(self, settings: Settings, most_bytes: int) -> None:
        self._kafka = settings.kafka
        self._exactly_once = self._kafka.delivery == "exactly_once"
        self._most_bytes = most_bytes
        self._labels, self._events = settings.labels.topic, settings.transport.only_input
        self._own: dict[Partition, Outbox] = {}
        self._journals: dict[Partition, Outbox] = {}
        self._shared: Outbox | None = None

    def owner(self, partition: Partition) -> Partition:
        """The partition of whose outbox a partition is part."""
        return Partition(self._events, partition.number) if partition.topic == self._labels else partition

    def of(self, partition: Partition) -> Outbox:
        """That of a partition; made at first sight, which ends what an earlier owner left open."""
        if not self._exactly_once:
            self._shared = self._shared or Outbox(self._kafka, None, self._most_bytes)
            return self._shared
        owner = self.owner(partition)
        if owner not in self._own:
            self._own[owner] = Outbox(self._kafka, f"{self._kafka.group_id}/{owner}", self._most_bytes)
        return self._own[owner]

    def held(self, owner: Partition) -> Outbox:
        """That of an owner in hand, which has what was published; a KeyError where it was released since."""
        return self._own[owner]

    def journal(self, partition: Partition) -> Outbox:
        """That of a partition's journal: the partition's own, or where all share one, another with transactions."""
        if self._exactly_once:
            return self.of(partition)
        if partition not in self._journals:
            name = f"{self._kafka.group_id}/{partition}/journal"
            self._journals[partition] = Outbox(self._kafka, name, self._most_bytes)
        return self._journals[partition]

    def settle(self) -> None:
        """Wait until all that went by the one for all is acknowledged."""
        if self._shared is not None:
            self._shared.settle()

    def release(self, partition: Partition) -> None:
        """Let go of a partition that has, or will have, another owner."""
        for boxes in (self._own, self._journals):
            outbox = boxes.pop(partition, None)
            if outbox is not None:
                outbox.close()

    def all(self) -> list[Outbox]:
        """Those that are open."""
        return [*self._own.values(), *self._journals.values(), *([self._shared] if self._shared else [])]
