"""What a place for snapshots must offer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy.typing as npt

from streamrnn.events.columns import Partition
from streamrnn.snapshots.format import Header, SnapshotError
from streamrnn.snapshots.frozen import Frozen


class SnapshotStore(Protocol):
    """Snapshots of any number of partitions, whole or not there."""

    @property
    def place(self) -> str:
        """Where they are, as messages name it."""

    @property
    def setting(self) -> str:
        """The key in the section ``snapshots`` that says where: path or topic."""

    def write(self, header: Header, state: Frozen, committed: int) -> int:
        """Write a snapshot, make it durable and visible, then prune; return its size in bytes."""

    def load_newest(
        self,
        partition: Partition | str,
        lineage: str,
        settings_digest: str,
        at_most: int,
        on_refused: Callable[[Any, SnapshotError], None],
    ) -> tuple[Header, dict[str, npt.NDArray[Any]]] | None:
        """The newest snapshot of a lineage at or below a position that is whole; None if there is none."""

    def lineages(self, partition: Partition | str) -> dict[str, bool]:
        """Every lineage that has snapshots here, and whether it went beyond its genesis."""

    def close(self) -> None:
        """Let go of connections."""
