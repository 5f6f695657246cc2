"""The first minute on Kafka: topics are made, and fed."""

from __future__ import annotations

import re
import subprocess
import sys
import uuid
from collections import deque
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from streamrnn.cli.app import app
from streamrnn.demo.feed import send
from streamrnn.demo.generator import events
from streamrnn.exits import ExitCode
from streamrnn.settings import load
from streamrnn.transport.base import TransportError
from tests.helpers import settings
from tests.kafka.broker import JavaBroker
from tests.kafka.conftest import WAIT, Topics
from tests.kafka.test_outage import made


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


def test_a_history_is_fed_by_stream_as_fast_as_it_goes(topics: Topics, tmp_path: Path) -> None:
    path, count = tmp_path / "history.csv", 12_000  # more than is sent between two looks
    rows = (f"pump-{n % 3},{1_700_000_000 + n},{n % 50}" for n in range(count))
    path.write_text("\n".join(["machine,ts,heat", *rows]))
    columns = ("--stream", "machine", "--time", "ts", "--feature", "heat")
    fed = CliRunner().invoke(app, ["feed", "--from-file", str(path), *columns, *options(topics)])
    assert fed.exit_code == 0 and f"sent {count:,} events to {topics.name}-in" in fed.output
    found = [record for records in topics.read("in", count).values() for record in records]
    assert len(found) == count
    assert all(msgspec.json.decode(record.value)["stream"].encode() == record.key for record in found)


def test_a_missing_topic_ends_it_at_once_and_names_the_remedy(topics: Topics) -> None:
    result = CliRunner().invoke(app, ["feed", *options(topics), "--set", "transport.input=nowhere"])
    assert result.exit_code == ExitCode.TRANSPORT
    assert "there is no topic nowhere" in result.output and "--input PARTITIONS" in result.output


def test_brokers_that_are_away_are_told_while_it_waits_and_named_when_it_gives_up() -> None:
    away = Topics("127.0.0.1:1", "away", 1)
    result = CliRunner().invoke(app, ["feed", *options(away), "--set", "kafka.request_timeout=5"])
    assert result.exit_code == ExitCode.TRANSPORT
    waits, gives_up, sent = result.output.splitlines()
    assert waits.startswith("waits for the brokers at 127.0.0.1:1, 5 s at most: start them, or correct kafka.boot")
    assert gives_up.startswith("cannot reach the brokers: ") and "This process ends" not in gives_up
    assert sent == "sent 0 events to away-in"


def test_a_sigterm_tells_what_was_sent(topics: Topics) -> None:
    command = [sys.executable, "-c", "from streamrnn.cli.app import main; main()", "feed", *options(topics)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert topics.read_some("in")
        process.terminate()
        _, errors = process.communicate(timeout=WAIT)
    assert process.returncode == ExitCode.INTERRUPTED
    assert re.fullmatch(rf"sent [\d,]+ events to {topics.name}-in\n", errors)


def test_brokers_that_stop_to_answer_are_told_and_end_it(own: JavaBroker) -> None:
    topics = made(own)
    chosen = settings(*topics.overrides(Path("nowhere")), "kafka.request_timeout=5")
    told = list[float]()
    sending = send(chosen, lambda line: chosen.transport.only_input, events(0, 10), 500, None, told.append)
    next(sending)
    with own.frozen(), pytest.raises(TransportError, match="does not take events: "):
        deque(sending, maxlen=0)
    assert len(told) == 1


def test_there_is_nothing_to_feed_on_standard_input() -> None:
    result = CliRunner().invoke(app, ["feed", "--events", "1", "--set", "transport.kind=standard"])
    assert result.exit_code == ExitCode.SETTINGS and "transport.kind is standard" in result.output


def test_a_preset_is_filled_from_the_newest_records_of_a_topic(bootstrap: str, tmp_path: Path) -> None:
    topics = Topics(bootstrap, f"t{uuid.uuid4().hex[:8]}", 3)
    CliRunner().invoke(app, ["topics", "create", "--input", "3", *options(topics)])
    CliRunner().invoke(app, ["feed", "--streams", "6", "--events", "3000", "--rate", "50000", *options(topics)])
    name, path = f"{topics.name}-in", tmp_path / "config.yaml"
    arguments = ["init", "--preset", "forecast", "--bootstrap", bootstrap, "--output", str(path), "--from-topic"]
    result = CliRunner().invoke(app, [*arguments, name])
    assert result.exit_code == 0, result.output
    loaded = load(path, environ={}).settings
    assert loaded.transport.kind == "kafka" and loaded.transport.input == (name,)
    assert list(loaded.kafka.bootstrap_servers) == [bootstrap]
    assert loaded.forecast.interval == 600.0 and loaded.forecast.season == 144
    missing = CliRunner().invoke(app, [*arguments, "nowhere", "--force"])
    assert missing.exit_code == ExitCode.SETTINGS and "there is no topic nowhere" in missing.output
