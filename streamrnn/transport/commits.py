"""The commit file of a directory log, and the lock that keeps it to one process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import msgspec

from streamrnn.transport.base import TransportError

COMMITS = "commits.json"
LOCK = "lock"


class Entry(msgspec.Struct, frozen=True):
    """What is committed of one partition.

    Attributes
    ----------
    position : number of the next line to process
    byte : where that line begins in the input file
    lineage : identity of the shard's history
    identity : digest of the input's first line; empty while there was none
    predictions_bytes, dead_letters_bytes : length of the outputs that belong to it
    """

    position: int
    byte: int
    lineage: str
    identity: str
    predictions_bytes: int
    dead_letters_bytes: int


class CommitFile:
    """Reads and replaces ``commits.json`` in a folder: one entry for each partition, all in one step.

    Parameters
    ----------
    root : the folder
    fsync : whether a commit waits until the disk has it; without, a power failure (not a crash) may undo commits

    Raises
    ------
    TransportError
        Where another process holds the folder's lock, or the file cannot be read.
    """

    def __init__(self, root: Path, fsync: bool = True) -> None:
        self._root = root
        self._path = root / COMMITS
        self._fsync = fsync
        self._lock = os.open(root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.entries = self._read()
        except BlockingIOError as error:
            os.close(self._lock)
            raise TransportError(
                f"another process works in {root}: stop it, or give this one another transport.path"
            ) from error
        except BaseException:
            os.close(self._lock)
            raise

    def replace(self, changed: dict[str, Entry]) -> None:
        """Put these entries in the place of their older ones: after a crash the file holds all of them or none."""
        entries = self.entries | changed
        temporary = self._path.with_suffix(".tmp")
        with open(temporary, "wb") as file:
            file.write(msgspec.json.encode(entries))
            file.flush()
            if self._fsync:
                os.fsync(file.fileno())
        os.replace(temporary, self._path)
        if self._fsync:
            sync_folder(self._root)
        self.entries = entries

    def close(self) -> None:
        """Let go of the lock; a second call does nothing."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _read(self) -> dict[str, Entry]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, Entry])
        except FileNotFoundError:
            return {}
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise TransportError(
                f"{self._path} is damaged ({error}): put back a copy, or start a new lineage with another "
                "transport.path and snapshots.path"
            ) from error


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the folder's list of files."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
