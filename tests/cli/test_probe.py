"""``streamrnn probe`` asks the daemon beside it, with TLS too, and tells why not."""

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme
from typer.testing import CliRunner

from streamrnn.cli.app import app
from streamrnn.cli.service import serve
from streamrnn.exits import ExitCode
from tests.helpers import settings

ANSWERS = {
    "/livez": (200, b'{"ok": true}'),
    "/readyz": (503, b'{"ok": false, "reason": "restoring events-0"}'),
}


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = ANSWERS[self.path]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Health)
    threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def probe(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["probe", *arguments])
    return result.exit_code, result.output.strip()


def test_alive_is_one_thing_and_ready_another(server: ThreadingHTTPServer) -> None:
    port = f"http.port={server.server_port}"
    assert probe("--set", port) == (ExitCode.OK, "ok")
    assert probe("--set", port, "--ready") == (1, "restoring events-0")


def test_a_daemon_that_listens_everywhere_is_asked_here(server: ThreadingHTTPServer) -> None:
    settings = ["--set", f"http.port={server.server_port}", "--set", "http.host=0.0.0.0"]
    assert probe(*settings, "--set", "http.unprotected=true") == (ExitCode.OK, "ok")


def test_with_a_certificate_it_asks_with_tls(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=elsewhere", "-days", "1"]
    subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    port = f"http.port={server.server_port}"
    files = ["--set", f"http.certificate={certificate}", "--set", f"http.key={key}"]
    assert probe("--set", port, *files) == (ExitCode.OK, "ok")


def test_the_daemon_answers_without_token_and_certificate(tmp_path: Path) -> None:
    """Of the daemon's own server, with all that it can ask for."""
    authority, files = trustme.CA(), {name: tmp_path / f"{name}.pem" for name in ("certificate", "key", "client_ca")}
    issued = authority.issue_cert("learner.example.org")
    issued.cert_chain_pems[0].write_to_path(files["certificate"])
    issued.private_key_pem.write_to_path(files["key"])
    authority.cert_pem.write_to_path(files["client_ca"])
    (tmp_path / "events").mkdir()
    protected = [f"http.{name}={path}" for name, path in files.items()] + ["http.token=0123456789abcdef"]
    place = f"transport.path={tmp_path}"
    with serve(settings(place, "http.port=0", "http.host=0.0.0.0", *protected), []) as service:
        port = f"http.port={urlsplit(service.address).port}"
        chosen = [word for each in (place, port, "http.host=0.0.0.0", *protected) for word in ("--set", each)]
        assert probe(*chosen) == (ExitCode.OK, "ok")
        assert probe(*chosen, "--ready") == (1, "/readyz answered with status 503")


def test_with_the_token_it_tells_the_reason(tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    protected = [f"transport.path={tmp_path}", "http.token=0123456789abcdef"]
    with serve(settings("http.port=0", *protected), []) as service:
        port = f"http.port={urlsplit(service.address).port}"
        chosen = [word for each in (port, *protected) for word in ("--set", each)]
        assert probe(*chosen, "--ready") == (1, "no partition is assigned")


def test_where_nobody_listens_it_says_so() -> None:
    code, said = probe("--set", "http.port=1")
    assert code == 1 and said.startswith("no answer at 127.0.0.1:1")


@pytest.mark.parametrize("setting", ["http.port=0", "http.enabled=false"])
def test_without_a_port_there_is_nobody_to_ask(setting: str) -> None:
    code, said = probe("--set", setting)
    assert code == ExitCode.SETTINGS and "http.port" in said
