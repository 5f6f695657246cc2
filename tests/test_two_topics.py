"""Labels in a topic of their own: how they interleave with events is settled once, and holds through every mishap."""

import json
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
from streamrnn.settings.schema import Settings
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
    """Events and labels in turn, some of them unreadable; their broker times are not in the order of the script."""
    source = random.Random(seed)
    made: list[Item] = []
    for i, record in enumerate(records(chosen("."), n, seed=seed)):
        key, timestamp = str(record["stream"]).encode(), i + source.uniform(0, 20)
        made.append(Record(json.dumps(record).encode(), key, timestamp, labels="label" in record))
    letters = [b'{"stream": "s1", "time": ', b'{"stream": "s2", "time": 3, "id": {}, "label": []}', None]
    for at, value in zip((30, 60, 90), letters, strict=True):
        made[at:at] = [Record(value, b"s1", float(at), labels=labels) for labels in (False, True)]
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


@pytest.mark.parametrize("more", [["labels.kind=number"], ["labels.join=time"], ["labels.dead_letters=false"]])
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
