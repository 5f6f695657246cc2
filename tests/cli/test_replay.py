"""``replay`` ends with a reason where a file cannot be read, never with a trace."""

import gzip
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streamrnn.cli.app import app
from streamrnn.exits import ExitCode


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.jsonl.gz", gzip.compress(b'{"stream": "a", "time": 1, "value": 2}\n' * 5000)[:60]),
        ("latin.csv", b"time,value\n2024-01-01,\xe9\n"),
        ("wide.csv", b"time,value\n1," + b"9" * 200_000 + b"\n"),
    ],
)
def test_an_unreadable_file_is_named_with_the_reason(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    result = CliRunner().invoke(app, ["replay", str(tmp_path / name)])
    assert result.exit_code == ExitCode.SETTINGS
    assert name in result.output
    assert "Traceback" not in result.output
