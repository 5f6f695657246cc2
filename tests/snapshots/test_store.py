"""The folder holds whole snapshots only, offers the right one, and forgets the rest."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from streamrnn.events.columns import Partition
from streamrnn.snapshots import DirectoryStore, Frozen, Header, SnapshotError

MakeHeader = Callable[..., Header]
PARTITION = Partition("events", 0)
STATE = {"x": np.arange(3.0)}
Save = Callable[..., Path]


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path, keep=2)


@pytest.fixture
def save(store: DirectoryStore, make_header: MakeHeader) -> Save:
    def save(position: int, committed: int = 0, **changes: Any) -> Path:
        header = make_header(position=position, **changes)
        store.write(header, Frozen.of(STATE), committed)
        return store.path_of(header)

    return save


def load(store: DirectoryStore, at_most: int, refused: list[str] | None = None) -> int | None:
    log: list[str] = [] if refused is None else refused
    found = store.load_newest(PARTITION, "a1b2", "d1", at_most, lambda path, error: log.append(error.reason))
    return None if found is None else found[0].position


def names(root: Path) -> list[str]:
    return sorted(path.name for path in root.glob("*/*"))


def test_a_snapshot_lies_where_its_header_says(tmp_path: Path, save: Save) -> None:
    assert save(5) == tmp_path / "events-0" / "a1b2-00000000000000000005.safetensors"
    assert save(5, genesis=True).name == "a1b2-00000000000000000005-genesis.safetensors"


def test_the_newest_at_or_below_the_commit_is_loaded(store: DirectoryStore, save: Save) -> None:
    for position in (10, 20, 30):
        save(position)
    assert [load(store, at_most) for at_most in (9, 10, 29, 30, 99)] == [None, 10, 20, 30, 30]


def test_positions_are_ordered_as_numbers_and_genesis_comes_last(store: DirectoryStore, save: Save) -> None:
    for position in (9, 100):
        save(position)
    save(9, genesis=True)
    found = [path.name[5:] for path in store.candidates(PARTITION, "a1b2", 1000)]
    assert [name.lstrip("0") for name in found] == ["100.safetensors", "9.safetensors", "9-genesis.safetensors"]


def test_another_lineage_is_never_a_candidate(store: DirectoryStore, save: Save) -> None:
    save(10)
    save(20, lineage="ffff")
    assert load(store, 99) == 10


def test_a_damaged_snapshot_is_reported_and_the_older_one_used(store: DirectoryStore, save: Save) -> None:
    save(10)
    corrupt, torn = save(20), save(30)
    data = bytearray(corrupt.read_bytes())
    data[-1] ^= 1
    corrupt.write_bytes(data)
    torn.write_bytes(torn.read_bytes()[:-1])
    refused: list[str] = []
    assert load(store, 99, refused) == 10
    assert refused == ["torn", "corrupt"]


@pytest.mark.parametrize(("change", "reason"), [({"settings_digest": "d2"}, "foreign"), ({"format": 2}, "newer")])
def test_other_settings_or_a_later_format_stop(
    store: DirectoryStore, save: Save, change: dict[str, Any], reason: str
) -> None:
    save(10)
    save(20, **change)
    with pytest.raises(SnapshotError) as caught:
        load(store, 99)
    assert caught.value.reason == reason


def test_a_snapshot_renamed_below_the_commit_is_not_used(store: DirectoryStore, save: Save) -> None:
    ahead = save(50)
    ahead.rename(ahead.with_name(ahead.name.replace("50", "40")))
    refused: list[str] = []
    assert load(store, 45, refused) is None
    assert refused == ["corrupt"]


def test_a_crash_before_the_rename_leaves_the_older_one_and_no_litter(
    store: DirectoryStore, save: Save, make_header: MakeHeader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(10)

    def die(source: Path, target: Path) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", die)
        with pytest.raises(SystemExit):
            save(20)
    assert len(names(tmp_path)) == 2
    assert load(store, 99) == 10
    save(30)
    assert names(tmp_path) == ["a1b2-00000000000000000010.safetensors", "a1b2-00000000000000000030.safetensors"]


def test_pruning_keeps_the_newest_committed_ones_and_genesis(tmp_path: Path, save: Save) -> None:
    save(0, genesis=True)
    for position in (10, 20, 30):
        save(position, committed=position)
    assert [name[5:].lstrip("0") for name in names(tmp_path)] == [
        "-genesis.safetensors",
        "20.safetensors",
        "30.safetensors",
    ]


def test_snapshots_ahead_of_the_commit_do_not_push_out_committed_ones(store: DirectoryStore, save: Save) -> None:
    for position in (10, 20, 30, 40):
        save(position, committed=20)
    assert load(store, 20) == 20
    assert load(store, 19) == 10


def test_another_lineage_is_never_pruned(save: Save, tmp_path: Path) -> None:
    for position in (0, 900):
        save(position, committed=900, genesis=position == 0)
    for position in (5, 10, 20, 30):
        save(position, committed=30, lineage="ffff", genesis=position == 5)
    assert sum(name.startswith("a1b2") for name in names(tmp_path)) == 2


def test_lineages_are_told_with_whether_they_went_beyond_genesis(store: DirectoryStore, save: Save) -> None:
    assert store.lineages(PARTITION) == {}
    save(0, genesis=True)
    save(500, genesis=True, lineage="ffff")
    save(600, lineage="ffff")
    assert store.lineages(PARTITION) == {"a1b2": False, "ffff": True}


def test_partitions_do_not_see_each_other(store: DirectoryStore, save: Save) -> None:
    save(10, partition="events-1")
    assert load(store, 99) is None


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
    save: Save,
    make_header: MakeHeader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    room: int,
) -> None:
    save(10)
    monkeypatch.setattr(os, "pwrite", FullDisk(room))
    with pytest.raises(OSError, match=r"make room, allow writing, or set snapshots\.path"):
        store.write(make_header(position=20), Frozen.of({"x": np.zeros(1000)}), committed=20)
    assert names(tmp_path) == ["a1b2-00000000000000000010.safetensors"]
    assert load(store, 99) == 10


def test_a_disk_that_fails_late_leaves_nothing_behind(
    store: DirectoryStore, save: Save, make_header: MakeHeader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(10)
    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        store.write(make_header(position=20), Frozen.of(STATE), committed=20)
    assert names(tmp_path) == ["a1b2-00000000000000000010.safetensors"]


def test_a_lineage_that_cannot_be_a_file_name_is_refused(store: DirectoryStore, make_header: MakeHeader) -> None:
    for lineage in ("", "../up", "a/b", ".hidden"):
        with pytest.raises(ValueError, match="file name"):
            store.write(make_header(lineage=lineage), Frozen.of(STATE), committed=0)


def test_keeping_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="keep at least 1"):
        DirectoryStore(tmp_path, keep=0)
