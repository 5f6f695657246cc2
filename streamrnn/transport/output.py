"""One output file that grows by commits, and is cut back to the last one at the start."""

from __future__ import annotations

import os
from pathlib import Path

from streamrnn.transport.base import TransportError
from streamrnn.transport.commits import sync_folder
from streamrnn.transport.failures import WRITE, explained


class OutputFile:
    """Collects lines and appends them when they are committed.

    Parameters
    ----------
    path : the file; made, with its folder, where missing
    length : committed length in bytes; what stands beyond is cut away
    fsync : whether `write` waits until the disk has the lines

    Raises
    ------
    TransportError
        Where the file is shorter than what was committed, or the system refuses.
    """

    def __init__(self, path: Path, length: int, fsync: bool) -> None:
        self._path = path
        self._fsync = fsync
        self._lines: list[bytes] = []
        with explained("write", path, WRITE):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
            try:
                refuse_short(path, length)
                os.ftruncate(self._file, length)
                if fsync:
                    sync_folder(path.parent)
            except BaseException:
                os.close(self._file)
                raise
        self.length = length

    def append(self, lines: list[bytes]) -> None:
        """Keep lines for the next `write`."""
        self._lines += lines

    def write(self) -> int:
        """Append what was kept, and return the file's new length."""
        if self._lines:
            rest = memoryview(b"\n".join(self._lines) + b"\n")
            self.length += len(rest)
            self._lines = []
            with explained("write", self._path, WRITE):
                if not os.path.samestat(os.stat(self._path), os.fstat(self._file)):
                    raise TransportError(f"{self._path} was replaced while it was written to: put it back, and restart")
                while rest:
                    rest = rest[os.write(self._file, rest) :]
                if self._fsync:
                    os.fsync(self._file)
        return self.length

    def close(self) -> None:
        """Let go of the file, and of the lines that were not written."""
        os.close(self._file)


def refuse_strangers(path: Path) -> None:
    """Raise where an output holds something though nothing of its partition was ever committed."""
    size = path.stat().st_size if path.is_file() else 0
    if size > 0:
        raise TransportError(
            f"{path} has {size} bytes, but nothing of its partition is committed: put commits.json back, or, to answer "
            "the log anew, move this file away"
        )


def refuse_short(path: Path, length: int) -> None:
    """Raise where less stands in an output than was committed."""
    size = path.stat().st_size if path.exists() else 0
    if size < length:
        raise TransportError(
            f"{path} has {size} bytes, but {length} were committed: put the file back, or start a new lineage with "
            "another transport.path and snapshots.path"
        )
