"""The commit file of a directory log, and the lock that keeps it to one process."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import msgspec

from streamrnn.transport.base import TransportError
from streamrnn.transport.failures import READ, WRITE, explained

COMMITS = "commits.json"
LOCK = "lock"
_LOCK_SECONDS = 0.2  # a `check` that looks at the lock holds it for an instant


class Entry(msgspec.Struct, frozen=True):
    """What is committed of one partition.

    Attributes
    ----------
    position : number of the next line to process
    byte : where that line begins in the input file
    lineage : identity of the shard's history
    identity : digest of the input's first line; empty while there was none
    predictions_bytes, dead_letters_bytes, journal_bytes : length of the outputs that belong to it
    """

    position: int
    byte: int
    lineage: str
    identity: str
    predictions_bytes: int
    dead_letters_bytes: int
    journal_bytes: int = 0


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
        self._lock = _locked(root)
        try:
            self.entries = read_commits(root)
        except BaseException:
            self.close()
            raise

    def replace(self, changed: dict[str, Entry]) -> None:
        """Put these entries in the place of their older ones: after a crash the file holds all of them or none."""
        entries = self.entries | changed
        temporary = self._path.with_suffix(".tmp")
        with explained("write", self._path, WRITE):
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


def read_commits(root: Path) -> dict[str, Entry]:
    """The entries of a folder's commit file, by partition; none where there is no file."""
    path = root / COMMITS
    try:
        with explained("read", path, READ):
            text = path.read_bytes() if path.exists() else b"{}"
        return msgspec.json.decode(text, type=dict[str, Entry])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TransportError(
            f"{path} is damaged ({error}): put back a copy, or start a new lineage with another "
            "transport.path and snapshots.path"
        ) from error


def refuse_locked(root: Path) -> None:
    """Raise what a start would raise where the lock cannot be had. Makes no file and holds no lock after."""
    with explained("write", root / LOCK, WRITE):
        if not (root / LOCK).exists():
            return
        lock = os.open(root / LOCK, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise _taken(root) from error
    finally:
        os.close(lock)


def _locked(root: Path) -> int:
    """The descriptor of the lock file, locked."""
    with explained("write", root / LOCK, WRITE):
        lock = os.open(root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                os.close(lock)
                raise _taken(root) from error
            time.sleep(_LOCK_SECONDS / 10)


def _taken(root: Path) -> TransportError:
    return TransportError(
        f"another process works in {root}: stop it, or give this one another transport.path", "locked"
    )


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the folder's list of files."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
