"""Snapshots of a shard: the file format, the folder or topic that holds them, the thread that writes them."""

from streamrnn.snapshots.format import FORMAT, SnapshotError, read_header, read_snapshot, write_snapshot
from streamrnn.snapshots.frozen import Frozen
from streamrnn.snapshots.header import Header
from streamrnn.snapshots.store import DirectoryStore
from streamrnn.snapshots.writer import SnapshotResult, SnapshotWriter

__all__ = [
    "FORMAT",
    "DirectoryStore",
    "Frozen",
    "Header",
    "SnapshotError",
    "SnapshotResult",
    "SnapshotWriter",
    "read_header",
    "read_snapshot",
    "write_snapshot",
]
