"""How partitions come and go: kept over a rebalance, restored after a loss, begun once, skipped by a word."""

from pathlib import Path

import msgspec
import pytest

from streamrnn import recovery
from streamrnn.daemon import Daemon
from streamrnn.events.columns import Partition, Records
from streamrnn.exits import ExitCode
from streamrnn.observe.sensor import Sensor
from streamrnn.partitions import NoPartitionError, listed
from streamrnn.snapshots.store import DirectoryStore
from streamrnn.transport.base import Committed, LogError
from streamrnn.transport.script import Broker, ScriptCrash, ScriptLog, Token
from tests.test_daemon import answers, daemon_settings, outputs, run_through, script

HERE = Partition("events", 0)


class Counting(Sensor):
    """How often state was read, and how many events were replayed for it."""

    def __init__(self) -> None:
        self.restored = self.replayed = 0
        self.left = list[int]()

    def on_restore(self, partition: Partition, seconds: float) -> None:
        self.restored += 1

    def on_replay(self, partition: Partition, events: int, left: int) -> None:
        self.replayed += events
        self.left.append(left)


def run_counted(folder: Path, tokens: list[Token], *overrides: str) -> Counting:
    log = script(400)
    broker = Broker([*log[:130], *tokens, *log[130:], Token.EOF], 1)
    counting = Counting()
    daemon = Daemon(daemon_settings(folder, *overrides), [counting], transport=ScriptLog(broker, poll_records=20))
    assert daemon.run() == ExitCode.OK
    assert answers(broker) == len(log)
    return counting


def test_a_partition_that_comes_back_goes_on_without_being_restored(tmp_path: Path) -> None:
    counting = run_counted(tmp_path, [Token.REBALANCE])
    assert counting.restored == counting.replayed == 0


def test_a_partition_that_was_lost_with_answers_in_hand_is_restored(tmp_path: Path) -> None:
    counting = run_counted(tmp_path, [Token.LOST], "transport.commit_interval=60")
    assert counting.restored == 1


def test_a_partition_that_was_lost_and_stood_at_its_commit_goes_on(tmp_path: Path) -> None:
    counting = run_counted(tmp_path, [Token.STALL, Token.STALL, Token.LOST], "transport.commit_interval=0.000001")
    assert counting.restored == counting.replayed == 0


def test_a_kept_shard_catches_up_with_what_another_member_answered_meanwhile(tmp_path: Path) -> None:
    log = script(400)
    calm = Broker([*log, Token.EOF], 1)
    expected = run_through(calm, daemon_settings(tmp_path / "calm"), polls=50)
    chosen = daemon_settings(tmp_path / "moved")
    broker = Broker([*log[:100], Token.REBALANCE, *log[100:200], Token.EOF, *log[200:], Token.EOF], 1)

    class Moves(ScriptLog):
        """At the rebalance another member takes the partition, answers a hundred records, and leaves."""

        moved = False

        def changes(self):
            changes = super().changes()
            if changes.revoked and not self.moved:
                self.moved = True
                self._commit_elsewhere = True
            return changes

        def committed(self, partition: Partition) -> Committed | None:
            if getattr(self, "_commit_elsewhere", False):
                self._commit_elsewhere = False
                assert Daemon(chosen, transport=ScriptLog(broker, poll_records=50)).run() == ExitCode.OK
            return super().committed(partition)

    counting = Counting()
    daemon = Daemon(chosen, [counting], transport=Moves(broker, poll_records=50))
    assert daemon.run() == ExitCode.OK
    assert counting.restored == 0 and counting.replayed == 100
    (shard,) = daemon.shards().values()
    assert outputs(broker) == outputs(calm) and shard.digest() == expected


def test_a_crash_between_the_first_commit_and_its_genesis_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = script(100)
    broker = Broker([*log, Token.EOF], 1)

    def dies(*_: object) -> None:
        raise ScriptCrash

    with monkeypatch.context() as patch:
        patch.setattr(recovery.Opened, "save", dies)
        with pytest.raises(ScriptCrash):
            Daemon(daemon_settings(tmp_path), transport=ScriptLog(broker)).run()
    assert broker.committed and not list(tmp_path.rglob("*.safetensors"))
    assert Daemon(daemon_settings(tmp_path), transport=ScriptLog(broker)).run() == ExitCode.OK
    assert answers(broker) == len(log)


def test_a_commit_without_snapshots_of_a_lineage_that_went_on_stops_the_start(tmp_path: Path) -> None:
    broker = Broker([*script(100), Token.EOF, Token.EOF], 1)
    run_through(broker, daemon_settings(tmp_path / "first"), polls=50)
    assert Daemon(daemon_settings(tmp_path / "second"), transport=ScriptLog(broker)).run() == ExitCode.STATE


def test_a_genesis_without_a_commit_stops_the_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broker = Broker([*script(20), Token.CRASH, Token.EOF], 1)
    chosen = daemon_settings(tmp_path, "snapshots.every_records=1000000")
    with pytest.raises(ScriptCrash):
        Daemon(chosen, transport=ScriptLog(broker)).run()
    assert all(name.name.endswith("-genesis.safetensors") for name in tmp_path.rglob("*.safetensors"))
    broker.committed.clear()  # as an expired group offset would
    assert Daemon(chosen, transport=ScriptLog(broker)).run() == ExitCode.STATE
    assert "expired" in caplog.text and "--new-lineage" in caplog.text


def test_a_log_made_anew_under_the_same_name_stops_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker = Broker([*script(100), Token.EOF, Token.EOF], 1)
    run_through(broker, daemon_settings(tmp_path), polls=50)
    broker.identity = "another/8"
    assert Daemon(daemon_settings(tmp_path), transport=ScriptLog(broker)).run() == ExitCode.STATE
    assert "then script, now another/8" in caplog.text


@pytest.mark.parametrize("crash", [[], [Token.CRASH]])
def test_a_skip_leaves_records_out_keeps_what_was_learned_and_names_a_new_lineage(
    tmp_path: Path, crash: list[Token]
) -> None:
    log = script(400)
    chosen = daemon_settings(tmp_path)
    broker = Broker([*log[:200], *(crash or [Token.EOF]), *log[200:], Token.EOF], 1)
    first = Daemon(chosen, transport=ScriptLog(broker, poll_records=50))
    if crash:
        with pytest.raises(ScriptCrash):
            first.run()
    else:
        assert first.run() == ExitCode.OK
    answered, before = answers(broker), broker.committed[HERE]
    while broker.take_event():
        pass
    daemon = Daemon(chosen, transport=ScriptLog(broker, poll_records=50), skip_to={HERE: 250})
    assert daemon.run() == ExitCode.OK
    assert answers(broker) == answered + len(log) - 250
    assert broker.committed[HERE].lineage != before.lineage
    lineage = broker.committed[HERE].lineage
    found = DirectoryStore(tmp_path, 3).load_newest(HERE, lineage, 10_000, lambda *_: None)
    assert found is not None and found[0].skipped == ((before.position, 250),)
    answer = msgspec.json.decode(broker.predictions[HERE][-1][1])
    assert answer["lineage"] == lineage
    accepted = sum(isinstance(item, dict) for item in [*log[: before.position], *log[250:]])
    assert found[0].records == accepted
    # Given once more, the word has nothing to do; without it, the new lineage goes on by itself.
    for skip_to in ({HERE: 250}, {}):
        assert Daemon(chosen, transport=ScriptLog(broker), skip_to=skip_to).run() == ExitCode.OK
    assert broker.committed[HERE].lineage == lineage


def lived(folder: Path, n: int = 200) -> Broker:
    """A log of 400 records, of which so many were answered."""
    log = script(400)[:400]
    broker = Broker([*log[:n], Token.EOF, *log[n:], Token.EOF], 1)
    run_through(broker, daemon_settings(folder), polls=50)
    return broker


@pytest.mark.parametrize("identity", ["script", "another"])
def test_a_new_lineage_begins_where_the_log_starts_if_that_lies_behind_the_commit(
    tmp_path: Path, identity: str
) -> None:
    broker = lived(tmp_path)
    while broker.take_event():
        pass
    answered = answers(broker)
    broker.log_start, broker.identity = 230, identity
    for snapshot in tmp_path.rglob("*.safetensors"):
        if identity == "script" and "genesis" not in snapshot.name:
            snapshot.unlink()
    chosen = daemon_settings(tmp_path)
    assert Daemon(chosen, transport=ScriptLog(broker)).run() == ExitCode.STATE
    assert Daemon(chosen, transport=ScriptLog(broker), new_lineage=True).run() == ExitCode.OK
    assert answers(broker) == answered + 170
    assert Daemon(chosen, transport=ScriptLog(broker)).run() == ExitCode.OK


def test_what_retention_took_unanswered_is_left_out_by_a_word_and_the_model_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker = lived(tmp_path)
    while broker.take_event():
        pass
    broker.log_start = 230
    chosen = daemon_settings(tmp_path)
    assert Daemon(chosen, transport=ScriptLog(broker)).run() == ExitCode.STATE
    assert "--skip-to events-0:230" in caplog.text
    daemon = Daemon(chosen, transport=ScriptLog(broker), skip_to={HERE: 230})
    assert daemon.run() == ExitCode.OK
    accepted = sum(isinstance(item, dict) for item in [*script(400)[:200], *script(400)[230:400]])
    assert daemon.shards()[HERE].records == accepted


def test_a_log_that_lost_its_end_stops_the_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broker = lived(tmp_path)
    del broker.log[HERE][150:]
    chosen = daemon_settings(tmp_path)
    assert Daemon(chosen, transport=ScriptLog(broker)).run() == ExitCode.STATE
    assert "its log ends at 150" in caplog.text
    assert Daemon(chosen, transport=ScriptLog(broker), new_lineage=True).run() == ExitCode.OK


def test_a_skip_behind_the_end_of_the_log_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broker = lived(tmp_path)
    chosen, before = daemon_settings(tmp_path), dict(broker.committed)
    assert Daemon(chosen, transport=ScriptLog(broker), skip_to={HERE: 5000}).run() == ExitCode.STATE
    assert "behind the log's end, 200" in caplog.text and broker.committed == before
    assert Daemon(chosen, transport=ScriptLog(broker)).run() == ExitCode.OK


def test_what_cannot_be_read_within_the_replay_calls_for_a_new_lineage(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker = lived(tmp_path)
    for snapshot in tmp_path.rglob("*.safetensors"):
        if "genesis" not in snapshot.name:
            snapshot.unlink()

    class Damaged(ScriptLog):
        def poll(self, timeout: float) -> list[Records]:
            if self._positions[HERE] == 100:
                raise LogError("events-0 cannot be read from offset 100 on", HERE)
            return super().poll(timeout)

    chosen = daemon_settings(tmp_path)
    for skip_to in ({}, {HERE: 110}):
        log = Damaged(broker, poll_records=50)
        assert Daemon(chosen, transport=log, skip_to=skip_to).run() == ExitCode.STATE
        assert "must be replayed" in caplog.text and "--new-lineage" in caplog.text
    answered = answers(broker)
    assert Daemon(chosen, transport=Damaged(broker, poll_records=50), new_lineage=True).run() == ExitCode.STATE
    assert "start again, without --new-lineage" in caplog.text
    assert Daemon(chosen, transport=Damaged(broker, poll_records=50)).run() == ExitCode.OK
    assert answers(broker) == answered + 200


def test_refused_records_alone_are_saved_too(tmp_path: Path) -> None:
    broker = Broker([*([b"no json"] * 500), Token.EOF], 1)
    run_through(broker, daemon_settings(tmp_path), polls=50)
    assert any(path.name.split("-")[1].startswith("0" * 17 + "500") for path in tmp_path.rglob("*.safetensors"))


def test_a_skip_in_a_partition_that_is_not_there_is_refused_at_the_start(tmp_path: Path) -> None:
    log = ScriptLog(Broker(script(10), 3))
    with pytest.raises(NoPartitionError, match=r"--skip-to event-0: .* it has events-0 to events-2$"):
        Daemon(daemon_settings(tmp_path), transport=log, skip_to={Partition("event", 0): 5})


def test_partitions_are_listed_in_few_words() -> None:
    numbers = {"a": (2, 0, 1), "b": (5,)}
    partitions = [Partition(topic, number) for topic, of in numbers.items() for number in of]
    assert listed(partitions) == "a-0 to a-2, b-5"
    assert listed([]) == "none"


def test_what_changes_hands_is_told_in_one_line_each(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "streamrnn.partitions")
    broker = Broker([*script(20), Token.REBALANCE, *script(20), Token.LOST, Token.EOF], 3)
    run_through(broker, daemon_settings(tmp_path), polls=50)
    told = [(each.message.split()[1].strip(":"), vars(each)["partitions"]) for each in caplog.records]
    every = "events-0 to events-2"
    assert told == [(word, every) for word in ("assigned", "revoked", "assigned", "lost", "assigned")]
