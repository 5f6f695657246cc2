"""``streamrnn inspect`` without a path: what is in the store that the settings name."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streamrnn.cli.app import app
from streamrnn.exits import ExitCode
from streamrnn.shard import Shard
from streamrnn.snapshots import DirectoryStore, Frozen
from tests.helpers import PARTITION, events, settings
from tests.snapshots.contract import header, save

Inspect = Callable[..., Result]


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path, keep=2)


@pytest.fixture
def inspect(tmp_path: Path) -> Inspect:
    def inspect(*options: str) -> Result:
        return CliRunner().invoke(app, ["inspect", "--set", f"snapshots.path={tmp_path}", *options])

    return inspect


def learned(store: DirectoryStore, partition: str, stream: str, position: int = 5) -> None:
    chosen = settings()
    shard = Shard(chosen, PARTITION)
    shard.process(events([3.0, 4.0], [stream, stream]))
    made_with = header(position, partition=partition, settings=chosen.state_settings())
    store.write(made_with, Frozen.of(shard.saved()), position)


def test_snapshots_are_listed_the_last_written_first(inspect: Inspect, store: DirectoryStore, tmp_path: Path) -> None:
    save(store, 0, genesis=True)
    save(store, 1234, records=1200)
    torn = save(store, 7, partition="events-1")
    file = store.path_of(header(7, partition="events-1"))
    file.write_bytes(file.read_bytes()[:-1])
    shown = inspect()
    assert shown.exit_code == 0
    lines = [line.split() for line in shown.output.splitlines() if line]
    assert shown.output.startswith(f"3 in folder {tmp_path}, the last written first\n")
    assert lines[1] == ["partition", "lineage", "position", "records", "bytes", "written"]
    assert [line[:4] for line in lines[2:]] == [
        [torn.partition, "a1b2", "7", "?"], ["events-0", "a1b2", "1,234", "1,200"], ["events-0", "a1b2", "0", "0"],
    ]  # fmt: skip
    assert [line[6:] for line in lines[2:]] == [["torn"], [], ["genesis"]]


def test_a_partition_can_be_chosen(inspect: Inspect, store: DirectoryStore) -> None:
    for number in (0, 1):
        save(store, 10 + number, partition=f"events-{number}")
    shown = inspect("--partition", "events-1")
    assert "events-1" in shown.output and "events-0" not in shown.output


def test_a_stream_is_looked_for_in_the_newest_of_each_partition(inspect: Inspect, store: DirectoryStore) -> None:
    learned(store, "events-0", "a", position=4)
    learned(store, "events-0", "b")
    learned(store, "events-1", "c")
    shown = inspect("--stream", "b")
    assert shown.exit_code == 0, shown.output
    assert "partition       events-0" in shown.output and "stream b\n" in shown.output
    for options in (["--stream", "a"], ["--stream", "c", "--partition", "events-0"]):
        shown = inspect(*options)
        assert shown.exit_code == ExitCode.SETTINGS
        assert "no stream" in shown.output


def test_nothing_there_is_said_with_the_setting(inspect: Inspect) -> None:
    shown = inspect("--partition", "events-3")
    assert shown.exit_code == ExitCode.SETTINGS
    assert "holds no snapshot of events-3: correct snapshots.path" in shown.output


def test_a_path_and_settings_are_not_taken_together(inspect: Inspect, tmp_path: Path) -> None:
    assert inspect(str(tmp_path)).exit_code == ExitCode.SETTINGS
    assert inspect("--partition", "events").exit_code == ExitCode.SETTINGS
