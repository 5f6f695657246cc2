"""Standard input is read once, without holding up the daemon or running ahead of it."""

import io
import os
import time
from collections.abc import Iterator
from typing import BinaryIO

import pytest

from streamrnn.transport import Committed, TransportError
from streamrnn.transport.standard import PARTITION, StandardInput


@pytest.fixture
def pipe() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    reading, writing = os.pipe()
    with open(reading, "rb") as source, open(writing, "wb", buffering=0) as sink:
        yield source, sink


def test_the_last_line_needs_no_line_feed() -> None:
    log = StandardInput(10, io.BytesIO(b"one\ntwo"))
    assert [records.values for records in log.poll(1) + log.poll(1)] in ([[b"one", b"two"]], [[b"one"], [b"two"]])


def test_it_is_finished_when_all_was_polled() -> None:
    log = StandardInput(1, io.BytesIO(b"one\ntwo\n"))
    while not log._ended:
        assert not log.finished
        log.poll(0.1)
    while log.poll(0):
        pass
    assert log.finished


def test_a_pipe_without_data_does_not_hold_up_the_daemon(pipe: tuple[BinaryIO, BinaryIO]) -> None:
    source, sink = pipe
    log = StandardInput(10, source)
    started = time.monotonic()
    assert log.poll(0.05) == []
    assert time.monotonic() - started < 1
    sink.write(b"one\n")
    [records] = log.poll(5)
    assert records.values == [b"one"]
    assert not log.finished
    sink.close()
    assert log.poll(5) == []
    assert log.finished


def test_a_fast_writer_has_to_wait(pipe: tuple[BinaryIO, BinaryIO]) -> None:
    source, sink = pipe
    os.set_blocking(sink.fileno(), False)
    log = StandardInput(10, source)
    written, full = 0, 0
    while full < 20:
        count = sink.write(b"x" * 999 + b"\n")
        written += count or 0
        full = 0 if count else full + 1
        if not count:
            time.sleep(0.01)
    assert written < 4 * 1024 * 1024
    log.close()


def test_there_is_no_going_back() -> None:
    log = StandardInput(10, io.BytesIO(b"one\n"))
    log.seek(PARTITION, 0)
    log.poll(1)
    with pytest.raises(TransportError, match="kind: directory"):
        log.seek(PARTITION, 0)


def test_no_commit_is_ever_found() -> None:
    log = StandardInput(10, io.BytesIO(b""), io.BytesIO(), io.BytesIO())
    log.commit({PARTITION: Committed(1, "L")})
    assert log.committed(PARTITION) is None


def test_a_reader_that_went_away_is_an_error_with_a_remedy(pipe: tuple[BinaryIO, BinaryIO]) -> None:
    source, sink = pipe
    log = StandardInput(10, io.BytesIO(b""), sink, io.BytesIO())
    source.close()
    log.publish(PARTITION, [b"answer"], [b"a"], [])
    with pytest.raises(TransportError, match="reader of the pipe"):
        log.commit({})
