"""Snapshots in a folder: whole or not there, found by position, pruned to the newest few.

A snapshot lies at ``<root>/<topic>-<number>/<lineage>-<position, 20 digits>[-genesis].safetensors`` and gets that name
only once all its bytes are on the disk; until then it is a hidden file that ends in ``.tmp``.
"""

import os
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from streamrnn.events.columns import Partition
from streamrnn.snapshots.choice import (
    LINEAGE,
    Listed,
    Loaded,
    Name,
    dispensable,
    first_whole,
    newest_first,
    outlived,
    refuse_misnamed,
    unnamable,
)
from streamrnn.snapshots.format import SnapshotError, read_header, read_snapshot, write_snapshot
from streamrnn.snapshots.frozen import Frozen
from streamrnn.snapshots.header import Header

_FILE = re.compile(rf"(?P<lineage>{LINEAGE})-(?P<position>\d{{20}})(?P<genesis>-genesis)?\.safetensors")


class DirectoryStore:
    """Snapshots of any number of partitions in one folder, as `SnapshotStore` says.

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

    @property
    def place(self) -> str:
        """The folder, as messages name it."""
        return f"folder {self._root}"

    @property
    def setting(self) -> str:
        """The key in the section ``snapshots`` that says where."""
        return "path"

    def close(self) -> None:
        """Nothing is open."""

    def path_of(self, header: Header) -> Path:
        """Where the snapshot with this header belongs; ``ValueError`` if its lineage cannot stand in a file name."""
        return self._path(Name.of(header))

    def write(self, header: Header, state: Frozen, committed: int) -> int:
        """Write a snapshot; where that fails the temporary file is gone."""
        path = self.path_of(header)
        temporary = path.with_name(f".{path.name}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.unlink(missing_ok=True)  # of a process that died while it wrote
            size = write_snapshot(temporary, header, state)
            # Show it under its name, and make the name itself durable.
            os.replace(temporary, path)
            _sync_folder(path.parent)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            remedy = f"{error.strerror or error}; make room, allow writing, or set snapshots.path to another disk"
            raise OSError(error.errno, remedy, str(path)) from error
        finally:
            state.release()
        # Only now may older ones go.
        self.prune(header.partition, header.lineage, committed, outlived(header))
        return size

    def load_newest(
        self,
        partition: Partition | str,
        lineage: str,
        at_most: int,
        on_refused: Callable[[Path, SnapshotError], None],
    ) -> Loaded | None:
        """The newest snapshot of a lineage at or below a position that is whole; None if there is none."""
        with _readable():
            return first_whole(
                newest_first(self._names(str(partition)), lineage, at_most),
                self._read_if_there,
                lambda name, error: on_refused(self._path(name), error),
            )

    def lineages(self, partition: Partition | str) -> dict[str, bool]:
        """Every lineage that has snapshots here, and whether it went beyond its genesis."""
        found: dict[str, bool] = {}
        with _readable():
            for name in self._names(str(partition)):
                found[name.lineage] = found.get(name.lineage, False) or not name.genesis
        return found

    def listing(self, partition: Partition | str | None = None) -> list[Listed]:
        """All snapshots, or those of one partition, the one that was written last first."""
        with _readable():
            if partition is not None:
                partitions = [str(partition)]
            else:
                partitions = [each.name for each in self._root.iterdir()] if self._root.is_dir() else []
            looked = (self._listed(name) for each in partitions for name in self._names(each))
            found = [each for each in looked if each is not None]
        return sorted(found, key=lambda each: (each.written, each.name.position), reverse=True)

    def read(self, name: Name) -> Loaded:
        """Check every byte of a snapshot and read it."""
        with _readable():
            return self._read(name)

    def prune(
        self, partition: Partition | str, lineage: str, committed: int, outlived: Collection[str] = ()
    ) -> None:
        """Delete what no restart can need, and all of the lineages that are outlived."""
        names = self._names(str(partition))
        dead = dispensable(names, lineage, committed, self._keep)
        for name in [*dead, *(name for name in names if name.lineage in outlived)]:
            self._path(name).unlink(missing_ok=True)
        for leftover in self._folder(str(partition)).glob(f".{lineage}-*.tmp"):
            leftover.unlink(missing_ok=True)

    def _read_if_there(self, name: Name) -> Loaded | None:
        try:
            return self._read(name)
        except FileNotFoundError:  # pruned since the folder was listed
            return None

    def _read(self, name: Name) -> Loaded:
        path = self._path(name)
        header, arrays = read_snapshot(path, partition=name.partition, lineage=name.lineage)
        refuse_misnamed(header, name, path, f"rename it to {self.path_of(header).name}, or delete it")
        return header, arrays

    def _listed(self, name: Name) -> Listed | None:
        path = self._path(name)
        try:
            status = path.stat()
            header = read_header(path, every_byte=False)
        except FileNotFoundError:  # pruned meanwhile
            return None
        except SnapshotError as error:
            return Listed(name, status.st_mtime, status.st_size, None, error.reason)
        return Listed(name, status.st_mtime, status.st_size, header.records, None)

    def _path(self, name: Name) -> Path:
        suffix = "-genesis" if name.genesis else ""
        file = f"{name.lineage}-{name.position:020d}{suffix}.safetensors"
        if not _FILE.fullmatch(file):
            raise unnamable(name, "a file name")
        return self._folder(name.partition) / file

    def _folder(self, partition: str) -> Path:
        if "/" in partition or "\0" in partition:
            raise ValueError(f"partition {partition!r} cannot be a folder's name: rename the topic")
        return self._root / partition

    def _names(self, partition: str) -> list[Name]:
        folder = self._folder(partition)
        if not folder.is_dir():
            return []
        matches = (_FILE.fullmatch(path.name) for path in folder.iterdir())
        return [
            Name(partition, match["lineage"], int(match["position"]), match["genesis"] is not None)
            for match in matches
            if match
        ]


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        remedy = f"{error.strerror or error}; give this user access, or set snapshots.path to another folder"
        raise OSError(error.errno, remedy, error.filename) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
