"""Files of an older format go up step by step, or are refused with the way out."""

from pathlib import Path

import numpy as np
import pytest

from streamrnn.snapshots import Frozen, SnapshotError, read_header, read_snapshot, upgrade, write_snapshot
from streamrnn.snapshots import format as snapshot_format
from tests.snapshots.conftest import MakeHeader


@pytest.fixture
def old(tmp_path: Path, make_header: MakeHeader) -> Path:
    path = tmp_path / "old.safetensors"
    write_snapshot(path, make_header(format=1, lineage="a1b2"), Frozen.of({"counts": np.arange(3)}))
    return path


def test_each_step_of_the_way_changes_header_and_arrays(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_format, "FORMAT", 3)
    first = upgrade.Step(lambda head: head | {"log": "one"}, lambda given: {"tallies": given["counts"] + 1})
    second = upgrade.Step(
        lambda head: head | {"log": head["log"] + ", two"}, lambda given: {"tallies": given["tallies"] * 2}
    )
    monkeypatch.setattr(upgrade, "STEPS", {1: first, 2: second})
    header, arrays = read_snapshot(old)
    assert (header.format, header.log, header.lineage) == (3, "one, two", "a1b2")
    assert arrays.keys() == {"tallies"} and arrays["tallies"].tolist() == [2, 4, 6]
    assert read_header(old) == header


def test_without_a_way_up_the_file_is_refused_with_the_way_out(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_format, "FORMAT", 3)
    monkeypatch.setattr(upgrade, "STEPS", {2: upgrade.Step(dict, dict)})
    with pytest.raises(SnapshotError, match="start the streamrnn that wrote it, or one between the two") as caught:
        read_snapshot(old)
    assert caught.value.reason == "older"


def test_every_format_up_to_the_present_one_has_its_step() -> None:
    assert upgrade.STEPS.keys() == set(range(1, snapshot_format.FORMAT))
