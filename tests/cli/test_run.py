"""``streamrnn run`` tells what it reads and writes, and its end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from streamrnn.exits import ExitCode

COMMAND = [sys.executable, "-c", "from streamrnn.cli.app import main; main()", "run"]
SMALL = ("http.port=0", "model.kind=none", "logging.format=json", "transport.commit_interval=0.01")
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the daemon in a folder that has one partition to read."""
    events = tmp_path / "var/log/events"
    events.mkdir(parents=True)
    (events / "0.jsonl").write_text('{"stream": "a", "time": 1, "value": 2}\n')
    started: list[subprocess.Popen[str]] = []

    def start(*overrides: str, options: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        arguments = [word for text in (*SMALL, *overrides) for word in ("--set", text)]
        started.append(
            subprocess.Popen([*COMMAND, *arguments, *options], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stderr is not None
    found: dict[str, Any] = json.loads(process.stderr.readline())
    return found


def until(process: subprocess.Popen[str], message: str) -> dict[str, Any]:
    while True:
        found = line(process)
        if found["message"].startswith(message):
            return found


def await_answer(process: subprocess.Popen[str], folder: Path) -> None:
    answers = folder / "var/log/predictions/0.jsonl"
    while not (answers.exists() and answers.stat().st_size):
        assert process.poll() is None
        time.sleep(0.01)


def test_it_tells_where_it_reads_and_writes_that_it_stops_and_what_it_did(start: Start, tmp_path: Path) -> None:
    process = start()
    running = until(process, "running")
    assert running["reads"] == "var/log/events"
    assert running["writes"] == "var/log/predictions"
    assert running["dead_letters"] == "var/log/dead-letters"
    assert running["snapshots"] == "var/log/snapshots"
    assert running["status"].startswith("http://127.0.0.1:")
    await_answer(process, tmp_path)
    process.send_signal(signal.SIGINT)
    assert until(process, "stopping")["signal"] == "SIGINT"
    assert until(process, "stopped")["events"] == 1
    assert process.wait(30) == ExitCode.OK


def test_without_a_partition_it_says_what_it_waits_for(start: Start, tmp_path: Path) -> None:
    (tmp_path / "var/log/events/0.jsonl").unlink()
    process = start()
    assert until(process, "there is no file <number>.jsonl")["level"] == "warning"


def test_what_is_wrong_with_the_events_is_told_as_it_begins(start: Start, tmp_path: Path) -> None:
    with (tmp_path / "var/log/events/1.jsonl").open("w") as file:
        file.write('{"stream": "a", "time": "2024-01-01", "value": 2}\n' * 3)
    process = start("events.features=value,vaule")
    warnings = {}
    while len(warnings) < 2:
        told = line(process)
        if told["level"] == "warning":
            warnings[told["message"].partition(":")[0]] = told
    refused, absent = warnings["a record was refused"], warnings["no event so far has this feature"]
    assert (refused["reason"], refused["partition"], refused["offset"]) == ("bad_time", 1, 0)
    assert "events.time_format" in refused["why"]
    assert absent["feature"] == "vaule"
    process.terminate()
    assert until(process, "stopped")["dead_letters_bad_time"] == 3
    assert process.wait(30) == ExitCode.OK


def test_a_new_lineage_is_begun_by_an_option(start: Start, tmp_path: Path) -> None:
    first = start()
    until(first, "running")
    await_answer(first, tmp_path)
    first.terminate()
    assert first.wait(30) == ExitCode.OK
    refused = start("streams.max_live=7")
    assert "--new-lineage" in until(refused, "the snapshot")["message"]
    assert refused.wait(30) == ExitCode.STATE
    second = start("streams.max_live=7", options=("--new-lineage",))
    until(second, "a new model begins")
    second.terminate()
    assert second.wait(30) == ExitCode.OK


def test_what_the_system_refuses_ends_with_code_4_and_the_remedy(start: Start, tmp_path: Path) -> None:
    (tmp_path / "var/log/lock").mkdir()
    process = start()
    failure = line(process)
    assert process.wait(30) == ExitCode.TRANSPORT
    assert failure["message"].startswith("cannot write var/log/lock: Is a directory. Check")
    assert (failure["level"], failure["kind"], failure["code"]) == ("error", "other", ExitCode.TRANSPORT)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may do anything")
def test_a_folder_without_the_right_to_write_ends_with_code_4_and_the_remedy(start: Start, tmp_path: Path) -> None:
    (tmp_path / "var/log").chmod(0o500)
    process = start()
    failure = line(process)
    assert process.wait(30) == ExitCode.TRANSPORT
    assert "Permission denied. Check the disk and that this user may write there" in failure["message"]


def test_a_taken_port_ends_with_code_2_and_the_remedy(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start(f"http.port={taken.getsockname()[1]}")
        _, errors = process.communicate(timeout=30)
    assert process.returncode == ExitCode.SETTINGS
    assert "Address already in use" in errors and "http.port" in errors
