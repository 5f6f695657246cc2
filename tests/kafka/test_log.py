"""On a real broker: one prediction for each event, in order, whoever comes, goes or is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kafka.admin import KafkaAdminClient
from typer.testing import CliRunner

from streamrnn.cli.app import app
from streamrnn.events.columns import Partition
from streamrnn.exits import ExitCode
from streamrnn.observe.sensor import Sensor
from streamrnn.shard import Shard
from streamrnn.transport.base import TransportError
from streamrnn.transport.kafka.log import KafkaLog
from tests.helpers import settings
from tests.kafka.conftest import BASE, Running, Topics

Start = Callable[..., Running]


def event(i: int) -> bytes:
    return b'{"stream":"s%d","value":%d}' % (i % 6, i * i % 11)


def by_stream(i: int) -> int:
    return i % 2


def check_order(found: dict[int, list[Any]]) -> None:
    """Each partition answers offsets 0, 1, 2 ... once, in order."""
    for records in found.values():
        offsets = [int(dict(record.headers)["offset"]) for record in records]
        assert offsets == list(range(len(offsets)))


def test_every_event_is_answered_with_its_place_and_the_models_count(topics: Topics, start: Start) -> None:
    topics.produce([event(i) for i in range(200)], by_stream)
    running = start()
    found = topics.read("out", 200)
    assert running.stop() == ExitCode.OK
    check_order(found)
    last = found[1][-1]
    assert last.key == b"s1"
    assert dict(last.headers) == {
        "topic": f"{topics.name}-in".encode(), "partition": b"1", "offset": b"99", "records": b"100",
    }  # fmt: skip
    assert msgspec.json.decode(last.value)["source"]["offset"] == 99


def test_a_bad_record_becomes_a_dead_letter_with_its_bytes(topics: Topics, start: Start) -> None:
    topics.produce([event(0), b"no json", event(2)], lambda i: 0)
    start()
    found = topics.read("out", 2)
    (letter,) = [record for records in topics.read("dead", 1).values() for record in records]
    headers = dict(letter.headers)
    assert letter.value == b"no json" and headers["reason"] == b"not_json" and headers["offset"] == b"1"
    assert [int(dict(record.headers)["offset"]) for record in found[0]] == [0, 2]


def test_a_restart_goes_on_where_the_last_one_committed(topics: Topics, start: Start) -> None:
    topics.produce([event(i) for i in range(100)], by_stream)
    first = start()
    topics.read("out", 100)
    assert first.stop() == ExitCode.OK
    topics.produce([event(i) for i in range(60)], by_stream)
    start()
    check_order(topics.read("out", 160))


def test_two_members_share_the_partitions_and_lose_and_double_nothing(topics: Topics, start: Start) -> None:
    topics.produce([event(i) for i in range(100)], by_stream)
    first = start()
    topics.read("out", 100)
    second = start()
    for round_ in range(1, 4):
        topics.produce([event(i) for i in range(100)], by_stream)
        topics.read("out", 100 * (round_ + 1))
    assert {*first.daemon.shards(), *second.daemon.shards()} == {Partition(f"{topics.name}-in", n) for n in (0, 1)}
    assert not first.daemon.shards().keys() & second.daemon.shards().keys()
    assert second.stop() == ExitCode.OK
    topics.produce([event(i) for i in range(100)], by_stream)
    check_order(topics.read("out", 500))
    assert first.code is None


class Changes(Sensor):
    """What befell the partitions of one member."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.restored = 0

    def on_assignment(self, partition: Partition, assigned: int, event: str) -> None:
        self.seen.append(event)

    def on_restore(self, partition: Partition, seconds: float) -> None:
        self.restored += 1


def test_a_member_that_stays_keeps_its_shards_over_a_rebalance(topics: Topics, start: Start) -> None:
    topics.produce([event(i) for i in range(100)], by_stream)
    changes = Changes()
    start(sensors=(changes,))
    topics.read("out", 100)
    second = start()
    topics.produce([event(i) for i in range(100)], by_stream)
    topics.read("out", 200)
    assert second.stop() == ExitCode.OK
    topics.produce([event(i) for i in range(100)], by_stream)
    check_order(topics.read("out", 300))
    # Only the partition that was the second member's meanwhile had to be read anew.
    assert changes.seen.count("revoked") >= 2 and changes.restored <= 1


def test_a_static_member_restarts_without_a_rebalance_of_the_others(topics: Topics, start: Start) -> None:
    topics.produce([event(i) for i in range(100)], by_stream)
    changes = Changes()
    options = "kafka.session_timeout=20"
    first = start("kafka.group_instance_id=a", options, sensors=(changes,))
    second = start("kafka.group_instance_id=b", options)
    topics.read("out", 100)
    while [len(member.daemon.shards()) for member in (first, second)] != [1, 1]:
        assert first.code is second.code is None
    before = list(changes.seen)
    assert second.stop() == ExitCode.OK
    topics.produce([event(i) for i in range(100)], by_stream)
    start("kafka.group_instance_id=b", options)
    check_order(topics.read("out", 200))
    assert changes.seen == before


def test_a_static_member_that_has_a_successor_ends(topics: Topics, start: Start) -> None:
    topics.produce([event(i) for i in range(100)], by_stream)
    first = start("kafka.group_instance_id=a")
    topics.read("out", 100)
    start("kafka.group_instance_id=a")
    for number in range(2, 10):
        topics.produce([event(i) for i in range(100)], by_stream)
        check_order(topics.read("out", number * 100))
        if first.code is not None:
            break
    assert first.code == ExitCode.TRANSPORT


def test_a_killed_member_is_replaced_and_the_model_is_that_of_the_log(
    topics: Topics, start: Start, tmp_path: Path
) -> None:
    topics.produce([event(i) for i in range(3000)], by_stream)
    overrides = [*topics.overrides(tmp_path / "snapshots"), "model.hidden_size=8", "transport.poll_records=50"]
    overrides += ["streams.max_live=100", "scoring.window=200"]
    command = [sys.executable, "-c", "from streamrnn.cli.app import main; main()", "run"]
    for each in overrides:
        command += ["--set", each]
    for count in (300, 900):
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=dict(os.environ)) as process:
            topics.read_some("out", count)
            process.send_signal(signal.SIGKILL)
    running = start("transport.poll_records=50")
    check_order(topics.read("out", 3000))
    assert running.stop() == ExitCode.OK
    for partition, shard in running.daemon.shards().items():
        assert shard.digest() == alone(topics, partition)


def alone(topics: Topics, partition: Partition) -> str:
    """The state that one uninterrupted shard reaches over the same records."""
    from streamrnn.events.columns import Records
    from streamrnn.events.decode import Decoder

    chosen = settings(*topics.overrides(Path("nowhere")))
    offsets = [i for i in range(3000) if by_stream(i) == partition.number]
    n = len(offsets)
    times = [(BASE + i) / 1000 for i in offsets]
    records = Records(partition, list(range(n)), [None] * n, [event(i) for i in offsets], times, n)
    shard = Shard(chosen, partition)
    shard.process(Decoder(chosen.events, numbered_time=False).decode(records))
    return shard.digest()


def test_at_least_once_answers_every_event_too(topics: Topics, start: Start) -> None:
    topics.produce([event(i) for i in range(100)], by_stream)
    first = start("kafka.delivery=at_least_once")
    topics.read("out", 100)
    assert first.stop() == ExitCode.OK
    topics.produce([event(i) for i in range(20)], by_stream)
    start("kafka.delivery=at_least_once")
    check_order(topics.read("out", 120))


def test_latest_begins_behind_what_is_there(topics: Topics, start: Start) -> None:
    topics.produce([event(i) for i in range(100)], by_stream)
    running = start("kafka.start=latest")
    while running.daemon.not_ready() is not None:
        pass
    topics.produce([event(i) for i in range(10)], by_stream)
    found = topics.read("out", 10)
    assert min(int(dict(record.headers)["offset"]) for records in found.values() for record in records) == 50


def test_latest_is_where_the_first_start_was(topics: Topics, start: Start) -> None:
    topics.produce([event(i) for i in range(100)], by_stream)
    first = start("kafka.start=latest")
    while first.daemon.not_ready() is not None:
        assert first.code is None
    assert first.stop() == ExitCode.OK
    topics.produce([event(i) for i in range(10)], by_stream)
    start("kafka.start=latest")
    found = topics.read("out", 10)
    assert min(int(dict(record.headers)["offset"]) for records in found.values() for record in records) == 50


def test_a_time_begins_at_its_first_record(topics: Topics, start: Start) -> None:
    topics.produce([event(i) for i in range(100)], by_stream)
    start(f"kafka.start={datetime.fromtimestamp((BASE + 90) / 1000, UTC).isoformat()}")
    found = topics.read("out", 10)
    assert min(int(dict(record.headers)["offset"]) for records in found.values() for record in records) == 45


def test_a_missing_topic_stops_the_start_by_name(topics: Topics, tmp_path: Path) -> None:
    chosen = settings(*topics.overrides(tmp_path), "transport.predictions=nowhere")
    with pytest.raises(TransportError, match="there is no topic nowhere"):
        KafkaLog(chosen)


def test_topics_are_made_as_the_input_is_and_checked(bootstrap: str, topics: Topics, tmp_path: Path) -> None:
    overrides = [*topics.overrides(tmp_path), f"transport.predictions={topics.name}-new"]
    options = [word for each in overrides for word in ("--set", each)]
    before = CliRunner().invoke(app, ["check", *options])
    assert before.exit_code == ExitCode.TRANSPORT and "streamrnn topics create" in before.output
    made = CliRunner().invoke(app, ["topics", "create", *options])
    assert made.exit_code == 0 and f"created {topics.name}-new with 2 partitions" in made.output
    assert CliRunner().invoke(app, ["topics", "create", *options]).output == "nothing is missing\n"
    after = CliRunner().invoke(app, ["check", *options])
    assert after.exit_code == 0 and f"topic {topics.name}-in has 2 partitions" in after.output


def test_a_compacted_input_is_refused(bootstrap: str, topics: Topics, tmp_path: Path) -> None:
    with closing(KafkaAdminClient(bootstrap_servers=bootstrap)) as admin:
        compacted = {f"{topics.name}-c": {"num_partitions": 1, "configs": {"cleanup.policy": "compact"}}}
        admin.create_topics(compacted, wait_for_metadata=True)
    with pytest.raises(TransportError, match="is compacted"):
        KafkaLog(settings(*topics.overrides(tmp_path), f"transport.input={topics.name}-c"))


def test_brokers_that_do_not_answer_stop_the_start_by_the_setting(topics: Topics, tmp_path: Path) -> None:
    chosen = settings(*topics.overrides(tmp_path), "kafka.bootstrap_servers=127.0.0.1:1", "kafka.request_timeout=1")
    with pytest.raises(TransportError, match=r"kafka\.bootstrap_servers"):
        KafkaLog(chosen)
