"""Snapshots are written in the background, one at a time, and every end is told."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from streamrnn.events.columns import Partition
from streamrnn.snapshots import DirectoryStore, Frozen, Header, SnapshotWriter

MakeHeader = Callable[..., Header]
Submit = Callable[[int], None]
PARTITION = Partition("events", 0)


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path, keep=2)


@pytest.fixture
def writer(store: DirectoryStore) -> SnapshotWriter:
    return SnapshotWriter(store)


@pytest.fixture
def submit(writer: SnapshotWriter, make_header: MakeHeader) -> Submit:
    def submit(position: int) -> None:
        state = Frozen.of({"x": np.arange(3.0)})
        writer.submit(PARTITION, make_header(position=position), state, committed=position)

    return submit


def test_a_snapshot_is_written_and_reported_once(
    writer: SnapshotWriter, store: DirectoryStore, submit: Submit, make_header: MakeHeader
) -> None:
    submit(10)
    assert writer.wait(5.0)
    result = writer.result()
    assert result is not None
    size = store.path_of(make_header(position=10)).stat().st_size
    assert (result.partition, result.position, result.ok, result.size) == (PARTITION, 10, True, size)
    assert result.seconds > 0 and result.error is None
    assert writer.result() is None


def test_it_is_busy_until_the_end_is_told(
    writer: SnapshotWriter, submit: Submit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gate = threading.Event()
    sync = os.fsync

    def wait_then_sync(descriptor: int) -> None:
        gate.wait(5.0)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", wait_then_sync)
    submit(10)
    assert writer.busy() and writer.result() is None
    with pytest.raises(RuntimeError, match="ask busy"):
        submit(20)
    assert not writer.wait(0.0)
    gate.set()
    assert writer.wait(5.0)
    assert writer.busy()
    assert writer.result() is not None
    assert not writer.busy()
    assert [path.name for path in tmp_path.glob("*/*")] == ["a1b2-00000000000000000010.safetensors"]


def test_a_failing_disk_is_a_result_and_the_next_attempt_runs(
    writer: SnapshotWriter, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(source: Path, target: Path) -> None:
        raise OSError("disk on fire")

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", fail)
        submit(10)
        assert writer.wait(5.0)
    result = writer.result()
    assert result is not None
    assert not result.ok
    assert "disk on fire" in str(result.error) and "snapshots.path" in str(result.error)
    submit(20)
    assert writer.wait(5.0)
    again = writer.result()
    assert again is not None
    assert again.ok
