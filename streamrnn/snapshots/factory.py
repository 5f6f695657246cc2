"""From settings to the place for snapshots that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamrnn.snapshots.base import SnapshotStore
from streamrnn.snapshots.store import DirectoryStore

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


def open_store(settings: Settings) -> SnapshotStore:
    """The store that ``snapshots.store`` names; nothing is touched until it is used."""
    return DirectoryStore(settings.snapshot_folder, settings.snapshots.keep)
