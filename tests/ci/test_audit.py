"""A known fault of a pinned dependency fails; a database that cannot be reached is said, and fails nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

AUDIT = Path(__file__).parents[2] / ".ci/audit.py"
FAULT = {"name": "a", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
SOUND = {"name": "b", "version": "2.0", "vulns": []}
UNKNOWN = {"name": "c", "skip_reason": "not found"}


def audit(pins: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(AUDIT), str(pins)]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, timeout=60)


def with_answers(folder: Path, **answers: Any) -> subprocess.CompletedProcess[str]:
    """The audit, where the tool says this of each database: packages, or its last words where it breaks."""
    package = folder / "pip_audit"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(
        f"import json, sys\nanswer = {answers!r}[sys.argv[sys.argv.index('--vulnerability-service') + 1]]\n"
        "if isinstance(answer, str):\n    sys.exit(answer)\n"
        "with open(sys.argv[sys.argv.index('--output') + 1], 'w') as file:\n"
        "    json.dump({'dependencies': answer}, file)\n"
    )
    return audit(folder / "pins.txt", PYTHONPATH=str(folder))


def test_a_known_fault_fails(tmp_path: Path) -> None:
    ended = with_answers(tmp_path, pypi=[FAULT, SOUND])
    assert ended.returncode == 1
    assert "a 1.0: PYSEC-1, mended in 1.1" in ended.stdout


def test_no_known_fault_passes_and_names_what_could_not_be_judged(tmp_path: Path) -> None:
    ended = with_answers(tmp_path, pypi=[SOUND, UNKNOWN])
    assert ended.returncode == 0
    assert ended.stdout == "audit: 0 known faults in 1 packages (pypi); unknown to it: c\n"


def test_a_mirror_that_knows_of_no_package_has_not_judged_them(tmp_path: Path) -> None:
    ended = with_answers(tmp_path, pypi=[UNKNOWN], osv="requests.exceptions.ConnectionError: no route")
    assert ended.returncode == 0
    assert ended.stdout.startswith("audit SKIPPED: no database of known faults can be reached from here")
    assert len(ended.stdout.splitlines()) == 1


def test_the_second_database_is_asked_where_the_first_is_away(tmp_path: Path) -> None:
    ended = with_answers(tmp_path, pypi="ERROR: Could not connect to PyPI's vulnerability feed", osv=[FAULT])
    assert ended.returncode == 1


def test_an_audit_that_breaks_is_no_skip(tmp_path: Path) -> None:
    ended = with_answers(tmp_path, pypi="ERROR: invalid requirements input")
    assert ended.returncode == 1
    assert "invalid requirements input" in ended.stderr


@pytest.mark.tools
def test_the_real_tool_finds_a_fault_and_misses_a_database_that_is_away(tmp_path: Path) -> None:
    pytest.importorskip("pip_audit", reason="pip-audit is not installed: pip install '.[tools]'")
    pins = tmp_path / "pins.txt"
    pins.write_text("somebody==1.0\n")
    away = {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1", "XDG_CACHE_HOME": str(tmp_path)}
    with database(id="PYSEC-7", affected=[{"package": {"name": "somebody", "ecosystem": "PyPI"}, "ranges": []}]) as url:
        found = audit(pins, PIP_AUDIT_OSV_URL=url, **away)
    assert found.returncode == 1 and "PYSEC-7" in found.stdout
    missed = audit(pins, PIP_AUDIT_OSV_URL="https://127.0.0.2:9", **away)
    assert missed.returncode == 0 and missed.stdout.startswith("audit SKIPPED")


@contextmanager
def database(**fault: Any) -> Iterator[str]:
    """A server that tells this one fault of any package."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps({"vulns": [fault | {"summary": "", "aliases": []}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    server.server_close()
