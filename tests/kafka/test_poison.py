"""Unusable records become dead letters; what the client itself cannot read stops the daemon, with its place."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import kafka.codec
import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from streamrnn.events.columns import Partition
from streamrnn.exits import ExitCode
from tests.helpers import settings
from tests.kafka.broker import JavaBroker
from tests.kafka.conftest import BASE, WAIT, Running, Topics

Start = Callable[..., Running]

BAD = {
    b"not json": b"not_json",
    b"": b"not_json",
    b"[1, 2]": None,
    b'{"stream": "a"': b"not_json",
    b'{"stream": "a", "value": NaN}': b"not_json",
    b'{"stream": "a", "value": 1e400}': None,
    b'{"stream": "a", "value": "warm"}': None,
    b'{"stream": "a", "value": 1e30}': None,
    b'{"value": 1}': None,
    b'{"stream": "' + b"k" * 300 + b'", "value": 1}': None,
    b"\xff\xfe\x00": b"not_json",
    b"[" * 10_000: None,
    b'{"stream": "a", "value": 1, "pad": "' + b"x" * 70_000 + b'"}': b"too_large",
    b'{"stream": "a", "value": 1, "pad": "' + b"x" * 900_000 + b'"}': b"too_large",
}


def good(i: int) -> bytes:
    return b'{"stream":"a","value":%d}' % i


def test_every_kind_of_bad_record_among_good_ones_becomes_one_dead_letter(topics: Topics, start: Start) -> None:
    values = [value for i, bad in enumerate(BAD) for value in (good(i), bad)]
    topics.produce(values, lambda i: 0)
    running = start()
    answers = topics.read("out", len(BAD))[0]
    letters = [record for records in topics.read("dead", len(BAD)).values() for record in records]
    assert running.stop() == ExitCode.OK
    assert [int(dict(record.headers)["offset"]) for record in answers] == list(range(0, len(values), 2))
    by_offset = {int(dict(record.headers)["offset"]): record for record in letters}
    for i, (value, reason) in enumerate(BAD.items()):
        letter = by_offset[2 * i + 1]
        headers = dict(letter.headers)
        assert letter.value == value[:65_536] and int(headers["length"]) == len(value)
        assert reason is None or headers["reason"] == reason


def test_a_key_as_long_as_the_limit_of_a_message_fits_into_its_dead_letter(topics: Topics, start: Start) -> None:
    with closing(KafkaProducer(bootstrap_servers=topics.bootstrap)) as producer:
        for key in (b"k" * 1_000_000, b"\xff"):
            producer.send(f"{topics.name}-in", b"{}", key=key, partition=0)
        producer.flush(WAIT)
    start("events.stream=null")
    letters = [record for records in topics.read("dead", 2).values() for record in records]
    assert {record.key for record in letters} == {b"k" * 256, b"\xff"}


def test_a_dead_letter_is_cut_to_what_its_topic_takes(topics: Topics, start: Start) -> None:
    with closing(KafkaAdminClient(bootstrap_servers=topics.bootstrap)) as admin:
        admin.create_topics({f"{topics.name}-low": {"num_partitions": 1, "configs": {"max.message.bytes": "50000"}}})
    noise = random.Random(1).randbytes(60_000)
    topics.produce([good(0), noise, good(2)], lambda i: 0)
    start(f"transport.dead_letters={topics.name}-low", "events.max_bytes=2000000")
    assert len(topics.read("out", 2)[0]) == 2
    low = Topics(topics.bootstrap, topics.name, 1)
    (letter,) = low.read("low", 1)[0]
    assert noise.startswith(letter.value) and len(letter.value) > 40_000
    assert dict(letter.headers)["length"] == b"60000"


def test_a_codec_that_is_not_installed_stops_with_the_offset(
    topics: Topics, start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    topics.produce([good(i) for i in range(10)], lambda i: 0)
    with closing(KafkaProducer(bootstrap_servers=topics.bootstrap, compression_type="zstd")) as producer:
        producer.send(f"{topics.name}-in", good(0) + b" " * 1000, partition=0)
        producer.flush(WAIT)
    monkeypatch.setattr(kafka.codec, "has_zstd", lambda: False)
    running = start()
    assert running.wait() == ExitCode.STATE
    assert f"{topics.name}-in-0 cannot be read from offset 10 on (UnsupportedCodecError" in caplog.text
    assert f"--skip-to {topics.name}-in-0:11" in caplog.text
    assert len(topics.read("out", 10)[0]) == 10


def test_a_damaged_batch_stops_with_its_place_and_is_left_out_by_an_explicit_word(
    own: JavaBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    topics = Topics(own.bootstrap, f"t{uuid.uuid4().hex[:8]}", 1)
    with closing(KafkaAdminClient(bootstrap_servers=own.bootstrap)) as admin:
        admin.create_topics([NewTopic(f"{topics.name}-{kind}", 1, 1) for kind in ("in", "out", "dead")])
    with closing(KafkaProducer(bootstrap_servers=own.bootstrap, linger_ms=1000)) as producer:  # a batch each
        for batch in range(5):
            for i in range(20):
                value = b'{"stream":"a","value":%d,"batch":"batch%d"}' % (i, batch)
                producer.send(f"{topics.name}-in", value, partition=0, timestamp_ms=BASE + i)
            producer.flush(WAIT)
    damage(own, f"{topics.name}-in", b"batch3")

    def run(skip_to: dict[Partition, int] | None = None) -> Any:
        return Running(settings(*topics.overrides(tmp_path / "snapshots")), skip_to=skip_to)

    place = Partition(f"{topics.name}-in", 0)
    for _ in range(2):  # a restart meets the same, and says the same
        assert run().wait() == ExitCode.STATE
        assert f"{place} cannot be read from offset 60 on (CorruptRecordError" in caplog.text
        assert f"--skip-to {place}:80" in caplog.text
        caplog.clear()
        assert len(topics.read("out", 60)[0]) == 60
    skipping = run({place: 80})
    found = topics.read("out", 80)[0]
    assert skipping.stop() == ExitCode.OK
    assert [int(dict(record.headers)["offset"]) for record in found] == [*range(60), *range(80, 100)]
    assert [int(dict(record.headers)["records"]) for record in found] == list(range(1, 81))
    assert skipping.daemon.shards()[place].records == 80
    lineage = skipping.daemon.shards()[place].lineage
    again = run()
    while not again.daemon.shards() and again.code is None:
        time.sleep(0.05)
    assert again.stop() == ExitCode.OK
    assert again.daemon.shards()[place].lineage == lineage


def damage(broker: JavaBroker, topic: str, where: bytes) -> None:
    """Turn one bit of a batch on the broker's disk."""
    broker.stop()
    (segment,) = broker.folder.glob(f"data/{topic}-0/*.log")
    content = bytearray(segment.read_bytes())
    content[content.index(where)] ^= 1
    segment.write_bytes(content)
    broker.start()
