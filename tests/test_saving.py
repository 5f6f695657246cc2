"""When snapshots are taken beside their interval: before a hand-over that would cost a long replay, and at the end."""

from pathlib import Path

import pytest

from streamrnn.daemon import Daemon
from streamrnn.exits import ExitCode
from streamrnn.transport.script import Broker, ScriptLog, Token
from tests.test_daemon import daemon_settings, script


def positions(folder: Path, token: Token, quick: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Positions of the snapshots that are left of 300 records, with the token behind the 200th."""
    monkeypatch.setattr("streamrnn.daemon.QUICK_REPLAY", quick)
    log = script(400)
    chosen = daemon_settings(folder, "snapshots.every_records=1000000", "snapshots.keep=10")
    broker = Broker([*log[:200], token, *log[200:300], Token.EOF], 1)
    assert Daemon(chosen, transport=ScriptLog(broker, poll_records=50)).run() == ExitCode.OK
    return sorted(int(path.name.split("-")[1].split(".")[0]) for path in folder.rglob("*.safetensors"))


def test_a_partition_that_is_handed_over_leaves_a_snapshot_where_its_replay_would_be_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert positions(tmp_path / "long", Token.REBALANCE, 100, monkeypatch) == [0, 200, 300]
    assert positions(tmp_path / "short", Token.REBALANCE, 1000, monkeypatch) == [0, 300]


def test_a_partition_that_was_lost_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert positions(tmp_path, Token.LOST, 0, monkeypatch) == [0, 300]
