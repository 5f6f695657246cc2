"""From settings to the place for snapshots that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamrnn.snapshots.base import SnapshotStore
from streamrnn.snapshots.store import DirectoryStore
from streamrnn.transport.base import TransportError

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


def open_store(settings: Settings) -> SnapshotStore:
    """The store that ``snapshots.store`` names; nothing is touched until it is used.

    Raises
    ------
    TransportError
        It is Kafka, and the client is not installed.
    """
    if settings.snapshot_store == "directory":
        return DirectoryStore(settings.snapshot_folder, settings.snapshots.keep)
    try:
        from streamrnn.snapshots.topic import TopicStore
    except ModuleNotFoundError as error:
        raise TransportError(f"kafka-python is not installed ({error}): pip install '.[kafka]'") from error
    return TopicStore(settings.kafka, settings.snapshot_topic, settings.snapshots.keep)
