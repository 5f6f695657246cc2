"""``streamrnn export`` writes the network of a snapshot, or says why not."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from streamrnn.cli.app import app
from streamrnn.exits import ExitCode
from streamrnn.genesis import versions
from streamrnn.learned import Learned
from streamrnn.settings import load
from streamrnn.shard import Shard
from streamrnn.snapshots import Frozen, Header
from streamrnn.snapshots.store import DirectoryStore
from tests.helpers import PARTITION, walk

SMALL = ("model.hidden_size=4", "streams.max_live=100")


def export(*arguments: str, overrides: tuple[str, ...] = SMALL) -> Any:
    return CliRunner().invoke(app, ["export", *arguments, *(part for text in overrides for part in ("--set", text))])


def saved(*overrides: str, partition: str = "events-0", told: bool = True) -> Path:
    """A snapshot of a shard that learned a little."""
    chosen = load(None, [*SMALL, *overrides], {}).settings
    shard = Shard(chosen, PARTITION)
    shard.process(walk(100, 3))
    header = Header(
        1, partition, 100, 100, "a1b2", chosen.state_digest(), 0, versions(), False,
        settings=chosen.state_settings() if told else {},
    )  # fmt: skip
    store = DirectoryStore(chosen.snapshot_folder, 3)
    store.write(header, Frozen.of(shard.saved()), 0)
    return store.path_of(header)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_snapshot_is_exported_by_its_path_without_its_settings() -> None:
    path = saved("experts.networks=[{cell: lstm}]")
    result = export(str(path), "--output", "mine.safetensors", overrides=())
    assert result.exit_code == ExitCode.OK, result.output
    assert "network: gru, 4 hidden units, 4 inputs, 1 outputs" in result.output
    assert "network_lstm: lstm" in result.output
    assert Learned.read(Path("mine.safetensors")).header.origin.lineage == "a1b2"
    assert export(str(path), "--output", "mine.safetensors").exit_code == ExitCode.OK  # once more, in its place
    assert [each.name for each in Path().glob("*mine*")] == ["mine.safetensors"]


def test_of_several_partitions_one_must_be_named() -> None:
    saved()
    saved(partition="events-1")
    result = export()
    assert result.exit_code == ExitCode.SETTINGS
    assert "events-0, events-1: name one of them by --partition" in result.output
    assert export("--partition", "events-1").exit_code == ExitCode.OK
    assert Learned.read(Path("net.safetensors")).header.origin.partition == "events-1"


def test_what_cannot_be_exported_is_said() -> None:
    assert export().exit_code == ExitCode.SETTINGS
    bare = saved("model.kind=none")
    result = export(str(bare))
    assert result.exit_code == ExitCode.STATE and "there is no network" in result.output
    path = saved()
    path.write_bytes(path.read_bytes()[:-1])
    assert export(str(path)).exit_code == ExitCode.STATE
    result = export(str(saved()), "--output", "nowhere/net.safetensors")
    assert result.exit_code == ExitCode.STATE and "nowhere" in result.output


def test_a_snapshot_that_does_not_tell_its_settings_needs_them() -> None:
    path = saved("model.cell=lstm", told=False)
    result = export(str(path), overrides=())
    assert result.exit_code == ExitCode.STATE and "--config" in result.output
    assert export(str(path), overrides=(*SMALL, "model.cell=lstm")).exit_code == ExitCode.OK
