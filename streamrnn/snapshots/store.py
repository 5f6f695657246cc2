"""Snapshots in a folder: whole or not there, found by position, pruned to the newest few.

A snapshot lies at ``<root>/<topic>-<number>/<lineage>-<position, 20 digits>[-genesis].safetensors`` and gets that name
only once all its bytes are on the disk; until then it is a hidden file that ends in ``.tmp``.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from streamrnn.events.columns import Partition
from streamrnn.snapshots.format import (
    Header,
    SnapshotError,
    read_snapshot,
    write_snapshot,
)
from streamrnn.snapshots.frozen import Frozen

_NAME = re.compile(r"(?P<lineage>[A-Za-z0-9_][A-Za-z0-9_.-]*)-(?P<position>\d{20})(?P<genesis>-genesis)?\.safetensors")


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a snapshot's name says."""

    path: Path
    lineage: str
    position: int
    genesis: bool


class DirectoryStore:
    """Snapshots of any number of partitions in one folder; making the object touches nothing.

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
        suffix = "-genesis" if header.genesis else ""
        name = f"{header.lineage}-{header.position:020d}{suffix}.safetensors"
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"lineage {header.lineage!r} or position {header.position} cannot stand in a file name: "
                "use letters, digits, '_', '.' and '-', and a position from 0"
            )
        return self._folder(header.partition) / name

    def write(self, header: Header, state: Frozen, committed: int) -> int:
        """Write a snapshot, make it durable and visible, then prune. Slow; any thread may call it.

        Parameters
        ----------
        header, state : what to write; ``state`` is released at the end, whatever comes
        committed : a position known to be committed; snapshots beyond it do not count when older ones are pruned

        Returns
        -------
        int
            Size in bytes.

        Raises
        ------
        OSError
            The disk is full or failing. The temporary file is gone and older snapshots are as they were.
        """
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
        self.prune(header.partition, header.lineage, committed)
        return size

    def candidates(self, partition: Partition | str, lineage: str, at_most: int) -> Iterator[Path]:
        """Paths of the lineage's snapshots at or below a position, newest first, genesis last among equals."""
        for entry in self._newest_first(partition, lineage, at_most):
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
            except FileNotFoundError:  # pruned since the folder was listed
                continue
            except SnapshotError as error:
                if error.reason in ("foreign", "newer"):
                    raise
                on_refused(path, error)
            else:
                return header, arrays
        return None

    def lineages(self, partition: Partition | str) -> dict[str, bool]:
        """Every lineage that has snapshots here, and whether it went beyond its genesis."""
        found: dict[str, bool] = {}
        for entry in self._entries(partition):
            found[entry.lineage] = found.get(entry.lineage, False) or not entry.genesis
        return found

    def prune(self, partition: Partition | str, lineage: str, committed: int) -> None:
        """Delete what no restart can need.

        Kept are the lineage's newest ``keep`` snapshots at or below ``committed``, all beyond it, and its genesis.
        Other lineages are left alone: they may belong to another log, and a person began the new one.
        """
        usable = [entry for entry in self._newest_first(partition, lineage, committed) if not entry.genesis]
        for entry in usable[self._keep :]:
            entry.path.unlink(missing_ok=True)
        for leftover in self._folder(partition).glob(f".{lineage}-*.tmp"):
            leftover.unlink(missing_ok=True)

    def _newest_first(self, partition: Partition | str, lineage: str, at_most: int) -> list[_Entry]:
        """The lineage's snapshots at or below a position, genesis last among equals."""
        entries = [
            entry for entry in self._entries(partition) if entry.lineage == lineage and entry.position <= at_most
        ]
        return sorted(entries, key=lambda entry: (entry.position, not entry.genesis), reverse=True)

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


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
