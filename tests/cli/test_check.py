"""``streamrnn check`` tells whether the daemon could start, and changes nothing."""

import re
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streamrnn.cli.app import app
from streamrnn.cli.check import memory_table
from streamrnn.exits import ExitCode
from streamrnn.settings import load
from streamrnn.streams.layout import Layout


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run ``check`` in a folder that has one partition to read."""
    monkeypatch.chdir(tmp_path)
    Path("var/log/events").mkdir(parents=True)
    Path("var/log/events/0.jsonl").touch()
    return lambda *overrides: CliRunner().invoke(
        app, ["check", *(part for text in ("http.port=0", *overrides) for part in ("--set", text))]
    )


def everything() -> list[Path]:
    return sorted(Path().rglob("*"))


def test_a_daemon_that_could_start_gives_0_and_no_new_file(check):
    before = everything()
    result = check()
    assert result.exit_code == ExitCode.OK
    assert "FAIL" not in result.stdout
    assert "var/log/events has 1 partitions" in result.stdout
    assert everything() == before


def test_standard_input_needs_no_folder(check):
    result = check("transport.kind=standard", "transport.path=/nowhere")
    assert result.exit_code == ExitCode.OK
    assert "cannot be recovered" in result.stdout


@pytest.mark.parametrize(
    ("override", "text", "code"),
    [
        ("transport.input=other", "cannot read var/log/other: No such file", ExitCode.TRANSPORT),
        ("transport.input=empty", "var/log/empty has no <number>.jsonl file", ExitCode.TRANSPORT),
        ("snapshots.path=file/x", "file is not a folder", ExitCode.STATE),
        ("http.host=192.0.2.1", "cannot listen at 192.0.2.1:0", ExitCode.SETTINGS),
    ],
)
def test_what_would_stop_the_daemon_is_named_with_its_exit_code(check, override, text, code):
    Path("var/log/empty").mkdir()
    Path("file").touch()
    result = check(override)
    assert result.exit_code == code
    (failure,) = [line for line in result.stdout.splitlines() if line.startswith("FAIL")]
    assert text in failure


def test_a_taken_port_is_found(check):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = check(f"http.port={port}")
        assert result.exit_code == ExitCode.SETTINGS
        assert f"cannot listen at 127.0.0.1:{port}" in result.stdout
        assert check(f"http.port={port}", "http.enabled=false").exit_code == ExitCode.OK


def test_memory_is_told_for_one_stream_and_for_all():
    settings = load(None, ["streams.max_live=10", "model.hidden_size=16"], {}).settings
    size = Layout.from_settings(settings).bytes_per_stream()
    header, *rows = memory_table(settings).splitlines()
    assert "10 streams" in header
    assert re.fullmatch(rf"all +{size} +{size * 10}", rows[-1])
    parts = [int(row.split()[-2]) for row in rows]
    assert sum(parts[:-1]) == parts[-1]
