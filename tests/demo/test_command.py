import re
import signal
import socket
import subprocess
import sys

import pytest

COMMAND = [
    sys.executable, "-c", "import typer; from streamrnn.cli.demo import demo; typer.run(demo)", "--port", "0",
]  # fmt: skip


def test_it_ends_by_itself_answers_every_event_and_sums_up(tmp_path):
    log = tmp_path / "demo" / "log"
    arguments = ["--events", "3000", "--streams", "20", "--keep", str(tmp_path / "demo")]
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert re.search(r"Learned from [23],\d{3} events of \d+ streams .* than the last value", done.stdout)
    answered = sum(
        file.read_bytes().count(b"\n") for topic in ("predictions", "dead-letters") for file in (log / topic).glob("*")
    )
    assert answered == 3000


def test_an_interrupt_drains_and_sums_up():
    process = subprocess.Popen([*COMMAND, "--rate", "500"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() in ("starting\n", "compiling (first start only)\n")
    assert re.match(r"[1-9][0-9,]* events, ", process.stdout.readline())
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "Learned from" in out


def test_a_taken_port_is_said_with_the_remedy():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "--port 0" in done.stderr and "http.port" not in done.stderr


@pytest.mark.parametrize("content", ["file", "folder"])
def test_it_does_not_write_into_what_is_there(tmp_path, content):
    if content == "file":
        (tmp_path / "kept").write_text("mine")
    else:
        (tmp_path / "kept" / "mine").mkdir(parents=True)
    done = subprocess.run([*COMMAND, "--keep", str(tmp_path / "kept")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "give --keep a new folder" in done.stderr
