"""The log is not what it was: more partitions, made anew, cut, its commits expired. Never a silent fresh start."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from streamrnn.events.columns import Partition
from streamrnn.exits import ExitCode
from tests.kafka.conftest import WAIT, Running, Topics
from tests.kafka.test_log import by_stream, event

Start = Callable[..., Running]


@pytest.fixture
def lived(topics: Topics, start: Start) -> Topics:
    """A daemon answered a hundred records, left a snapshot, and was stopped."""
    topics.produce([event(i) for i in range(100)], by_stream)
    running = start()
    topics.read("out", 100)
    assert running.stop() == ExitCode.OK
    return topics


@contextmanager
def admin(topics: Topics) -> Iterator[Any]:
    with closing(KafkaAdminClient(bootstrap_servers=topics.bootstrap)) as client:
        yield client


def test_a_topic_with_more_partitions_stops_the_start(
    lived: Topics, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    with admin(lived) as client:
        client.create_partitions({f"{lived.name}-in": 4})
    assert start().wait() == ExitCode.STATE
    assert "has 4 partitions, and had 2" in caplog.text and "--new-lineage" in caplog.text


def test_a_topic_that_grows_under_a_daemon_stops_it(
    topics: Topics, start: Start, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from streamrnn.transport.kafka import log

    usual = log.consumer_options
    monkeypatch.setattr(log, "consumer_options", lambda *given: usual(*given) | {"metadata_max_age_ms": 500})
    topics.produce([event(i) for i in range(10)], by_stream)
    running = start()
    topics.read("out", 10)
    with admin(topics) as client:
        client.create_partitions({f"{topics.name}-in": 4})
    assert running.wait() == ExitCode.STATE
    assert "has more partitions than the 2 it had at the start" in caplog.text


def test_a_topic_made_anew_under_the_same_name_stops_the_start(
    lived: Topics, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    name = f"{lived.name}-in"
    with admin(lived) as client:
        client.delete_topics([name])
        deadline = time.monotonic() + WAIT
        while time.monotonic() < deadline:
            try:
                client.create_topics([NewTopic(name, 2, 1)])
                break
            except Exception:  # it is still being deleted
                time.sleep(0.05)
    lived.produce([event(i) for i in range(10)], by_stream)
    assert start().wait() == ExitCode.STATE
    assert f"{lived.name}-in-0 was made anew under the same name" in caplog.text and "--new-lineage" in caplog.text


def test_expired_commits_stop_the_start(lived: Topics, start: Start, caplog: pytest.LogCaptureFixture) -> None:
    with admin(lived) as client:
        client.delete_groups([lived.name])
    assert start().wait() == ExitCode.STATE
    assert "no committed position" in caplog.text and "expired" in caplog.text


def test_a_log_cut_behind_the_snapshot_stops_the_start(
    lived: Topics, start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for path in tmp_path.rglob("*.safetensors"):
        if "genesis" not in path.name:
            path.unlink()
    with admin(lived) as client:
        client.delete_records({TopicPartition(f"{lived.name}-in", 0): 30})
    assert start().wait() == ExitCode.STATE
    assert "stands at 0, but its log now starts at 30" in caplog.text


def test_a_skip_in_a_partition_that_is_not_there_stops_the_start(topics: Topics, tmp_path: Path) -> None:
    options = [word for each in topics.overrides(tmp_path) for word in ("--set", each)]
    command = [sys.executable, "-c", "from streamrnn.cli.app import main; main()", "run", *options]
    refused = subprocess.run(
        [*command, "--skip-to", f"{topics.name}-in-2:5"], capture_output=True, timeout=WAIT, text=True
    )
    assert refused.returncode == ExitCode.SETTINGS
    assert f"it has {topics.name}-in-0 to {topics.name}-in-1" in refused.stderr


def test_several_topics_are_read_side_by_side(topics: Topics, start: Start) -> None:
    second = Topics(topics.bootstrap, f"{topics.name}b", 3)
    with admin(topics) as client:
        client.create_topics([NewTopic(f"{second.name}-in", 3, 1)])
    topics.produce([event(i) for i in range(60)], by_stream)
    second.produce([event(i) for i in range(90)], lambda i: i % 3)
    running = start(f"transport.input=[{topics.name}-in,{second.name}-in]")
    found = topics.read("out", 150)
    assert running.stop() == ExitCode.OK
    records = [record for records in found.values() for record in records]
    for topic, partitions in ((f"{topics.name}-in", 2), (f"{second.name}-in", 3)):
        for number in range(partitions):
            source = [("topic", topic.encode()), ("partition", b"%d" % number)]
            of = [int(dict(record.headers)["offset"]) for record in records if list(record.headers)[:2] == source]
            assert sorted(of) == list(range(30))  # in order by stream, whose key chooses the partition
            assert Partition(topic, number) in running.daemon.shards()
