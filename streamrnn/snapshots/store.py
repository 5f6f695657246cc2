"""Snapshots in a folder: whole or not there, found by position, pruned to the newest few.

A snapshot lies at ``<root>/<topic>-<number>/<lineage>-<position, 20 digits>[-genesis].safetensors`` and gets that name
only once all its bytes are on the disk; until then it is a hidden file that ends in ``.tmp``.
"""

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from streamrnn.events.columns import Partition
from streamrnn.snapshots.format import (
    Arrays,
    Header,
    SnapshotError,
    read_header,
    read_snapshot,
    seal,
    write_unsealed,
)

_NAME = re.compile(r"(?P<lineage>[A-Za-z0-9_][A-Za-z0-9_.-]*)-(?P<position>\d{20})(?P<genesis>-genesis)?\.safetensors")


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a snapshot's name says."""

    path: Path
    lineage: str
    position: int
    genesis: bool


class Pending:
    """A snapshot whose bytes are all handed to the system, but not yet safe on the disk."""

    def __init__(
        self, store: "DirectoryStore", header: Header, descriptor: int, temporary: Path, size: int, started: float
    ) -> None:
        self.header = header
        self.size = size  # bytes
        self.started = started  # on time.monotonic's clock, before the first byte
        self._store = store
        self._descriptor: int | None = descriptor
        self._temporary = temporary
        self._lock = threading.Lock()

    def finish(self, committed: int) -> Path:
        """Make the snapshot durable and visible, then prune. Slow; any one thread may call it, once.

        Parameters
        ----------
        committed : a position known to be committed; snapshots beyond it do not count when older ones are pruned

        Raises
        ------
        OSError
            The disk is full or failing. The temporary file is gone and older snapshots are as they were.
        """
        path = self._store.path_of(self.header)
        with self._lock:
            if self._descriptor is None:
                raise RuntimeError(f"the snapshot for {path} was finished or abandoned before")
            try:
                # 1. The bytes must be on the disk before the digest that vouches for them.
                os.fsync(self._descriptor)
                # 2. Seal.
                seal(self._descriptor)
                os.fsync(self._descriptor)
                # 3. Show it under its name, and make the name itself durable.
                os.replace(self._temporary, path)
                _sync_folder(path.parent)
            except BaseException:
                self._release()
                raise
            self._release()
        # 4. Only now may older ones go.
        self._store.prune(self.header.partition, self.header.lineage, committed)
        return path

    def abandon(self) -> None:
        """Drop the snapshot; does nothing if it is finished."""
        with self._lock:
            self._release()

    def _release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            self._temporary.unlink(missing_ok=True)


class DirectoryStore:
    """Snapshots of any number of partitions in one folder, which one process at a time owns.

    Parameters
    ----------
    root : the folder; made when the first snapshot is written
    keep : how many snapshots at or below the committed position to keep for each partition (at least 1)
    """

    def __init__(self, root: Path, keep: int) -> None:
        if keep < 1:
            raise ValueError(f"snapshots.keep is {keep}: keep at least 1, or no restart can restore")
        self._root = root
        self._keep = keep
        for leftover in root.glob("*/.*.tmp"):  # of a process that died while it wrote
            leftover.unlink(missing_ok=True)

    def path_of(self, header: Header) -> Path:
        """Where the snapshot with this header belongs; ``ValueError`` if its lineage cannot stand in a file name."""
        suffix = "-genesis" if header.genesis else ""
        name = f"{header.lineage}-{header.position:020d}{suffix}.safetensors"
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"lineage {header.lineage!r} or position {header.position} cannot stand in a file name: "
                "use letters, digits, '_', '.' and '-', and a position from 0"
            )
        return self._folder(header.partition) / name

    def begin(self, header: Header, arrays: Arrays) -> Pending:
        """Hand all bytes of a snapshot to the system, on the caller's thread, and return what is left to do.

        The arrays are copied nowhere but into the page cache, and may change as soon as this returns.

        Raises
        ------
        OSError
            The disk is full or failing; the temporary file is gone.
        """
        started = time.monotonic()
        path = self.path_of(header)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.tmp")
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            size = write_unsealed(descriptor, header, arrays)
        except BaseException as error:
            os.close(descriptor)
            temporary.unlink(missing_ok=True)
            if isinstance(error, OSError):
                remedy = f"{error.strerror}; make room or set snapshots.path to another disk"
                raise OSError(error.errno, remedy, str(path)) from error
            raise
        return Pending(self, header, descriptor, temporary, size, started)

    def candidates(self, partition: Partition | str, lineage: str, at_most: int) -> Iterator[Path]:
        """Paths of the lineage's snapshots at or below a position, newest first, genesis last among equals."""
        entries = [
            entry for entry in self._entries(partition) if entry.lineage == lineage and entry.position <= at_most
        ]
        for entry in sorted(entries, key=_age, reverse=True):
            yield entry.path

    def load_newest(
        self,
        partition: Partition | str,
        lineage: str,
        settings_digest: str,
        at_most: int,
        on_refused: Callable[[Path, SnapshotError], None],
    ) -> tuple[Header, dict[str, npt.NDArray[Any]]] | None:
        """The newest snapshot of a lineage at or below a position that is whole; None if there is none.

        A torn or corrupt one is handed to ``on_refused`` and the next older is tried.

        Raises
        ------
        SnapshotError
            With reason foreign or newer: other settings, another shard or a later format call for a person.
        OSError
            The folder or a file cannot be read.
        """
        for path in self.candidates(partition, lineage, at_most):
            try:
                header, arrays = read_snapshot(
                    path, partition=str(partition), lineage=lineage, settings_digest=settings_digest
                )
                if self.path_of(header).name != path.name:  # renamed by hand: its position might be ahead of the commit
                    raise SnapshotError(
                        "corrupt",
                        path,
                        f"holds position {header.position}, not the one in its name",
                        f"rename it to {self.path_of(header).name}, or delete it",
                    )
            except SnapshotError as error:
                if error.reason in ("foreign", "newer"):
                    raise
                on_refused(path, error)
            else:
                return header, arrays
        return None

    def genesis(self, partition: Partition | str) -> Header | None:
        """The header of the newest lineage's genesis snapshot; None if the partition has none.

        Raises
        ------
        SnapshotError
            It is torn, corrupt or newer.
        """
        newest = self._newest_genesis(partition)
        return None if newest is None else read_header(newest.path)

    def prune(self, partition: Partition | str, lineage: str, committed: int) -> None:
        """Delete what no restart can need.

        Kept are the lineage's newest ``keep`` snapshots at or below ``committed``, all beyond it, and its genesis.
        Other lineages go once this one, if it is the newest, has a snapshot that can stand in for them.
        """
        entries = self._entries(partition)
        usable = sorted(
            (
                entry
                for entry in entries
                if entry.lineage == lineage and not entry.genesis and entry.position <= committed
            ),
            key=_age,
            reverse=True,
        )
        doomed = usable[self._keep :]
        newest = self._newest_genesis(partition)
        if usable and newest is not None and newest.lineage == lineage:
            doomed += [entry for entry in entries if entry.lineage != lineage]
        for entry in doomed:
            entry.path.unlink(missing_ok=True)

    def _folder(self, partition: Partition | str) -> Path:
        name = str(partition)
        if "/" in name or "\0" in name:
            raise ValueError(f"partition {name!r} cannot be a folder's name: rename the topic")
        return self._root / name

    def _entries(self, partition: Partition | str) -> list[_Entry]:
        folder = self._folder(partition)
        if not folder.is_dir():
            return []
        matches = ((path, _NAME.fullmatch(path.name)) for path in folder.iterdir())
        return [
            _Entry(path, match["lineage"], int(match["position"]), match["genesis"] is not None)
            for path, match in matches
            if match
        ]

    def _newest_genesis(self, partition: Partition | str) -> _Entry | None:
        """By the time it was written: a reset may start a new lineage at a lower position than the old one."""
        entries = [entry for entry in self._entries(partition) if entry.genesis]
        return max(entries, key=lambda entry: (entry.path.stat().st_mtime_ns, entry.path.name), default=None)


def _age(entry: _Entry) -> tuple[int, bool]:
    return entry.position, not entry.genesis


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
