"""``inspect`` shows what a snapshot holds, or says why it cannot be trusted."""

from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from streamrnn.cli.inspect import inspect
from streamrnn.exits import ExitCode
from streamrnn.shard import Shard
from streamrnn.snapshots import Header, write_snapshot
from tests.helpers import PARTITION, events, settings

HEADER = Header(1, "events-0", 1234, 1200, "a1b2", "d1", 7, {"streamrnn": "0.1"}, False)
app = typer.Typer()
app.command()(inspect)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "state.safetensors"
    sums = np.array([[3.0, 4.0], [0.0, np.nan]])
    write_snapshot(path, HEADER, {"hidden": np.array([[3, 4], [0, 0]], np.float32), "sums": sums, "n": np.array(5)})
    return path


@pytest.fixture
def learned(tmp_path: Path) -> Path:
    """A snapshot of a shard that saw streams a and b."""
    shard = Shard(settings(), PARTITION)
    shard.process(events([3.0, 4.0, 5.0], ["a", "b", "a"]))
    path = tmp_path / "learned.safetensors"
    write_snapshot(path, HEADER, shard.saved())
    return path


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


def test_a_stream_shows_its_rows(learned: Path) -> None:
    shown = CliRunner().invoke(app, [str(learned), "--stream", "b"])
    assert shown.exit_code == 0
    assert "stream b: slot 1" in shown.output
    assert "tallies: [1 " in shown.output  # one event so far


def test_an_unknown_stream_is_said_to_be_unknown(learned: Path) -> None:
    shown = CliRunner().invoke(app, [str(learned), "--stream", "zz"])
    assert shown.exit_code == ExitCode.STATE
    assert "no stream 'zz'" in shown.output
