"""``inspect`` shows what a snapshot holds, or says why it cannot be trusted."""

import os
import re
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from streamrnn.cli.inspect import inspect
from streamrnn.cli.row import saved_look
from streamrnn.exits import ExitCode
from streamrnn.learned import Learned
from streamrnn.shard import Shard
from streamrnn.snapshots import Frozen, Header, read_snapshot, write_snapshot
from streamrnn.snapshots.header import CarriedOver, Origin
from tests.helpers import PARTITION, events, settings, walk
from tests.label_logs import decoded, label_settings, records

HEADER = Header(1, "events-0", 1234, 1200, "a1b2", "d1", 7, {"streamrnn": "0.1"}, False)
app = typer.Typer()
app.command()(inspect)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "state.safetensors"
    sums = np.array([[3.0, 4.0], [0.0, np.nan]])
    arrays = {"hidden": np.array([[3, 4], [0, 0]], np.float32), "sums": sums, "n": np.array(5)}
    write_snapshot(path, HEADER, Frozen.of(arrays))
    return path


@pytest.fixture
def learned(tmp_path: Path) -> Path:
    """A snapshot of a shard that saw streams a and b."""
    shard = Shard(settings(), PARTITION)
    shard.process(events([3.0, 4.0, 5.0], ["a", "b", "a"]))
    path = tmp_path / "learned.safetensors"
    write_snapshot(path, replace(HEADER, settings=settings().state_settings()), Frozen.of(shard.saved()))
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


def test_a_stream_shows_what_is_kept_of_it_in_words(learned: Path) -> None:
    shown = CliRunner().invoke(app, [str(learned), "--stream", "a"])
    assert shown.exit_code == 0
    lines = dict(line.split("  ", 1) for line in shown.output.partition("stream a\n")[2].splitlines())
    lines = {name: text.strip() for name, text in lines.items()}
    assert lines["last event time"] == "1970-01-01T00:00:02+00:00 (2.000 s)"
    assert lines["last offset"] == "2"
    assert lines["events seen"] == "2, the first after 0 records of the shard"
    assert lines["settled of value"] == "3, outcome 5, error 2; baseline 3, its error 2"
    assert lines["quality of value"].startswith("mean error 2, the baseline's 2, skill 0,")
    assert lines["feature value"] == "last value 5, running mean 4, running deviation 1, mean change 2, of 2 values"


def test_it_says_the_same_as_the_shard(tmp_path: Path) -> None:
    for name, chosen, log in [
        ("numbers", numbers := settings("events.features=x,y", "anomaly.enabled=true"), walk(300, 3, features=2)),
        ("labels", labels := label_settings("labels.mode=field"), decoded(labels, records(labels, 300))),
    ]:
        shard = Shard(chosen, PARTITION)
        shard.process(log)
        header = replace(HEADER, settings=chosen.state_settings(), settings_digest=chosen.state_digest())
        write_snapshot(tmp_path / name, header, Frozen.of(shard.saved()))
        read, arrays = read_snapshot(tmp_path / name)
        found = saved_look(read, arrays, "s1")
        assert found is not None and msgspec.json.encode(found) == msgspec.json.encode(shard.look("s1"))
        assert CliRunner().invoke(app, [str(tmp_path / name), "--stream", "s1"]).exit_code == 0
    assert numbers.target_names == ("x", "y")


def test_a_stream_without_a_value_says_so(tmp_path: Path) -> None:
    chosen = settings("events.features=x,y")
    shard = Shard(chosen, PARTITION)
    shard.process(events([[1.0, np.nan]]))
    write_snapshot(tmp_path / "s", replace(HEADER, settings=chosen.state_settings()), Frozen.of(shard.saved()))
    shown = CliRunner().invoke(app, [str(tmp_path / "s"), "--stream", "a"])
    assert re.search(r"^feature y +no value yet$", shown.output, re.MULTILINE)


def test_a_snapshot_of_before_settings_were_kept_cannot_tell(tmp_path: Path) -> None:
    shard = Shard(settings(), PARTITION)
    shard.process(events([1.0]))
    write_snapshot(tmp_path / "s", replace(HEADER, settings={}), Frozen.of(shard.saved()))
    shown = CliRunner().invoke(app, [str(tmp_path / "s"), "--stream", "a"])
    assert shown.exit_code == ExitCode.STATE and "did not keep its settings" in shown.output


def test_an_unknown_stream_is_said_to_be_unknown(learned: Path) -> None:
    shown = CliRunner().invoke(app, [str(learned), "--stream", "zz"])
    assert shown.exit_code == ExitCode.SETTINGS
    assert "no stream 'zz'" in shown.output


def test_of_a_folder_the_newest_snapshot_is_shown(tmp_path: Path) -> None:
    for written, position in ((1, 30), (3, 10), (2, 20)):
        path = tmp_path / "snapshots" / "events-0" / f"L-{position}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_snapshot(path, replace(HEADER, position=position), Frozen.of({"n": np.array(5)}))
        os.utime(path, (written, written))
    for folder in (tmp_path, tmp_path / "snapshots", tmp_path / "snapshots" / "events-0"):
        shown = CliRunner().invoke(app, [str(folder)])
        assert shown.exit_code == 0
        assert f"L-10.safetensors, the newest of 3 in {folder}\n" in shown.output
        assert re.search(r"position +10\n", shown.output)


def test_a_folder_without_snapshots_is_said_to_have_none(tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, [str(tmp_path)])
    assert shown.exit_code == ExitCode.SETTINGS
    assert "holds no snapshot" in shown.output and "snapshots.path" in shown.output


def test_where_its_state_comes_from_is_shown(tmp_path: Path) -> None:
    began = Origin("0f0f", "other-3", 12_000, 11_000)
    carried = CarriedOver(Origin("c3d4", "events-0", 1000, 990), ("model.k1 was 1 and is 2", "numpy 1 -> 2"), True)
    path = tmp_path / "state.safetensors"
    write_snapshot(path, replace(HEADER, started_from=began, carried_over=(carried,)), Frozen.of({}))
    shown = CliRunner().invoke(app, [str(path)]).output
    assert "started from    0f0f, 11,000 records of other-3 up to 12,000" in shown
    assert "carried over    all state of c3d4, 990 records of events-0 up to 1,000" in shown
    assert "1,000: model.k1 was 1 and is 2; numpy 1 -> 2" in shown


def test_an_exported_network_is_called_by_its_name(tmp_path: Path) -> None:
    chosen = settings()
    told = replace(HEADER, settings_digest=chosen.state_digest())
    Learned.of(told, Shard(chosen, PARTITION).saved(), chosen).write(tmp_path / "net.safetensors")
    shown = CliRunner().invoke(app, [str(tmp_path / "net.safetensors")])
    assert shown.exit_code == ExitCode.STATE and "is an exported network" in shown.output
