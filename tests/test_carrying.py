"""Settings and builds that change along a model's life: where that took effect is part of the state, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from streamrnn import recovery
from streamrnn.carrying import Differences, carry_over, differences_from
from streamrnn.daemon import Daemon
from streamrnn.events.columns import Partition
from streamrnn.events.decode import Decoder
from streamrnn.exits import ExitCode
from streamrnn.rows import ABSENT
from streamrnn.rows.weights import axes_of, named
from streamrnn.settings.schema import Settings
from streamrnn.shard import Shard
from streamrnn.snapshots import Frozen, Header
from streamrnn.snapshots.store import DirectoryStore
from streamrnn.transport.base import Committed
from streamrnn.transport.script import Broker, ScriptCrash, ScriptLog, Token
from tests.label_logs import decoded, records
from tests.test_daemon import answers, daemon_settings, outputs, script

HERE = Partition("events", 0)
FASTER = "model.learning_rate=0.02"


def lived(folder: Path, *overrides: str, n: int = 300, end: Token = Token.EOF) -> tuple[Broker, list[Any]]:
    """A log of which so many records were answered, by a daemon that was then stopped, or killed."""
    log = script(600)
    broker = Broker([*log[:n], end, *log[n:], Token.EOF], 1)
    daemon = Daemon(daemon_settings(folder, *overrides), transport=ScriptLog(broker, poll_records=50))
    if end is Token.CRASH:
        with pytest.raises(ScriptCrash):
            daemon.run()
    else:
        assert daemon.run() == ExitCode.OK
    return broker, log


def pause(broker: Broker) -> None:
    """Let the log end for now, where the script stands."""
    broker.script = [*broker.script[: broker.next], Token.EOF, *broker.script[broker.next :]]


def go_on(broker: Broker, chosen: Settings, **words: bool) -> Shard:
    daemon = Daemon(chosen, transport=ScriptLog(broker, poll_records=50), **words)
    assert daemon.run() == ExitCode.OK
    return daemon.shards()[HERE]


def newest(folder: Path, broker: Broker) -> tuple[Header, dict[str, np.ndarray]]:
    committed = broker.committed[HERE]
    found = DirectoryStore(folder, 3).load_newest(HERE, committed.lineage, committed.position, lambda *_: None)
    assert found is not None
    return found


def test_a_changed_learning_rate_goes_on_with_all_state_from_where_it_took_effect(tmp_path: Path) -> None:
    broker, log = lived(tmp_path)
    before = newest(tmp_path, broker)
    shard = go_on(broker, daemon_settings(tmp_path, FASTER), carry_over=True)
    assert answers(broker) == len(log)
    header, _ = newest(tmp_path, broker)
    (carried,) = header.carried_over
    assert carried.origin.position == before[0].position == 300 and carried.origin.lineage == before[0].lineage
    assert carried.whole and carried.changed == ("model.learning_rate was 0.002 and is 0.02",)
    assert header.lineage != before[0].lineage and header.records == sum(isinstance(each, dict) for each in log)
    # The same as a shard that takes over the arrays and goes on.
    twin = Shard(daemon_settings(tmp_path, FASTER), HERE, weights=before[1]["network_weights"])
    twin.load(before[1])
    reader = ScriptLog(Broker(log))
    reader.changes()
    _, rest = reader.poll(0)[0].split(300)
    twin.process(Decoder.from_settings(daemon_settings(tmp_path, FASTER), True).decode(rest))
    assert twin.digest() == shard.digest()
    # The word is needed once.
    assert Daemon(daemon_settings(tmp_path, FASTER), transport=ScriptLog(broker)).run() == ExitCode.OK


class DiesAt(ScriptLog):
    """Dies at the commit of a lineage that goes on from another, before or after it."""

    after = False

    def commit(self, positions: dict[Partition, Committed]) -> None:
        begins = any(self.broker.committed[each].lineage != new.lineage for each, new in positions.items())
        if begins and not self.after:
            raise ScriptCrash
        super().commit(positions)
        if begins:
            raise ScriptCrash


class DiesAfter(DiesAt):
    after = True


def dies_at_saving(broker: Broker, chosen: Settings, patch: pytest.MonkeyPatch, written: bool) -> None:
    save = recovery.Opened.save

    def dies(opened: recovery.Opened, store: DirectoryStore) -> None:
        if written:
            save(opened, store)
        raise ScriptCrash

    daemon = Daemon(chosen, transport=ScriptLog(broker), carry_over=True)
    with patch.context() as only:
        only.setattr(recovery.Opened, "save", dies)
        with pytest.raises(ScriptCrash):
            daemon.run()


def dies_at_commit(broker: Broker, chosen: Settings, patch: pytest.MonkeyPatch, written: bool) -> None:
    with pytest.raises(ScriptCrash):
        Daemon(chosen, transport=(DiesAfter if written else DiesAt)(broker), carry_over=True).run()


@pytest.mark.parametrize("change", [[FASTER], ["events.features=[value, other]", "events.targets=[value]"]])
@pytest.mark.parametrize("dies", [dies_at_saving, dies_at_commit])
@pytest.mark.parametrize("written", [False, True])
def test_a_kill_at_any_step_of_the_change_or_after_it_changes_not_one_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: list[str], dies: Callable[..., None], written: bool
) -> None:
    calm, log = lived(tmp_path / "calm")
    expected = go_on(calm, daemon_settings(tmp_path / "calm", *change), carry_over=True).digest()
    killed, _ = lived(tmp_path / "killed")
    chosen = daemon_settings(tmp_path / "killed", *change)
    killed.script = [*killed.script[:400], Token.CRASH, *killed.script[400:]]
    dies(killed, chosen, monkeypatch, written)
    with pytest.raises(ScriptCrash):
        Daemon(chosen, transport=ScriptLog(killed, poll_records=7), carry_over=True).run()
    assert go_on(killed, chosen).digest() == expected
    assert outputs(killed) == outputs(calm) and answers(killed) == len(log)
    assert killed.committed == calm.committed


def test_a_start_that_died_before_the_commit_leaves_the_old_settings_free_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm, _ = lived(tmp_path / "calm")
    expected = go_on(calm, daemon_settings(tmp_path / "calm")).digest()
    broker, _ = lived(tmp_path / "killed")
    dies_at_saving(broker, daemon_settings(tmp_path / "killed", FASTER), monkeypatch, written=True)
    assert go_on(broker, daemon_settings(tmp_path / "killed")).digest() == expected
    assert outputs(broker) == outputs(calm)


def test_what_was_killed_rather_than_stopped_is_refused_with_the_way_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker, log = lived(tmp_path, "snapshots.every_records=100000", end=Token.CRASH)
    chosen, old = daemon_settings(tmp_path, FASTER), daemon_settings(tmp_path)
    assert Daemon(chosen, transport=ScriptLog(broker), carry_over=True).run() == ExitCode.STATE
    assert "end it with SIGTERM" in caplog.text
    pause(broker)
    assert Daemon(old, transport=ScriptLog(broker)).run() == ExitCode.OK
    go_on(broker, chosen, carry_over=True)
    assert answers(broker) == len(log)


def test_without_the_word_a_change_stops_the_start_and_names_the_ways(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker, _ = lived(tmp_path)
    assert Daemon(daemon_settings(tmp_path, FASTER), transport=ScriptLog(broker)).run() == ExitCode.STATE
    assert "learning_rate was 0.002 and is 0.02" in caplog.text
    assert "--carry-over" in caplog.text and "--new-lineage" in caplog.text


def test_a_revision_that_rises_carries_over_and_one_that_does_not_stops(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = script(600)
    broker = Broker([*log[:100], Token.EOF, *log[100:200], Token.EOF, *log[200:300], Token.EOF, *log[300:], Token.EOF])

    def chosen(revision: int, *overrides: str) -> Settings:
        return daemon_settings(tmp_path, f"snapshots.revision={revision}", *overrides)

    go_on(broker, chosen(4))
    go_on(broker, chosen(5, FASTER))
    for behind in (4, 5):  # another member, not restarted yet, or with other settings under the same number
        assert Daemon(chosen(behind), transport=ScriptLog(broker)).run() == ExitCode.STATE
    assert "if another member has newer settings" in caplog.text
    go_on(broker, chosen(5, FASTER))
    assert newest(tmp_path, broker)[0].revision == 5
    go_on(broker, chosen(6))  # a roll-back is a new revision
    header = newest(tmp_path, broker)[0]
    assert (header.revision, [each.origin.position for each in header.carried_over]) == (6, [100, 300])
    assert answers(broker) == len(log)


def test_another_build_goes_on_with_all_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calm, _ = lived(tmp_path / "calm")
    expected = go_on(calm, daemon_settings(tmp_path / "calm")).digest()
    broker, _ = lived(tmp_path / "other")
    monkeypatch.setattr(recovery, "versions", lambda: {"streamrnn": "9"})
    assert Daemon(daemon_settings(tmp_path / "other"), transport=ScriptLog(broker)).run() == ExitCode.STATE
    assert go_on(broker, daemon_settings(tmp_path / "other"), carry_over=True).digest() == expected
    (carried,) = newest(tmp_path / "other", broker)[0].carried_over
    assert carried.whole and any(each.startswith("streamrnn ") and each.endswith("-> 9") for each in carried.changed)


def rewritten(folder: Path, broker: Broker, change: Callable[[dict[str, np.ndarray]], object]) -> None:
    """The newest snapshot as another version would have left it."""
    header, arrays = newest(folder, broker)
    change(arrays)
    store = DirectoryStore(folder, 3)
    store.path_of(header).unlink()
    store.write(header, Frozen.of(arrays), 0)


def test_arrays_of_a_loop_that_is_new_begin_cleared_and_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broker, log = lived(tmp_path)
    new = ("drift", "ledger", "ledger_places", "window")
    rewritten(tmp_path, broker, lambda arrays: [arrays.pop(name) for name in new])
    rewritten(tmp_path, broker, lambda arrays: arrays.update(gone=np.arange(3)))
    monkeypatch.setattr(recovery, "versions", lambda: {"streamrnn": "9"})
    caplog.set_level("WARNING", "streamrnn.partitions")
    pause(broker)
    go_on(broker, daemon_settings(tmp_path), carry_over=True)
    (told,) = [vars(each)["told"] for each in caplog.records if each.message == "carried over"]
    assert told == "all state goes on; these begin anew: drift, ledger, ledger_places, window; these are left out: gone"
    cleared = newest(tmp_path, broker)[1]
    assert (cleared["ledger"] == [ABSENT, ABSENT, ABSENT, ABSENT, 0, 0, 0]).all() and len(cleared["ledger"])
    assert not any(cleared[name].any() for name in ("drift", "ledger_places", "window"))
    go_on(broker, daemon_settings(tmp_path))
    assert answers(broker) == len(log)


def test_an_array_of_another_shape_leaves_the_networks_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broker, _ = lived(tmp_path)
    rewritten(tmp_path, broker, lambda arrays: arrays.update(mixture=arrays["mixture"][:, :-1].copy()))
    monkeypatch.setattr(recovery, "versions", lambda: {"streamrnn": "9"})
    weights = newest(tmp_path, broker)[1]["network_weights"]
    pause(broker)
    shard = go_on(broker, daemon_settings(tmp_path), carry_over=True)
    header, arrays = newest(tmp_path, broker)
    assert not header.carried_over[-1].whole and shard.records == header.records == 0
    np.testing.assert_array_equal(arrays["network_weights"], weights)


@pytest.mark.parametrize(
    ("overrides", "anew"),
    [
        (["anomaly.memory=60"], "anomaly_accounts"),
        (["scoring.window=400"], "window"),
        (["anomaly.enabled=false"], None),
        (["seed=7", "model.clip_norm=2", "drift.shard=learning_rate", "streams.expire_after=1000"], None),
        (["model.engine=torch"], None),
    ],
)
def test_what_means_the_same_goes_on_and_what_does_not_begins_anew(
    tmp_path: Path, overrides: list[str], anew: str | None
) -> None:
    broker, log = lived(tmp_path)
    before = newest(tmp_path, broker)[1]
    pause(broker)
    go_on(broker, daemon_settings(tmp_path, *overrides), carry_over=True)
    header, arrays = newest(tmp_path, broker)
    assert header.carried_over[-1].whole
    for name in arrays.keys() & before.keys():
        if anew is None or not name.startswith(anew.partition("_")[0]):
            np.testing.assert_array_equal(arrays[name], before[name], err_msg=name)
    if anew is not None:
        assert not arrays[anew].any() and before[anew].any()
    go_on(broker, daemon_settings(tmp_path, *overrides))
    assert answers(broker) == len(log)


@pytest.mark.parametrize("room", [2, 3, 50])
def test_room_for_other_numbers_of_streams_keeps_those_seen_last(tmp_path: Path, room: int) -> None:
    broker, log = lived(tmp_path)
    before = newest(tmp_path, broker)[1]
    pause(broker)
    chosen = daemon_settings(tmp_path, f"streams.max_live={room}")
    chosen = chosen.model_copy(update={"streams": chosen.streams.model_copy(update={"max_live": room})})
    go_on(broker, chosen, carry_over=True)
    arrays = newest(tmp_path, broker)[1]
    kept = min(room, 4)
    names = [Shard(chosen, HERE)._index for _ in range(2)]
    for index, held in zip(names, (before, arrays), strict=True):
        index.load(held)
    was, is_ = ([*index._slots.items()] for index in names)
    assert [name for name, _ in is_] == [name for name, _ in was[-kept:]]
    for (_, there), (_, here) in zip(was[-kept:], is_, strict=True):
        for name in Shard(chosen, HERE).slab_names:
            np.testing.assert_array_equal(arrays[name][here], before[name][there], err_msg=name)
    assert go_on(broker, chosen).records == sum(isinstance(each, dict) for each in log)
    assert answers(broker) == len(log)


@pytest.mark.parametrize(
    ("change", "waiting"), [("model.lookahead=2", 3 + 1 + 2), ("streams.max_live=2", 3)]
)
def test_answers_that_wait_where_their_streams_do_not_go_on_are_told(
    tmp_path: Path, change: str, waiting: int
) -> None:
    ahead = ["labels.mode=field", "labels.classes=[up,down]", "model.lookahead=3"]
    chosen = daemon_settings(tmp_path, *ahead)
    shard = Shard(chosen, HERE)
    log: list[dict[str, object]] = [
        {"stream": stream, "time": i, "value": i, "label": "up"} for i, stream in enumerate("aaaaabcc")
    ]
    shard.process(decoded(chosen, log))
    header = Header(1, "events-0", 8, 8, "a1b2", chosen.state_digest(), 0, {}, False, settings=chosen.state_settings())
    after = daemon_settings(tmp_path, *ahead, change)
    differ = differences_from(header, after, {})
    told = carry_over(after, HERE, header, shard.saved(), differ, {}).told
    assert f"; {waiting} answers that wait for later events are never given" in told
    whole = carry_over(chosen, HERE, header, shard.saved(), Differences({}, ("numpy 1 -> 2",)), {})
    assert whole.told == "all state goes on"


def weights_of(chosen: Settings, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return named(arrays["network_weights"], axes_of(chosen))


def test_an_added_feature_keeps_the_others_weights_wherever_they_stand_now(tmp_path: Path) -> None:
    two = ["events.features=[value, second]"]
    broker, _ = lived(tmp_path, *two)
    old, before = daemon_settings(tmp_path, *two), newest(tmp_path, broker)[1]
    pause(broker)
    chosen = daemon_settings(tmp_path, "events.features=[second, third, value]", "events.targets=[second, value]")
    shard = go_on(broker, chosen, carry_over=True)
    assert shard.records == 0 and answers(broker) == 300
    header, arrays = newest(tmp_path, broker)
    assert not header.carried_over[-1].whole
    was, is_ = weights_of(old, before), weights_of(chosen, arrays)
    # Three inputs a feature, then the ridge's errors of both targets, which have changed places.
    np.testing.assert_array_equal(is_["stack.cells.0.w"][[6, 7, 8, 0, 1, 2, 10, 9]], was["stack.cells.0.w"])
    assert (is_["stack.cells.0.w"][3:6] != 0).all()
    np.testing.assert_array_equal(is_["v"][[1, 0]], was["v"])
    np.testing.assert_array_equal(is_["stack.cells.0.u"], was["stack.cells.0.u"])


def test_another_size_leaves_what_it_concerns_as_it_was_drawn(tmp_path: Path) -> None:
    broker, _ = lived(tmp_path)
    pause(broker)
    chosen = daemon_settings(tmp_path, "model.hidden_size=16")
    go_on(broker, chosen, carry_over=True)
    drawn = Shard(chosen, HERE).saved()["network_weights"]
    np.testing.assert_array_equal(newest(tmp_path, broker)[1]["network_weights"], drawn)


def test_a_partition_that_is_refused_leaves_the_others_saved_at_their_commits(tmp_path: Path) -> None:
    """A member with older settings gets a partition that a newer one had: what it holds itself must be fit to carry."""
    log = script(900)
    broker = Broker([*log[:300], Token.EOF, *log[300:600], Token.REBALANCE, Token.EOF, *log[600:], Token.EOF], 2)
    old = daemon_settings(tmp_path, "snapshots.revision=1", "snapshots.every_records=100000")
    new = daemon_settings(tmp_path, "snapshots.revision=2", "snapshots.every_records=100000", FASTER)
    first, second = Partition("events", 0), Partition("events", 1)
    assert Daemon(old, transport=ScriptLog(broker, poll_records=50)).run() == ExitCode.OK

    class Newer(ScriptLog):
        """At the rebalance a newer member has the second partition for a moment, and carries it over."""

        def changes(self) -> Any:
            changes = super().changes()
            if changes.revoked:
                self.moves = True
            return changes

        def committed(self, partition: Partition) -> Committed | None:
            if getattr(self, "moves", False) and partition == first:
                self.moves = False
                Daemon(new, transport=ScriptLog(self.broker))._partitions._open(first, None)
            return super().committed(partition)

    daemon = Daemon(old, transport=Newer(broker, poll_records=50))
    assert daemon.run() == ExitCode.STATE
    committed = broker.committed[second]
    found = DirectoryStore(tmp_path, 3).load_newest(second, committed.lineage, committed.position, lambda *_: None)
    assert found is not None and found[0].position == committed.position
    assert Daemon(new, transport=ScriptLog(broker, poll_records=50)).run() == ExitCode.OK


LABELS = ["events.features=[a,b]", "labels.mode=delayed", "labels.within=6", "labels.max_classes=4"]


@pytest.mark.parametrize(("change", "whole"), [([FASTER], True), (["inputs.elapsed=true"], False)])
def test_what_labels_taught_goes_on_too(tmp_path: Path, change: list[str], whole: bool) -> None:
    log = records(daemon_settings(tmp_path, *LABELS), 400)
    broker = Broker([*log[:300], Token.EOF, *log[300:], Token.EOF])
    go_on(broker, daemon_settings(tmp_path, *LABELS))
    before = newest(tmp_path, broker)[1]
    pause(broker)
    go_on(broker, daemon_settings(tmp_path, *LABELS, *change), carry_over=True)
    header, after = newest(tmp_path, broker)
    assert header.carried_over[-1].whole is whole
    if whole:
        assert all((after[name] == before[name]).all() for name in before)
    else:  # classes that were found are learned anew, all else goes by name
        old = weights_of(daemon_settings(tmp_path, *LABELS), before)
        new = weights_of(daemon_settings(tmp_path, *LABELS, *change), after)
        np.testing.assert_array_equal(new["stack.cells.0.w"][:6], old["stack.cells.0.w"][:6])
        assert not new["v"].any() and old["v"].any()
    go_on(broker, daemon_settings(tmp_path, *LABELS, *change))
    assert answers(broker) == len(log)
