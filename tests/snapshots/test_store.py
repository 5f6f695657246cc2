"""The folder keeps the contract of every store, and a failing disk leaves it as it was."""

import errno
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from streamrnn.snapshots import DirectoryStore, Frozen
from streamrnn.snapshots.base import SnapshotStore
from streamrnn.snapshots.choice import Name
from tests.snapshots.contract import STATE, StoreContract, header, load, save


@dataclass
class Folder:
    """A folder of snapshots, to be damaged."""

    root: Path
    patch: pytest.MonkeyPatch

    def open(self) -> DirectoryStore:
        return DirectoryStore(self.root, keep=2)

    def file(self, name: Name) -> Path:
        return self.open().path_of(header(name.position, name.lineage, name.genesis, partition=name.partition))

    def tear(self, name: Name) -> None:
        self.file(name).write_bytes(self.file(name).read_bytes()[:-1])
        os.utime(self.file(name), (0, 0))  # as if it were still the oldest

    def corrupt(self, name: Name) -> None:
        data = bytearray(self.file(name).read_bytes())
        data[-1] ^= 1
        self.file(name).write_bytes(data)

    def misname(self, name: Name, position: int) -> None:
        file = self.file(name)
        file.rename(file.with_name(file.name.replace(str(name.position), str(position))))

    def die_at_the_end(self, store: SnapshotStore) -> None:
        def die(source: Path, target: Path) -> None:
            self.patch.undo()
            raise SystemExit

        self.patch.setattr(os, "replace", die)

    def litter(self) -> int:
        return sum(path.suffix != ".safetensors" for path in self.root.glob("*/*"))


@pytest.fixture
def place(tmp_path: Path) -> Folder:
    return Folder(tmp_path, pytest.MonkeyPatch())


@pytest.fixture
def store(place: Folder) -> DirectoryStore:
    return place.open()


def names(root: Path) -> list[str]:
    return sorted(path.name for path in root.glob("*/*"))


class TestDirectoryStore(StoreContract):
    """The contract, kept by a folder."""


def test_a_snapshot_lies_where_its_header_says(store: DirectoryStore, tmp_path: Path) -> None:
    save(store, 5)
    save(store, 5, genesis=True)
    files = [f"a1b2-{'5'.zfill(20)}{end}.safetensors" for end in ("", "-genesis")]
    assert all((tmp_path / "events-0" / file).exists() for file in files)


def test_a_folder_that_may_not_be_read_is_told_with_the_remedy(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(store, 5)

    def refuse(path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(OSError, match=r"give this user access, or set snapshots\.path"):
        load(store, 9)


class FullDisk:
    """``os.pwrite`` on a disk that takes this many bytes more."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._pwrite = os.pwrite

    def __call__(self, descriptor: int, data: memoryview, at: int) -> int:
        if self._room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self._pwrite(descriptor, data[: self._room], at)
        self._room -= written
        return written


@pytest.mark.parametrize("room", [0, 100, 700])
def test_a_full_disk_is_reported_and_leaves_nothing_behind(
    store: DirectoryStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    room: int,
) -> None:
    save(store, 10)
    monkeypatch.setattr(os, "pwrite", FullDisk(room))
    with pytest.raises(OSError, match=r"make room, allow writing, or set snapshots\.path"):
        store.write(header(position=20), Frozen.of({"x": np.zeros(1000)}), committed=20)
    assert names(tmp_path) == ["a1b2-00000000000000000010.safetensors"]
    assert load(store, 99) == 10


def test_a_disk_that_fails_late_leaves_nothing_behind(
    store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(store, 10)

    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        store.write(header(position=20), Frozen.of(STATE), committed=20)
    assert names(tmp_path) == ["a1b2-00000000000000000010.safetensors"]


