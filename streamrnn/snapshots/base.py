"""What a place for snapshots must offer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from streamrnn.events.columns import Partition
from streamrnn.snapshots.choice import Listed, Loaded, Name
from streamrnn.snapshots.format import SnapshotError
from streamrnn.snapshots.frozen import Frozen
from streamrnn.snapshots.header import Header


class SnapshotStore(Protocol):
    """Snapshots of any number of partitions, whole or not there; making the object touches nothing.

    ``write`` may be called from any thread, beside the other methods. Where the place cannot be read, ``OSError`` or
    ``TransportError`` comes from every method that reads, and their messages name the remedy.
    """

    @property
    def place(self) -> str:
        """Where they are, as messages name it."""

    @property
    def setting(self) -> str:
        """The key in the section ``snapshots`` that says where: path or topic."""

    def write(self, header: Header, state: Frozen, committed: int) -> int:
        """Write a snapshot, make it durable and visible, then prune. Slow; any thread may call it.

        Parameters
        ----------
        header, state : what to write; ``state`` is released at the end, whatever comes
        committed : a position known to be committed; snapshots beyond it do not count when older ones are pruned

        Returns
        -------
        int
            Size in bytes.

        Raises
        ------
        OSError
            It could not be written; the message names the remedy. Older snapshots are as they were.
        """

    def load_newest(
        self,
        partition: Partition | str,
        lineage: str,
        at_most: int,
        on_refused: Callable[[Any, SnapshotError], None],
    ) -> Loaded | None:
        """The newest snapshot of a lineage at or below a position that is whole; None if there is none.

        A torn or corrupt one is handed to ``on_refused``, with its place, and the next older is tried.

        Raises
        ------
        SnapshotError
            With reason foreign, newer or older: another shard or another format calls for a person.
        """

    def lineages(self, partition: Partition | str) -> dict[str, bool]:
        """Every lineage that has snapshots here, and whether it went beyond its genesis."""

    def listing(self, partition: Partition | str | None = None) -> list[Listed]:
        """All snapshots, or those of one partition, the one that was written last first."""

    def read(self, name: Name) -> Loaded:
        """Check every byte of a snapshot and read it; ``SnapshotError`` where it must not be used."""

    def close(self) -> None:
        """Let go of connections."""
