"""A snapshot comes back bit for bit, or not at all."""

import json
import struct
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from streamrnn.snapshots import Frozen, Header, SnapshotError, read_snapshot, write_snapshot
from streamrnn.snapshots import format as snapshot_format

ArrayMap = dict[str, np.ndarray]
MakeHeader = Callable[..., Header]
SHARED_FIXTURES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)


@pytest.fixture
def file(tmp_path: Path, make_header: MakeHeader, arrays: ArrayMap) -> Path:
    path = tmp_path / "whole.safetensors"
    write_snapshot(path, make_header(), Frozen.of(arrays))
    return path


def refusal(path: Path, data: bytes) -> SnapshotError:
    path.write_bytes(data)
    with pytest.raises(SnapshotError) as caught:
        read_snapshot(path)
    return caught.value


def test_round_trip_is_bit_for_bit_and_writable(file: Path, make_header: MakeHeader, arrays: ArrayMap) -> None:
    header, read = read_snapshot(file)
    assert header == make_header()
    assert read.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (read[name].dtype, read[name].shape) == (array.dtype, array.shape), name
        assert read[name].tobytes() == array.tobytes(), name
        assert read[name].flags.writeable and read[name].flags.c_contiguous, name


def test_any_safetensors_reader_opens_it(file: Path, arrays: ArrayMap) -> None:
    np.testing.assert_array_equal(load_file(file)["weights"], arrays["weights"])


def test_equal_state_gives_equal_bytes(file: Path, make_header: MakeHeader, arrays: ArrayMap) -> None:
    again = file.with_name("again.safetensors")
    write_snapshot(again, make_header(), Frozen.of(dict(reversed(arrays.items()))))
    assert again.read_bytes() == file.read_bytes()


def test_slices_and_transposes_are_written_in_their_own_order(
    tmp_path: Path, make_header: MakeHeader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_format, "PIECE", 64)
    base = np.arange(600.0).reshape(20, 30)
    views = {"transposed": base.T, "strided": base[::3, 1::2], "whole": base}
    write_snapshot(tmp_path / "views.safetensors", make_header(), Frozen.of(views))
    _, read = read_snapshot(tmp_path / "views.safetensors")
    for name, view in views.items():
        np.testing.assert_array_equal(read[name], view)


def test_a_snapshot_without_arrays_is_a_snapshot(tmp_path: Path, make_header: MakeHeader) -> None:
    write_snapshot(tmp_path / "none.safetensors", make_header(), Frozen.of({}))
    assert read_snapshot(tmp_path / "none.safetensors")[1] == {}


@SHARED_FIXTURES
@given(place=st.integers(0, 10**6), flip=st.integers(1, 255))
@example(place=0, flip=1)
@example(place=12, flip=1)
@example(place=40, flip=1)
@example(place=120, flip=1)
def test_any_changed_byte_is_refused(file: Path, place: int, flip: int) -> None:
    data = bytearray(file.read_bytes())
    data[place % len(data)] ^= flip
    error = refusal(file.with_name("flipped.safetensors"), bytes(data))
    assert error.reason in ("torn", "corrupt")
    assert "flipped.safetensors" in str(error) and "delete it" in str(error)


def test_any_truncation_is_torn(file: Path) -> None:
    data = file.read_bytes()
    assert {refusal(file.with_name("cut.safetensors"), data[:length]).reason for length in range(len(data))} == {"torn"}


def test_bytes_past_the_end_are_corrupt(file: Path) -> None:
    assert refusal(file.with_name("long.safetensors"), file.read_bytes() + b"x").reason == "corrupt"


def test_an_unsealed_file_is_torn(file: Path) -> None:
    data = file.read_bytes()
    at = data.index(b'"sha256":"') + 10
    assert refusal(file.with_name("open.safetensors"), data[:at] + b"0" * 64 + data[at + 64 :]).reason == "torn"


def test_a_safetensors_file_of_someone_else_is_refused(tmp_path: Path) -> None:
    listing = json.dumps({"x": {"dtype": "U8", "shape": [200], "data_offsets": [0, 200]}}).encode()
    assert (
        refusal(tmp_path / "other.safetensors", struct.pack("<Q", len(listing)) + listing + b"y" * 200).reason
        == "corrupt"
    )


def test_a_later_format_is_newer_whatever_else_its_header_holds(tmp_path: Path, make_header: MakeHeader) -> None:
    path = tmp_path / "later.safetensors"
    write_snapshot(path, make_header(format=2), Frozen.of({}))
    with pytest.raises(SnapshotError, match="start the streamrnn that wrote it") as caught:
        read_snapshot(path)
    assert caught.value.reason == "newer"


@pytest.mark.parametrize("expectation", [{"partition": "events-1"}, {"lineage": "ffff"}])
def test_what_belongs_to_another_is_foreign(file: Path, expectation: dict[str, str]) -> None:
    with pytest.raises(SnapshotError, match="is expected") as caught:
        read_snapshot(file, **expectation)
    assert caught.value.reason == "foreign"


def test_a_header_of_before_settings_were_kept_is_read(
    tmp_path: Path, make_header: MakeHeader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def older(header: Header) -> dict[str, Any]:
        return {name: value for name, value in asdict(header).items() if name != "settings"}

    monkeypatch.setattr(snapshot_format, "asdict", older)
    path = tmp_path / "old.safetensors"
    write_snapshot(path, make_header(settings={"seed": 1}), Frozen.of({}))
    assert read_snapshot(path)[0] == make_header()


def test_what_matches_is_not_foreign(file: Path) -> None:
    read_snapshot(file, partition="events-0", lineage="a1b2")


@pytest.mark.parametrize("array", [np.zeros(2, np.float16), np.zeros(2, ">f8"), np.array(["text"]), np.array([None])])
def test_other_types_are_refused_before_a_byte_is_written(
    tmp_path: Path, make_header: MakeHeader, array: np.ndarray
) -> None:
    with pytest.raises(ValueError, match="convert it to one of"):
        write_snapshot(tmp_path / "x.safetensors", make_header(), Frozen.of({"odd": array}))
    assert (tmp_path / "x.safetensors").stat().st_size == 0
