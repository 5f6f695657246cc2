"""The daemon on a scripted log: whatever crashes, what readers see and what was learned do not change."""

import random
from pathlib import Path

import pytest

from streamrnn.daemon import Daemon
from streamrnn.events.columns import Partition
from streamrnn.exits import ExitCode
from streamrnn.settings.schema import Settings
from streamrnn.transport.base import Committed, TransportError
from streamrnn.transport.script import Broker, ScriptCrash, ScriptLog, Token
from tests.helpers import settings


def daemon_settings(folder: Path, *overrides: str) -> Settings:
    return settings(
        f"snapshots.path={folder}", "snapshots.every_records=150", "transport.commit_interval=0.001",
        "streams.max_live=4", *overrides,
    )  # fmt: skip


def script(n: int, seed: int = 0) -> list[dict[str, object] | bytes]:
    source = random.Random(seed)
    log: list[dict[str, object] | bytes] = []
    for i in range(n):
        value = None if source.random() < 0.1 else round(source.gauss(0, 1), 3)
        log.append({"stream": f"s{source.randrange(6)}", "time": i, "value": value})
        if source.random() < 0.05:
            log.append(b'{"stream": "s1", "time": ')
    return log


def run_through(broker: Broker, chosen: Settings, polls: int) -> str:
    """Run the daemon again and again until the script ends; return the digest of what it learned."""
    while True:
        daemon = Daemon(chosen, transport=ScriptLog(broker, poll_records=polls))
        try:
            assert daemon.run() == ExitCode.OK
        except ScriptCrash:
            continue
        return "".join(shard.digest() for shard in daemon.shards().values())


def answers(broker: Broker) -> int:
    return sum(len(of) for kind in (broker.predictions, broker.dead_letters) for of in kind.values())


def outputs(broker: Broker) -> object:
    return broker.predictions, broker.dead_letters


def test_crashes_rebalances_and_stalls_change_neither_output_nor_state(tmp_path: Path) -> None:
    log = script(1500)
    calm = Broker([*log, Token.EOF], 1)
    expected = run_through(calm, daemon_settings(tmp_path / "calm"), polls=100)
    source = random.Random(3)
    wild_log: list[object] = list(log)
    for token in [Token.CRASH] * 6 + [Token.REBALANCE, Token.LOST] * 3 + [Token.STALL] * 3:
        wild_log.insert(source.randrange(len(wild_log)), token)
    wild = Broker([*wild_log, Token.EOF], 1)  # type: ignore[list-item]
    digest = run_through(wild, daemon_settings(tmp_path / "wild"), polls=37)
    assert outputs(wild) == outputs(calm)
    assert digest == expected


@pytest.mark.parametrize("kind", ["network", "none"])
def test_every_record_gives_one_prediction_or_one_dead_letter(tmp_path: Path, kind: str) -> None:
    log = script(300)
    broker = Broker([*log[:200], Token.CRASH, *log[200:], Token.EOF], 1)
    run_through(broker, daemon_settings(tmp_path, f"model.kind={kind}"), polls=50)
    predictions, letters = (sum(map(len, kind.values())) for kind in (broker.predictions, broker.dead_letters))
    assert predictions == sum(isinstance(item, dict) for item in log)
    assert letters == sum(isinstance(item, bytes) for item in log)


def test_other_settings_than_the_snapshots_stop_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker = Broker([*script(200), Token.EOF], 1)
    run_through(broker, daemon_settings(tmp_path), polls=50)
    again = Daemon(daemon_settings(tmp_path, "model.hidden_size=16"), transport=ScriptLog(broker))
    assert again.run() == ExitCode.STATE
    assert "other settings" in caplog.text


def test_lost_snapshots_stop_the_start_with_the_remedy(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broker = Broker([*script(200), Token.EOF], 1)
    run_through(broker, daemon_settings(tmp_path / "first"), polls=50)
    assert Daemon(daemon_settings(tmp_path / "second"), transport=ScriptLog(broker)).run() == ExitCode.STATE
    assert "snapshots.path" in caplog.text


def test_a_corrupt_snapshot_is_passed_over_for_the_older_one(tmp_path: Path) -> None:
    log = script(800)
    calm = Broker([*log, Token.EOF], 1)
    expected = run_through(calm, daemon_settings(tmp_path / "calm"), polls=50)
    broker = Broker([*log[:600], Token.CRASH, *log[600:], Token.EOF], 1)
    chosen = daemon_settings(tmp_path / "torn")
    with pytest.raises(ScriptCrash):
        Daemon(chosen, transport=ScriptLog(broker, poll_records=50)).run()
    newest = max((tmp_path / "torn").rglob("*.safetensors"))
    newest.write_bytes(newest.read_bytes()[:-10])
    assert run_through(broker, chosen, polls=50) == expected
    assert outputs(broker) == outputs(calm)


def test_a_new_lineage_goes_on_where_the_old_one_was_committed(tmp_path: Path) -> None:
    log = script(400)
    broker = Broker([*log[:200], Token.EOF, *log[200:], Token.EOF], 1)
    run_through(broker, daemon_settings(tmp_path), polls=50)
    assert answers(broker) == 200
    changed = daemon_settings(tmp_path, "model.hidden_size=16")
    assert Daemon(changed, transport=ScriptLog(broker)).run() == ExitCode.STATE
    daemon = Daemon(changed, transport=ScriptLog(broker), new_lineage=True)
    assert daemon.run() == ExitCode.OK
    assert answers(broker) == len(log)
    (shard,) = daemon.shards().values()
    assert shard.records == sum(isinstance(item, dict) for item in log[200:])
    assert Daemon(changed, transport=ScriptLog(broker)).run() == ExitCode.OK  # the word is needed once


def test_a_new_lineage_never_takes_snapshots_of_the_one_given_up(tmp_path: Path) -> None:
    log = script(300)
    first = Broker([*log, Token.EOF], 1)
    chosen = daemon_settings(tmp_path)
    run_through(first, chosen, polls=50)
    # The same log with its commits lost: same settings, same start, same identity.
    second = Broker([*log, Token.EOF], 1)
    assert Daemon(chosen, transport=ScriptLog(second)).run() == ExitCode.STATE
    daemon = Daemon(chosen, transport=ScriptLog(second), new_lineage=True)
    assert daemon.run() == ExitCode.OK
    assert len({path.name[:16] for path in tmp_path.rglob("*.safetensors")}) == 2


def test_more_streams_than_memory_allows_stop_the_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    greedy = daemon_settings(tmp_path, "streams.max_live=100000", "daemon.memory_limit=10MiB")
    assert Daemon(greedy, transport=ScriptLog(Broker([*script(10), Token.EOF], 1))).run() == ExitCode.SETTINGS
    assert "streams.max_live" in caplog.text


def test_a_lost_commit_after_a_given_up_lineage_still_stops_the_start(tmp_path: Path) -> None:
    log = script(300)
    chosen = daemon_settings(tmp_path)
    run_through(Broker([*log, Token.EOF], 1), chosen, polls=50)
    again = Broker([*log, Token.EOF], 1)

    class DiesAtGenesis(ScriptLog):
        def commit(self, positions: dict[Partition, Committed]) -> None:
            raise TransportError("the process dies before its first commit")

    assert Daemon(chosen, transport=DiesAtGenesis(again), new_lineage=True).run() == ExitCode.TRANSPORT
    assert Daemon(chosen, transport=ScriptLog(again)).run() == ExitCode.STATE
    assert Daemon(chosen, transport=ScriptLog(again), new_lineage=True).run() == ExitCode.OK


def test_a_damaged_genesis_does_not_bar_a_new_lineage(tmp_path: Path) -> None:
    log = script(300)
    chosen = daemon_settings(tmp_path)
    broker = Broker([*log, Token.EOF, Token.EOF], 1)
    run_through(broker, chosen, polls=50)
    for path in tmp_path.rglob("*.safetensors"):
        path.write_bytes(path.read_bytes()[:-10])
    assert Daemon(chosen, transport=ScriptLog(broker)).run() == ExitCode.STATE
    assert Daemon(chosen, transport=ScriptLog(broker), new_lineage=True).run() == ExitCode.OK


def test_every_partition_gets_its_snapshots(tmp_path: Path) -> None:
    chosen = daemon_settings(tmp_path, "snapshots.every_records=10", "snapshots.keep=1000")
    broker = Broker([*script(2000), Token.EOF], 4)
    run_through(broker, chosen, polls=20)
    counts = [len(list(folder.glob("*.safetensors"))) for folder in sorted(tmp_path.iterdir())]
    busy = [count for count in counts if count > 1]  # the others have their genesis, and no events
    assert len(counts) == 4 and len(busy) > 2 and min(busy) >= 3


def test_much_output_is_committed_before_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamrnn.daemon.OUTPUT_BYTES", 20_000)
    commits = list[int]()

    class Counting(ScriptLog):
        def commit(self, positions: dict[Partition, Committed]) -> None:
            commits.append(max(committed.position for committed in positions.values()))
            super().commit(positions)

    patient = daemon_settings(tmp_path, "transport.commit_interval=60")
    log = Counting(Broker([*script(1000), Token.EOF], 1), poll_records=50)
    assert Daemon(patient, transport=log).run() == ExitCode.OK
    assert len(commits) > 5
