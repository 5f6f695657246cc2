"""The snapshot topic in use: made and checked with the others, written and read by the daemon, shown by the verbs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient, NewTopic
from typer.testing import CliRunner

from streamrnn.cli.app import app
from streamrnn.exits import ExitCode
from streamrnn.snapshots.factory import open_store
from streamrnn.transport.base import TransportError
from streamrnn.transport.kafka.topics import create, describe
from tests.helpers import settings
from tests.kafka.conftest import Running, Topics


def words(topics: Topics, *more: str) -> list[str]:
    small = ["model.hidden_size=8", "streams.max_live=100", "scoring.window=200"]  # as of tests.helpers
    chosen = [*topics.overrides(Path("nowhere")), "snapshots.store=kafka", *small, *more]
    return [word for each in chosen for word in ("--set", each)]


def test_topics_create_makes_a_compacted_topic_and_the_start_refuses_another(topics: Topics) -> None:
    chosen = settings(*topics.overrides(Path("nowhere")), "snapshots.store=kafka")
    with pytest.raises(TransportError, match=rf"no topic {topics.name}-snapshots: `streamrnn topics create`"):
        describe(chosen)
    assert [(topic.name, topic.partitions) for topic in create(chosen, 1)] == [(f"{topics.name}-snapshots", 2)]
    assert f"{topics.name}-snapshots" in describe(chosen)
    other = settings(
        *topics.overrides(Path("nowhere")), "snapshots.store=kafka", f"snapshots.topic={topics.name}-wrong"
    )
    with closing(KafkaAdminClient(bootstrap_servers=topics.bootstrap)) as admin:
        admin.create_topics([NewTopic(f"{topics.name}-wrong", 1, 1)], wait_for_metadata=True)
    with pytest.raises(TransportError, match=r"is not compacted.*snapshots\.topic"):
        describe(other)


def test_a_topic_that_takes_no_chunk_is_refused(topics: Topics) -> None:
    chosen = settings(*topics.overrides(Path("nowhere")), "snapshots.store=kafka")
    configuration = {"cleanup.policy": "compact", "max.message.bytes": "900000"}
    with closing(KafkaAdminClient(bootstrap_servers=topics.bootstrap)) as admin:
        admin.create_topics(
            [NewTopic(f"{topics.name}-snapshots", 2, 1, topic_configs=configuration)], wait_for_metadata=True
        )
    with pytest.raises(TransportError, match=r"raise its max\.message\.bytes"):
        describe(chosen)


def event(i: int) -> bytes:
    return b'{"stream":"s%d","value":%d}' % (i % 3, i % 7)


def test_a_daemon_goes_on_from_the_topic_where_another_left_off(
    topics: Topics, start: Callable[..., Running]
) -> None:
    chosen = ["snapshots.store=kafka"]
    create(settings(*topics.overrides(Path("nowhere")), *chosen), 1)
    assert f"{topics.name}-in-0 begins anew" in CliRunner().invoke(app, ["check", *words(topics)]).output
    topics.produce([event(i) for i in range(400)], lambda i: i % 2)
    first = start(*chosen)
    topics.read("out", 400)
    assert first.stop() == ExitCode.OK
    store = open_store(first.settings)
    with closing(store):
        assert {each.name.partition for each in store.listing()} == {f"{topics.name}-in-0", f"{topics.name}-in-1"}
        assert [each.records for each in store.listing()].count(200) == 2
    checked = CliRunner().invoke(app, ["check", *words(topics)])
    assert checked.exit_code == ExitCode.OK, checked.output
    for number in (0, 1):
        assert f"{topics.name}-in-{number} goes on at 200, with the snapshot at 200" in checked.output
    topics.produce([event(i) for i in range(100)], lambda i: i % 2)
    second = start(*chosen)
    topics.read("out", 500)
    assert second.stop() == ExitCode.OK
    listed = CliRunner().invoke(app, ["inspect", *words(topics)]).output.splitlines()
    assert listed[0].endswith(f"in topic {topics.name}-snapshots, the last written first")
    assert sum(line.startswith(f"{topics.name}-in-") for line in listed) == int(listed[0].split()[0]) == 6
    shown = CliRunner().invoke(app, ["inspect", *words(topics), "--partition", f"{topics.name}-in-1", "--stream", "s1"])
    assert shown.exit_code == 0, shown.output
    assert "position        250" in shown.output
    assert "stream s1" in shown.output
