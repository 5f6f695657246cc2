"""Snapshots end in the background, one at a time for each partition, and every end is told."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from streamrnn.events.columns import Partition
from streamrnn.snapshots import DirectoryStore, Header, Pending, SnapshotWriter

MakeHeader = Callable[..., Header]
PARTITION = Partition("events", 0)


@pytest.fixture
def writer() -> Iterator[SnapshotWriter]:
    writer = SnapshotWriter()
    yield writer
    writer.close()


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path, keep=2)


def begin(store: DirectoryStore, make_header: MakeHeader, position: int) -> Pending:
    return store.begin(make_header(position=position), {"x": np.arange(3.0)})


def test_a_finished_snapshot_is_reported_once(
    writer: SnapshotWriter, store: DirectoryStore, make_header: MakeHeader
) -> None:
    pending = begin(store, make_header, 10)
    writer.submit(PARTITION, pending, committed=10)
    assert writer.wait(5.0)
    (result,) = writer.poll_results()
    assert (result.partition, result.position, result.ok, result.size, result.error) == (
        PARTITION,
        10,
        True,
        pending.size,
        None,
    )
    assert result.seconds > 0
    assert store.path_of(pending.header).stat().st_size == pending.size
    assert writer.poll_results() == []


def test_a_partition_is_busy_until_its_end_is_told(
    writer: SnapshotWriter,
    store: DirectoryStore,
    make_header: MakeHeader,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    gate = threading.Event()
    sync = os.fsync

    def wait_then_sync(descriptor: int) -> None:
        gate.wait(5.0)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", wait_then_sync)
    writer.submit(PARTITION, begin(store, make_header, 10), committed=10)
    assert writer.busy(PARTITION) and not writer.busy(Partition("events", 1))
    with pytest.raises(RuntimeError, match=r"busy\(\)"):
        writer.submit(PARTITION, begin(store, make_header, 20), committed=10)
    assert not writer.wait(0.0)
    gate.set()
    assert writer.wait(5.0)
    assert [result.position for result in writer.poll_results()] == [10]
    assert not writer.busy(PARTITION)
    assert [path.name for path in tmp_path.glob("*/*")] == ["a1b2-00000000000000000010.safetensors"]


def test_a_failing_disk_is_a_result_and_the_next_attempt_runs(
    writer: SnapshotWriter, store: DirectoryStore, make_header: MakeHeader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(source: Path, target: Path) -> None:
        raise OSError("disk on fire")

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", fail)
        writer.submit(PARTITION, begin(store, make_header, 10), committed=10)
        assert writer.wait(5.0)
    (result,) = writer.poll_results()
    assert not result.ok and result.error == "disk on fire"
    writer.submit(PARTITION, begin(store, make_header, 20), committed=20)
    assert writer.wait(5.0)
    assert [result.ok for result in writer.poll_results()] == [True]
