"""``inspect`` shows what a snapshot holds, or says why it cannot be trusted."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Self

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from streamrnn.cli.inspect import inspect
from streamrnn.exits import ExitCode
from streamrnn.snapshots import Header, write_snapshot

HEADER = Header(1, "events-0", 1234, 1200, "a1b2", "d1", 7, {"streamrnn": "0.1"}, False)
app = typer.Typer()
app.command()(inspect)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "state.safetensors"
    sums = np.array([[3.0, 4.0], [0.0, np.nan]])
    write_snapshot(path, HEADER, {"hidden": np.array([[3, 4], [0, 0]], np.float32), "sums": sums, "n": np.array(5)})
    return path


class TwoStreams:
    """A stand-in for the stream index: stream ``b`` lies in slot 1 of two."""

    capacity = 2

    @classmethod
    def from_state(cls, arrays: object) -> Self:
        return cls()

    def slot(self, key: str) -> int:
        return {"a": 0, "b": 1}[key]


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("streamrnn.streams.index")
    module.StreamIndex = TwoStreams  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "streamrnn.streams.index", module)


def test_it_shows_header_and_arrays(file: Path) -> None:
    shown = CliRunner().invoke(app, [str(file)])
    assert shown.exit_code == 0
    lines = {line.split()[0]: line.split()[1:] for line in shown.output.splitlines() if line}
    assert lines["position"] == ["1,234"]
    assert lines["hidden"] == ["float32", "2x2", "16", "5", "yes"]
    assert lines["sums"][-4:] == ["nan", "NO,", "1", "not"]
    assert lines["n"] == ["int64", "scalar", "8", "-", "-"]


def test_a_damaged_file_ends_with_the_reason(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])
    shown = CliRunner().invoke(app, [str(file)])
    assert shown.exit_code == ExitCode.STATE
    assert "state.safetensors ends after" in shown.output


@pytest.mark.usefixtures("index")
def test_a_stream_shows_its_rows(file: Path) -> None:
    shown = CliRunner().invoke(app, [str(file), "--stream", "a"])
    assert shown.exit_code == 0
    assert shown.output.endswith("stream a: slot 0\nhidden: [3. 4.]\nsums: [3. 4.]\n")


@pytest.mark.usefixtures("index")
def test_an_unknown_stream_is_said_to_be_unknown(file: Path) -> None:
    shown = CliRunner().invoke(app, [str(file), "--stream", "zz"])
    assert shown.exit_code == ExitCode.STATE
    assert "no stream 'zz'" in shown.output
