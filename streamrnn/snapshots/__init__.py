"""Snapshots of a shard: the file format, the folder that holds them, the thread that finishes them."""

from streamrnn.snapshots.format import FORMAT, Header, SnapshotError, read_header, read_snapshot, write_snapshot
from streamrnn.snapshots.store import DirectoryStore, Pending
from streamrnn.snapshots.writer import SnapshotResult, SnapshotWriter

__all__ = [
    "FORMAT",
    "DirectoryStore",
    "Header",
    "Pending",
    "SnapshotError",
    "SnapshotResult",
    "SnapshotWriter",
    "read_header",
    "read_snapshot",
    "write_snapshot",
]
