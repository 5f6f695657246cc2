"""``streamrnn tail`` reads an output topic as any consumer would: committed records, no group, no trace."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import kafka.codec
import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from typer.testing import CliRunner, Result

from streamrnn.cli.app import app
from streamrnn.exits import ExitCode
from streamrnn.transport.base import TransportError
from streamrnn.transport.reader import BEGINNING, Reader, open_reader
from tests.helpers import settings
from tests.kafka.broker import JavaBroker
from tests.kafka.conftest import WAIT, Running, Topics
from tests.kafka.test_outage import made

Send = Callable[..., None]


@pytest.fixture
def send(topics: Topics) -> Iterator[Send]:
    """Publish predictions in a transaction of their own, which ends well or not."""
    producer = KafkaProducer(bootstrap_servers=topics.bootstrap, transactional_id=topics.name, retry_backoff_ms=20)
    with closing(producer):
        producer.init_transactions()

        def send(*values: bytes, partition: int = 0, abort: bool = False, end: bool = True) -> None:
            producer.begin_transaction()
            for value in values:
                producer.send(f"{topics.name}-out", value, partition=partition)
            producer.flush(WAIT)
            if end:
                (producer.abort_transaction if abort else producer.commit_transaction)()

        yield send


def values(reader: Reader, count: int) -> list[bytes | None]:
    """So many values, and none more."""
    found: list[bytes | None] = []
    for _ in range(round(WAIT / 0.2)):
        found += [record.value for record in reader.read(0.2)]
        if len(found) >= count:
            break
    return found + [record.value for record in reader.read(0.3)]


def tail(topics: Topics, *options: str) -> Result:
    words = [word for each in topics.overrides(Path("nowhere")) for word in ("--set", each)]
    return CliRunner().invoke(app, ["tail", *words, *options])


def test_aborted_and_open_transactions_are_not_shown(topics: Topics, send: Send) -> None:
    send(b"0")
    send(b"1", abort=True)
    send(b"2")
    send(b"3", end=False)
    with open_reader(settings(*topics.overrides(Path("nowhere"))), dead_letters=False, last=BEGINNING) as reader:
        assert values(reader, 2) == [b"0", b"2"]


@pytest.mark.parametrize("last", [BEGINNING, 2])
def test_it_knows_when_all_that_is_there_was_read(topics: Topics, send: Send, last: int) -> None:
    send(b"0")
    send(b"1", partition=1)
    send(b"2", abort=True)
    with open_reader(settings(*topics.overrides(Path("nowhere"))), dead_letters=False, last=last) as reader:
        assert not reader.caught_up()
        assert sorted(map(str, values(reader, 2))) == ["b'0'", "b'1'"]
        assert reader.caught_up()


def test_it_begins_with_what_is_committed_after_its_start_in_all_partitions(topics: Topics, send: Send) -> None:
    send(b"0")
    with open_reader(settings(*topics.overrides(Path("nowhere"))), dead_letters=False, last=0) as reader:
        assert reader.read(0.3) == []
        send(b"1")
        send(b"2", partition=1)
        assert sorted(map(str, values(reader, 2))) == ["b'1'", "b'2'"]


def test_the_last_records_are_counted_without_the_holes_that_transactions_leave(topics: Topics, send: Send) -> None:
    for i in range(12):
        send(b"%d" % i, b"%d" % i, abort=i % 4 != 0)  # 0, 4 and 8 are there
    send(b"one", partition=1)
    all_of_them = [b"0", b"0", b"4", b"4", b"8", b"8", b"one"]
    for last, wanted in ((1, [b"8", b"one"]), (3, [b"4", b"8", b"8", b"one"]), (50, all_of_them)):
        with open_reader(settings(*topics.overrides(Path("nowhere"))), dead_letters=False, last=last) as reader:
            assert values(reader, len(wanted)) == wanted
    with open_reader(settings(*topics.overrides(Path("nowhere"))), dead_letters=False, last=1) as reader:
        send(b"next")
        assert values(reader, 3) == [b"8", b"one", b"next"]


def test_what_the_daemon_published_is_shown(topics: Topics, start: Callable[..., Running]) -> None:
    topics.produce([b'{"stream":"s%d","value":%d}' % (i % 3, i) for i in range(20)] + [b"no json"], lambda i: 0)
    start()
    topics.read("out", 20)
    shown = tail(topics, "--from-beginning", "--count", "20").stdout.splitlines()
    wanted = [[f"s{i % 3}", f"{topics.name}-in-0", str(i)] for i in range(20)]
    assert [line.split()[1:4] for line in shown[1:]] == wanted
    topics.read("dead", 1)
    options = ("--dead-letters", "--from-beginning", "--count", "1")
    (_, line) = tail(topics, *options).stdout.splitlines()
    assert line.split()[:3] == ["not_json", f"{topics.name}-in-0", "20"] and line.endswith("  no json")
    whole = json.loads(tail(topics, *options, "--json").stdout)
    assert whole["reason"] == "not_json" and whole["value"] == "bm8ganNvbg==" and whole["length"] == 7


def test_a_record_that_is_not_ours_is_told_with_its_place(topics: Topics, send: Send) -> None:
    send(b"\x1b[2J")
    send(b'{"v":1,"source":{"topic":"t","partition":0,"offset":7},"stream":"a","time":1,"forecasts":[],"settled":[]}')
    result = tail(topics, "--from-beginning", "--count", "1")
    assert result.stderr.startswith(f"unreadable: {topics.name}-out-0 at offset 0: ")
    assert "t-0 7" in result.stdout and result.exit_code == 0


def test_what_the_client_cannot_read_ends_with_code_4_and_its_place(
    topics: Topics, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(b"0")
    with closing(KafkaProducer(bootstrap_servers=topics.bootstrap, compression_type="zstd")) as producer:
        producer.send(f"{topics.name}-out", b" " * 1000, partition=0)
        producer.flush(WAIT)
    monkeypatch.setattr(kafka.codec, "has_zstd", lambda: False)
    result = tail(topics, "--from-beginning")
    assert result.exit_code == ExitCode.TRANSPORT
    assert f"{topics.name}-out-0 cannot be read at offset 2 (UnsupportedCodecError" in result.stderr


def test_no_group_is_left_behind(topics: Topics, send: Send) -> None:
    with closing(KafkaAdminClient(bootstrap_servers=topics.bootstrap)) as admin:
        before = {str(group) for group in admin.list_groups()}
        with open_reader(settings(*topics.overrides(Path("nowhere"))), dead_letters=False, last=5) as reader:
            send(b"0")
            assert values(reader, 1) == [b"0"]
            assert {str(group) for group in admin.list_groups()} == before


@pytest.mark.parametrize("options", [(), ("--last", "3"), ("--dead-letters", "--from-beginning")])
def test_a_missing_topic_ends_with_code_4_and_its_setting(topics: Topics, options: tuple[str, ...]) -> None:
    which = "dead_letters" if "--dead-letters" in options else "predictions"
    result = tail(topics, *options, "--set", f"transport.{which}=nowhere")
    assert result.exit_code == ExitCode.TRANSPORT
    assert result.stderr == f"there is no topic nowhere: `streamrnn topics create` makes it, or set transport.{which}\n"


def test_brokers_that_stop_to_answer_are_told_and_end_it(own: JavaBroker) -> None:
    topics = made(own)
    chosen = settings(*topics.overrides(Path("nowhere")), "kafka.request_timeout=6")
    with open_reader(chosen, dead_letters=False, last=0) as reader:
        assert reader.read(0.2) == [] and reader.silence == 0
        silences = list[float]()
        with own.frozen(), pytest.raises(TransportError, match="the brokers have not answered for") as ended:
            silences.extend(reader.silence for _ in iter(lambda: reader.read(0.2), None))
    assert ended.value.kind == "unreachable" and max(silences) > 4


def test_brokers_that_do_not_answer_end_it_with_code_4_and_their_setting(tmp_path: Path) -> None:
    options = ["transport.kind=kafka", "kafka.bootstrap_servers=127.0.0.1:1", "kafka.request_timeout=1"]
    result = CliRunner().invoke(app, ["tail", *(word for each in options for word in ("--set", each))])
    assert result.exit_code == ExitCode.TRANSPORT
    assert "kafka.bootstrap_servers" in result.stderr and len(result.stderr.splitlines()) == 1
