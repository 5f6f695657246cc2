"""Labels in a topic of their own: how they interleave with events is settled once, and holds through every mishap."""

import json
import math
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.daemon import Daemon
from streamrnn.events.columns import Partition
from streamrnn.events.moments import Moments
from streamrnn.exits import ExitCode
from streamrnn.observe.sensor import Sensor
from streamrnn.partitions import NoPartitionError
from streamrnn.settings.schema import Settings
from streamrnn.state_errors import ChangedError
from streamrnn.transport.paired import PairedLog
from streamrnn.transport.script import Broker, Item, PollSizes, Record, ScriptCrash, ScriptLog, Token
from tests.label_logs import label_settings, records
from tests.two_topics import expected, merged, order, same_state

MISHAPS = [Token.CRASH, Token.REBALANCE, Token.LOST, Token.STALL]
EVENTS, LABELS = Partition("events", 0), Partition("labels", 0)


def chosen(folder: str | Path, *overrides: str) -> Settings:
    return label_settings(
        "labels.mode=delayed", "labels.topic=labels", "labels.within=6", "labels.dead_letters=true",
        f"snapshots.path={folder}", "snapshots.every_records=100", "transport.commit_interval=0.001", *overrides,
    )  # fmt: skip


def log(n: int = 200, seed: int = 9, partitions: int = 1) -> list[Item]:
    """Events and labels in turn; the broker's times are not in the script's order, and unreadable ones have none."""
    source = random.Random(seed)
    made: list[Item] = []
    for i, record in enumerate(records(chosen("."), n, seed=seed)):
        key, timestamp = str(record["stream"]).encode(), i + source.uniform(0, 20)
        made.append(Record(json.dumps(record).encode(), key, timestamp, labels="label" in record))
    letters = [b'{"stream": "s1", "time": ', b'{"stream": "s2", "time": 3, "id": {}, "label": []}', None]
    for at, value in zip((30, 60, 90), letters, strict=True):
        made[at:at] = [Record(value, b"s1", math.nan, labels=labels) for labels in (False, True)]
    return made


def two_topics(script: list[Item], partitions: int = 1) -> Broker:
    return Broker(script, partitions, labels="labels")


def transport(broker: Broker, settings: Settings, polls: PollSizes = 1000) -> PairedLog:
    log = ScriptLog(broker, poll_records=polls)
    return PairedLog(log, "events", "labels", Moments(settings.events))


def run_through(
    broker: Broker, settings: Settings, polls: PollSizes = 1000, sensors: list[Sensor] | None = None
) -> Daemon:
    """Run the daemon again and again until the script ends."""
    while True:
        daemon = Daemon(settings, sensors or [], transport=transport(broker, settings, polls))
        try:
            assert daemon.run() == ExitCode.OK
        except ScriptCrash:
            continue
        return daemon


def assert_as_journalled(broker: Broker, settings: Settings, daemon: Daemon) -> None:
    """Outputs and all state are what a fresh shard makes of the journal's order in one go, and nothing is left."""
    for number in range(broker.partitions):
        pair = Partition("events", number), Partition("labels", number)
        lineage = broker.committed[pair[0]].lineage
        logs = tuple(
            {i: (record.key, record.value, record.timestamp) for i, record in enumerate(broker.log[each])}
            for each in pair
        )
        runs = order(broker.journal[pair[0]], lineage)
        taken = merged(pair, logs, runs)  # type: ignore[arg-type]
        assert len(taken) == sum(map(len, logs))
        answers, letters, state = expected(settings, lineage, taken, numbered_time=True)
        assert [value for _, value in broker.predictions[pair[0]]] == answers
        seen = [json.loads(value) for _, value in broker.dead_letters[pair[0]]]
        assert [(each["reason"], each["source"]["topic"], each["source"]["offset"]) for each in seen] == [
            (reason, partition.topic, offset) for reason, partition, offset in letters
        ]
        assert same_state(daemon.shards()[pair[0]].saved(), state) == []


@settings(max_examples=25, deadline=None)
@given(
    polls=st.lists(st.integers(1, 120), min_size=1, max_size=30),
    every=st.integers(20, 300),
    mishaps=st.lists(st.tuples(st.integers(0, 300), st.sampled_from(MISHAPS)), max_size=6),
)
def test_polls_crashes_and_rebalances_change_no_bit_of_what_the_journal_tells(
    polls: list[int], every: int, mishaps: list[tuple[int, Token]]
) -> None:
    wild = log()
    for place, token in sorted(mishaps, key=lambda mishap: -mishap[0]):
        wild.insert(place, token)
    with tempfile.TemporaryDirectory() as folder:
        settings = chosen(folder, f"snapshots.every_records={every}")
        broker = two_topics([*wild, Token.EOF])
        assert_as_journalled(broker, settings, run_through(broker, settings, polls))


@pytest.mark.parametrize(
    "more", [["labels.kind=number"], ["labels.join=time"], ["labels.dead_letters=false"], ["model.lookahead=3"]]
)
def test_all_kinds_of_labels_hold_through_mishaps(tmp_path: Path, more: list[str]) -> None:
    settings = chosen(tmp_path, *more)
    made: list[Item] = []
    for i, record in enumerate(records(settings, 300, seed=4)):
        key = str(record["stream"]).encode()
        made.append(Record(json.dumps(record).encode(), key, float(i), labels="label" in record))
        if i % 47 == 46:
            made.append(MISHAPS[i % 4])
    broker = two_topics([*made, Token.EOF], 2)
    assert_as_journalled(broker, settings, run_through(broker, settings, [7, 30, 90, 1, 55]))


def test_a_backlog_of_both_topics_is_taken_in_the_order_of_time(tmp_path: Path) -> None:
    settings = chosen(tmp_path)
    made: list[Item] = []
    for i, record in enumerate(records(settings, 300, streams=3, seed=1)):
        made.append(Record(json.dumps(record).encode(), b"all", float(i), labels="label" in record))
    broker = two_topics([*made, Token.EOF])
    while broker.take_event():
        pass
    run_through(broker, settings, 20)
    lineage = broker.committed[EVENTS].lineage
    logs = tuple(
        {i: (each.key, each.value, each.timestamp) for i, each in enumerate(broker.log[of])} for of in (EVENTS, LABELS)
    )
    taken = merged((EVENTS, LABELS), logs, order(broker.journal[EVENTS], lineage))  # type: ignore[arg-type]
    assert taken.timestamps == sorted(taken.timestamps)


def test_labels_that_wait_for_events_go_once_these_have(tmp_path: Path) -> None:
    """They bear a time that no event will reach."""
    settings = chosen(tmp_path)
    made: list[Item] = []
    for record in records(settings, 100, seed=1):
        late = "label" in record
        made.append(Record(json.dumps(record).encode(), b"all", 1e9 if late else 0.0, labels=late))
    broker = two_topics([*made, Token.EOF])
    assert_as_journalled(broker, settings, run_through(broker, settings, 20))


class Lags(Sensor):
    def __init__(self) -> None:
        self.seen: dict[Partition, int | None] = {}

    def on_lag(self, partition: Partition, records: int | None, seconds: float | None) -> None:
        self.seen[partition] = records


def test_lag_is_told_of_each_topic_and_forgotten_with_the_partition(tmp_path: Path) -> None:
    lags, settings = Lags(), chosen(tmp_path)
    run_through(two_topics([*log(), Token.EOF]), settings, sensors=[lags])
    assert lags.seen == {EVENTS: 0, LABELS: 0}


def half_run(folder: Path) -> tuple[Broker, Settings]:
    """A log whose first half was answered, and whose replay begins with the first record."""
    settings, made = chosen(folder, "snapshots.every_records=100000"), log()
    broker = two_topics([*made[:200], Token.CRASH, *made[200:], Token.EOF])
    with pytest.raises(ScriptCrash):
        Daemon(settings, transport=transport(broker, settings, 30)).run()
    return broker, settings


def stopped(broker: Broker, settings: Settings, caplog: pytest.LogCaptureFixture, **given: object) -> str:
    """What the log says of a start that ends because of the state."""
    caplog.clear()
    daemon = Daemon(settings, transport=transport(broker, settings), **given)  # type: ignore[arg-type]
    assert daemon.run() == ExitCode.STATE
    return caplog.text


def test_a_journal_that_is_younger_than_the_snapshots_stops_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker, settings = half_run(tmp_path)
    broker.journal_start = 2
    assert "its log now starts at" in stopped(broker, settings, caplog)
    daemon = Daemon(settings, transport=transport(broker, settings), new_lineage=True)
    assert daemon.run() == ExitCode.OK
    assert sum(map(len, broker.log.values())) == daemon._partitions.held[EVENTS].position


def test_a_journal_that_is_gone_stops_the_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broker, settings = half_run(tmp_path)
    broker.journal[EVENTS] = []
    assert "journal" in stopped(broker, settings, caplog)


@pytest.mark.parametrize("lost", [EVENTS, LABELS])
def test_a_log_that_starts_behind_its_commit_stops_the_start_until_a_person_skips_to_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, lost: Partition
) -> None:
    settings, made = chosen(tmp_path), log()
    broker = two_topics([*made[:200], Token.EOF, *made[200:], Token.EOF])
    run_through(broker, settings, 30)
    while broker.take_event():
        pass
    before = broker.committed[EVENTS].position + broker.committed[LABELS].position
    start = broker.committed[lost].position + 5
    broker.starts[lost] = start
    assert "its log now starts at" in stopped(broker, settings, caplog)
    told = next(record for record in caplog.records if "starts behind its commit" in record.message).__dict__
    assert (told["log"], told["starts"]) == (str(lost), start)

    daemon = Daemon(settings, transport=transport(broker, settings), skip_to={lost: start})
    assert daemon.run() == ExitCode.OK
    held = daemon._partitions.held[EVENTS]
    assert held.header.skipped == ((before, before + 5),)
    assert {log: broker.committed[log].position for log in broker.log} == {
        log: len(records) for log, records in broker.log.items()
    }
    # What was learned goes on, and so does a restart.
    assert daemon.shards()[EVENTS].digest() == run_through(broker, settings).shards()[EVENTS].digest()


def test_to_skip_behind_an_end_or_to_nowhere_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broker, settings = half_run(tmp_path)
    assert "lies behind the log's end" in stopped(broker, settings, caplog, skip_to={LABELS: 10_000})
    with pytest.raises(NoPartitionError, match="labels-7"):
        Daemon(settings, transport=transport(broker, settings), skip_to={Partition("labels", 7): 1})


@pytest.mark.parametrize("lost", [EVENTS, LABELS])
def test_a_log_that_lost_its_end_stops_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, lost: Partition
) -> None:
    broker, settings = half_run(tmp_path)
    for _ in range(50):
        broker.take_event()  # of the other log enough that the sum of both ends is not short
    del broker.log[lost][broker.committed[lost].position - 1 :]
    assert "lost its end" in stopped(broker, settings, caplog)


def test_a_topic_of_labels_that_comes_later_needs_a_new_lineage(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = [item for item in log() if not isinstance(item, Record) or not item.labels]
    broker = Broker([*made[:50], Token.EOF, *made[50:], Token.EOF], 1)
    alone = chosen(tmp_path, "labels.topic=null")
    assert Daemon(alone, transport=ScriptLog(broker)).run() == ExitCode.OK
    broker.labels = "labels"
    broker.log[LABELS], broker.journal[EVENTS] = [], []
    settings = chosen(tmp_path)
    assert "other settings" in stopped(broker, settings, caplog)
    assert Daemon(settings, transport=transport(broker, settings), new_lineage=True).run() == ExitCode.OK
    assert broker.committed[EVENTS].position == len(made)


def test_a_journal_that_another_writes_to_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broker, settings = half_run(tmp_path)
    broker.journal[EVENTS][1] = b"hello"
    assert "nothing else writes to" in stopped(broker, settings, caplog)
    del broker.journal[EVENTS][1]
    assert "hole" in stopped(broker, settings, caplog)


def test_a_changed_learning_rate_goes_on_from_where_both_logs_stood_through_a_crash(tmp_path: Path) -> None:
    made = log()
    for name, mishap in (("calm", Token.STALL), ("wild", Token.CRASH)):
        broker = two_topics([*made[:300], mishap, *made[300:], Token.EOF])
        old, new = chosen(tmp_path / name), chosen(tmp_path / name, "model.learning_rate=0.05")
        stops = Stops(broker)
        stops.daemon = Daemon(old, [stops], transport=transport(broker, old, 30))
        assert stops.daemon.run() == ExitCode.OK
        before = broker.committed[EVENTS].lineage
        assert "--carry-over" in run_refused(broker, new)
        first = Daemon(new, transport=transport(broker, new, 30), carry_over=True)
        if mishap is Token.CRASH:
            with pytest.raises(ScriptCrash):
                first.run()
            assert Daemon(new, transport=transport(broker, new, 7)).run() == ExitCode.OK
        else:
            assert first.run() == ExitCode.OK
        assert broker.committed[EVENTS].lineage != before
        answered = [json.loads(value) for _, value in broker.predictions[EVENTS]]
        offsets = [answer["source"]["offset"] for answer in answered if answer["source"]["topic"] == "events"]
        assert offsets == sorted(set(offsets))
        letters = [letter for _, letter in broker.dead_letters[EVENTS]]
        assert len(offsets) + sum(b'"topic":"events"' in letter for letter in letters) == len(broker.log[EVENTS])
        assert {answer["lineage"] for answer in answered} == {before, broker.committed[EVENTS].lineage}
        assert broker.committed[EVENTS].position == len(broker.log[EVENTS])


class Stops(Sensor):
    """Stops its daemon in the middle."""

    daemon: Daemon

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def on_commit(self, ok: bool, seconds: float) -> None:
        if self._broker.committed[EVENTS].position > 100:
            self.daemon.stop()


def run_refused(broker: Broker, settings: Settings) -> str:
    """Why a start without a word is refused."""
    with pytest.raises(ChangedError) as caught:
        Daemon(settings, transport=transport(broker, settings))._assign()
    return str(caught.value)
