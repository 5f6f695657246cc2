"""The first minute on Kafka: topics are made, and fed."""

from __future__ import annotations

import uuid
from pathlib import Path

import msgspec
from typer.testing import CliRunner

from streamrnn.cli.app import app
from streamrnn.exits import ExitCode
from tests.kafka.conftest import Topics


def options(topics: Topics) -> list[str]:
    return [word for each in topics.overrides(Path("nowhere")) for word in ("--set", each)]


def test_topics_are_made_with_their_input_and_fed_by_stream(bootstrap: str) -> None:
    topics = Topics(bootstrap, f"t{uuid.uuid4().hex[:8]}", 3)
    missing = CliRunner().invoke(app, ["topics", "create", *options(topics)])
    assert missing.exit_code == ExitCode.TRANSPORT and "--input PARTITIONS" in missing.output
    made = CliRunner().invoke(app, ["topics", "create", "--input", "3", *options(topics)])
    assert made.exit_code == 0
    for kind in ("in", "out", "dead"):
        assert f"created {topics.name}-{kind} with 3 partitions" in made.output
    again = CliRunner().invoke(app, ["topics", "create", "--input", "3", *options(topics)])
    assert again.exit_code == 0 and again.output == "nothing is missing\n"
    fed = CliRunner().invoke(app, ["feed", "--events", "500", "--rate", "5000", *options(topics)])
    assert fed.exit_code == 0 and f"sent 500 events to {topics.name}-in" in fed.output
    found = topics.read("in", 500)
    places: dict[bytes, int] = {}
    for number, records in found.items():
        for record in records:
            assert msgspec.json.decode(record.value)["stream"].encode() == record.key
            assert places.setdefault(record.key, number) == number
    assert len(set(places.values())) == 3


def test_there_is_nothing_to_feed_without_kafka() -> None:
    result = CliRunner().invoke(app, ["feed", "--events", "1"])
    assert result.exit_code == ExitCode.SETTINGS and "transport.kind is not kafka" in result.output
