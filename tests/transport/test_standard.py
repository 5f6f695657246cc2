"""Standard input is read once, without holding up the daemon, running ahead of it or outliving it."""

import os
import signal
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from streamrnn.transport import Committed, TransportError
from streamrnn.transport.standard import PARTITION, READ_BYTES, StandardInput
from tests.helpers import output

Pipe = tuple[BinaryIO, BinaryIO]
COMMAND = [
    sys.executable, "-c", "from streamrnn.cli.app import main; main()", "run", "--set", "transport.kind=standard",
    "--set", "http.enabled=false", "--set", "model.kind=none",
]  # fmt: skip
EVENT = b'{"stream": "a", "time": 1, "value": 2}\n'


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    reading, writing = os.pipe()
    with open(reading, "rb") as source, open(writing, "wb", buffering=0) as sink:
        yield source, sink


@pytest.fixture
def open_log(pipe: Pipe) -> Callable[..., StandardInput]:
    """A log that reads the pipe, and has nothing to write to."""
    source, _ = pipe
    return lambda poll_records=10, **options: StandardInput(poll_records, source.fileno(), 98, 99, **options)


@pytest.fixture
def run() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """The daemon as a process that reads a pipe."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*overrides: str) -> subprocess.Popen[bytes]:
        arguments = [word for override in overrides for word in ("--set", override)]
        piped = subprocess.PIPE
        started.append(subprocess.Popen([*COMMAND, *arguments], stdin=piped, stdout=piped, stderr=piped))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_the_last_line_needs_no_line_feed(pipe: Pipe, open_log: Callable[..., StandardInput]) -> None:
    pipe[1].write(b"one\ntwo")
    pipe[1].close()
    log = open_log()
    assert [line for records in log.poll(1) + log.poll(1) for line in records.values] == [b"one", b"two"]


def test_it_is_finished_when_all_was_polled(pipe: Pipe, open_log: Callable[..., StandardInput]) -> None:
    pipe[1].write(b"one\ntwo\n")
    pipe[1].close()
    log = open_log(1)
    assert [len(log.poll(1)), len(log.poll(1))] == [1, 1]
    assert log.poll(1) == []
    assert log.finished


def test_a_pipe_without_data_does_not_hold_up_the_daemon(pipe: Pipe, open_log: Callable[..., StandardInput]) -> None:
    log = open_log()
    assert log.poll(0.05) == []
    pipe[1].write(b"one\ntorn")
    [records] = log.poll(5)
    assert records.values == [b"one"]
    assert log.poll(0) == []
    assert not log.finished
    pipe[1].close()
    [records] = log.poll(5)
    assert records.values == [b"torn"]
    assert log.finished


def test_a_fast_writer_has_to_wait(pipe: Pipe, open_log: Callable[..., StandardInput]) -> None:
    sink = pipe[1]
    os.set_blocking(sink.fileno(), False)
    log = open_log()
    while sink.write(b"x" * 999 + b"\n"):
        pass
    [records] = log.poll(0)
    assert len(records) == 10  # and no more was taken from the pipe than these need
    taken = 0
    while sink.write(b"x" * 999 + b"\n"):
        taken += 1
    assert taken <= 70


def test_a_line_that_never_ends_takes_bounded_memory(pipe: Pipe, open_log: Callable[..., StandardInput]) -> None:
    sink = pipe[1]
    limit = 1 << 20

    def write() -> None:
        for _ in range(64):
            sink.write(b"x" * limit)
        sink.write(b"\n" + EVENT)
        sink.close()

    writer = threading.Thread(target=write)
    writer.start()
    log = open_log(10, max_line_bytes=limit)
    tracemalloc.start()
    try:
        lines = []
        while not log.finished:
            lines += [line for records in log.poll(1) for line in records.values]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        writer.join()
    assert [len(line or b"") for line in lines] == [limit, len(EVENT) - 1]
    assert peak < 6 * limit


def test_long_lines_do_not_add_up_in_memory(tmp_path: Path) -> None:
    length = READ_BYTES // 4
    (tmp_path / "input").write_bytes((b"x" * (length - 1) + b"\n") * 12)
    with (tmp_path / "input").open("rb") as source:
        log = StandardInput(1000, source.fileno(), 98, 99)
        sizes = []
        while not log.finished:
            sizes += [len(records) for records in log.poll(1)]
    assert sum(sizes) == 12
    assert max(sizes) <= 5


def test_there_is_no_going_back(pipe: Pipe, open_log: Callable[..., StandardInput]) -> None:
    log = open_log()
    log.seek(PARTITION, 0)
    pipe[1].write(b"one\n")
    log.poll(1)
    with pytest.raises(TransportError, match="kind: directory"):
        log.seek(PARTITION, 0)


def test_no_commit_is_ever_found(open_log: Callable[..., StandardInput]) -> None:
    log = open_log()
    log.commit({PARTITION: Committed(1, "L")})
    assert log.committed(PARTITION) is None


def test_a_reader_that_went_away_is_an_error_with_a_remedy(pipe: Pipe) -> None:
    source, sink = pipe
    log = StandardInput(10, 97, sink.fileno(), 99)
    source.close()
    log.publish(output(PARTITION, b"answer"))
    with pytest.raises(TransportError, match="reader of the pipe"):
        log.commit({})


def test_a_descriptor_that_cannot_be_used_is_named(tmp_path: Path, pipe: Pipe) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        with pytest.raises(TransportError, match="cannot read standard input: Is a directory"):
            StandardInput(10, folder, 98, 99).poll(1)
    finally:
        os.close(folder)
    log = StandardInput(10, 97, pipe[0].fileno(), 99)  # a pipe's end that is for reading
    log.publish(output(PARTITION, b"answer"))
    with pytest.raises(TransportError, match=r"cannot write to descriptor \d+: Bad file descriptor"):
        log.commit({})


def test_standard_input_that_is_closed_is_named(tmp_path: Path) -> None:
    command = 'exec "$@" <&-'
    done = subprocess.run(["sh", "-c", command, "sh", *COMMAND], cwd=tmp_path, capture_output=True, timeout=60)
    assert done.returncode == 4
    assert b"standard input is closed" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_the_input_idles_ends_the_process_in_order(
    run: Callable[..., subprocess.Popen[bytes]], number: signal.Signals
) -> None:
    process = run()
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(EVENT)
    process.stdin.flush()
    assert b'"stream":"a"' in process.stdout.readline()
    process.send_signal(number)  # the pipe stays open
    assert process.wait(30) == 0


def test_a_taken_port_ends_the_process_in_order_while_the_input_idles(
    run: Callable[..., subprocess.Popen[bytes]],
) -> None:
    process = run("http.enabled=true", "http.host=192.0.2.1", "http.unprotected=true")
    assert process.wait(30) == 2
    assert process.stderr is not None and b"Fatal" not in process.stderr.read()


def test_a_reader_that_goes_away_ends_the_process_with_code_4(run: Callable[..., subprocess.Popen[bytes]]) -> None:
    process = run()
    assert process.stdin is not None and process.stdout is not None
    process.stdout.close()
    process.stdin.write(EVENT)
    process.stdin.flush()
    assert process.wait(60) == 4
    assert process.stderr is not None and b"reader of the pipe" in process.stderr.read()
