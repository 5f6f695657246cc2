"""The server answers within its limits, and whoever breaks them loses alone."""

import asyncio
import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import trustme

from streamrnn.settings.service import Http
from streamrnn.web import door
from streamrnn.web import server as module
from streamrnn.web.budget import Budget
from streamrnn.web.server import HttpError, HttpServer
from tests.web.conftest import Echo, Serve, ask


@contextmanager
def connected(server: HttpServer) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        yield connection


@contextmanager
def asking(server: HttpServer, path: str) -> Iterator[socket.socket]:
    """A connection that has sent a whole request."""
    with connected(server) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        yield connection


def let_go(server: HttpServer, echo: Echo) -> None:
    """Let what is held be answered."""
    assert server._loop is not None
    server._loop.call_soon_threadsafe(echo.held.set)


def said(connection: socket.socket) -> bytes:
    """All that comes until the other side ends."""
    pieces = []
    try:
        while piece := connection.recv(65536):
            pieces.append(piece)
    except ConnectionError:
        pass
    return b"".join(pieces)


def wait_until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


def test_a_path_is_parted_before_it_is_decoded(server: HttpServer) -> None:
    status, _, body = ask(server, "/v1/streams/a%2Fb%20%C3%A9?limit=3&search=x%26y")
    assert status == 200
    asked = json.loads(body)
    assert asked["parts"] == ["v1", "streams", "a/b é"]
    assert asked["query"] == {"limit": "3", "search": "x&y"}


def test_head_has_the_length_and_no_body(server: HttpServer) -> None:
    _, headers, body = ask(server, "/x", method="HEAD")
    assert int(headers["Content-Length"]) > 10 and body == b""


def test_every_answer_has_the_headers_of_safety(server: HttpServer) -> None:
    for path in ("/", "/refused", "/broken"):
        _, headers, _ = ask(server, path)
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Server"] == "streamrnn"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"])
def test_other_methods_are_refused(server: HttpServer, echo: Echo, method: str) -> None:
    with connected(server) as connection:
        connection.sendall(f"{method} / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody".encode())
        answer = said(connection)
    assert answer.startswith(b"HTTP/1.1 405 ") and b"Allow: GET, HEAD" in answer
    assert not echo.seen


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GARBAGE\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 40_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 5000 + b"\r\n", 431),
        (b"GET /" + b"a" * 3000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET /%ff%fe HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /?" + b"a=b&" * 100 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ],
)
def test_what_is_no_request_is_refused_and_never_asked(
    server: HttpServer, echo: Echo, sent: bytes, status: int
) -> None:
    with connected(server) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = said(connection)
    assert answer.split()[:2] == [b"HTTP/1.1", str(status).encode()]
    assert not echo.seen


def test_a_request_may_not_take_for_ever_however_often_a_byte_comes(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HEAD_SECONDS", 0.3)
    started = time.monotonic()
    with connected(server) as connection, pytest.raises(OSError):  # noqa: PT012
        connection.sendall(b"GET / HTTP/1.1\r\n")
        while time.monotonic() - started < 5:
            connection.sendall(b"X")
            time.sleep(0.02)
    assert time.monotonic() - started < 2


def test_among_many_that_say_nothing_one_that_asks_is_answered(server: HttpServer) -> None:
    with ExitStack() as stack:
        for _ in range(3 * module.MOST_CONNECTIONS):
            stack.enter_context(connected(server))
        assert ask(server)[0] == 200


def test_what_is_urgent_is_answered_while_no_other_has_room(server: HttpServer, echo: Echo) -> None:
    with ExitStack() as stack:
        for _ in range(module.MOST_CONNECTIONS):
            stack.enter_context(asking(server, "/held"))
        wait_until(lambda: len(echo.seen) == module.MOST_CONNECTIONS)
        with asking(server, "/other") as waiting:
            assert ask(server, "/now")[0] == 200
            assert echo.seen[-1].path == "/now"
            let_go(server, echo)
            assert said(waiting).startswith(b"HTTP/1.1 200 ")


def test_all_who_wait_are_answered_as_room_comes(
    server: HttpServer, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_CONNECTIONS", 1)
    with asking(server, "/held") as held, ExitStack() as stack:
        wait_until(lambda: len(echo.seen) == 1)
        others = [stack.enter_context(asking(server, "/")) for _ in range(10)]
        let_go(server, echo)
        assert said(held).startswith(b"HTTP/1.1 200 ")
        assert all(said(other).startswith(b"HTTP/1.1 200 ") for other in others)


def test_it_stops_at_once_though_its_budget_is_overdrawn(serve: Serve) -> None:
    budget = Budget()
    server = serve(budget)
    assert ask(server)[0] == 200
    budget.charge(3.0)
    started = time.monotonic()
    server.stop()
    assert time.monotonic() - started < 3.0


def test_who_waits_too_long_or_is_one_too_many_is_sent_away(
    server: HttpServer, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MOST_WAITING", 2)
    monkeypatch.setattr(door, "WAIT_SECONDS", 0.5)
    monkeypatch.setattr(module, "MOST_CONNECTIONS", 1)
    with asking(server, "/held") as held, ExitStack() as stack:
        wait_until(lambda: len(echo.seen) == 1)
        others = [stack.enter_context(asking(server, "/")) for _ in range(3)]
        assert said(others[2]) == b""
        time.sleep(0.6)
        let_go(server, echo)
        assert said(held).startswith(b"HTTP/1.1 200 ")
        assert [said(other) for other in others[:2]] == [b"", b""]
        assert len(echo.seen) == 1


def test_a_client_that_does_not_read_is_dropped(
    server: HttpServer, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr("streamrnn.web.message.PIECE_SECONDS", 0.3)
    with connected(server) as large, connected(server) as stream:
        large.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        stream.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: echo.streams == 1)
        wait_until(lambda: echo.streams == 0)
        wait_until(lambda: not server._tasks)


def test_a_stream_ends_with_its_reader(server: HttpServer, echo: Echo) -> None:
    with connected(server) as connection:
        connection.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
        wait_until(lambda: echo.streams == 1)
    wait_until(lambda: echo.streams == 0)


def test_a_fault_of_ours_is_told_in_the_log_alone(server: HttpServer, caplog: pytest.LogCaptureFixture) -> None:
    status, _, body = ask(server, "/broken")
    assert status == 500 and b"fault" not in body
    assert "a fault of ours" in caplog.text


def test_a_refusal_bears_its_headers(server: HttpServer) -> None:
    status, headers, body = ask(server, "/refused")
    assert (status, headers["Retry-After"], json.loads(body)) == (503, "7", {"ok": False, "reason": "not now"})


def test_a_spent_budget_makes_clients_wait_and_not_the_daemon(serve: Serve) -> None:
    spent = [0.0]
    server = serve(Budget(share=0.1, burst=0.1, spent=lambda: spent[0]))
    assert ask(server)[0] == 200
    spent[0] += 0.15  # half a second of allowance too much
    ask(server)  # one may have been let in before
    started = time.monotonic()
    assert ask(server)[0] == 200
    assert 0.1 < time.monotonic() - started < 3


def test_a_taken_port_names_the_remedy(server: HttpServer) -> None:
    second = HttpServer(Http(port=server.port), Echo())
    with pytest.raises(HttpError, match=r"set http\.host and http\.port to a free address"):
        second.start()
    second.stop()


def test_a_host_that_is_not_ours_names_the_remedy() -> None:
    with pytest.raises(HttpError, match=r"http\.host"):
        HttpServer(Http(host="192.0.2.1", port=0), Echo()).start()


def test_it_stops_and_starts_again_and_leaves_nothing_open(server: HttpServer) -> None:
    before = len(os.listdir("/proc/self/fd")), threading.active_count()
    for _ in range(3):
        server.stop()
        server.start()
        assert ask(server)[0] == 200
    wait_until(lambda: not server._tasks)
    assert (len(os.listdir("/proc/self/fd")), threading.active_count()) == before


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(authority: trustme.CA, tmp_path: Path) -> dict[str, Path]:
    """Certificate, key and the authority's own."""
    certificate = authority.issue_cert("127.0.0.1")
    found = {name: tmp_path / f"{name}.pem" for name in ("certificate", "key", "client_ca")}
    certificate.cert_chain_pems[0].write_to_path(found["certificate"])
    certificate.private_key_pem.write_to_path(found["key"])
    authority.cert_pem.write_to_path(found["client_ca"])
    return found


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_with_a_certificate_it_speaks_tls_and_nothing_else(
    serve: Serve, authority: trustme.CA, files: dict[str, Path]
) -> None:
    server = serve(certificate=files["certificate"], key=files["key"])
    assert server.address.startswith("https://")
    assert ask(server, tls=trusting(authority))[0] == 200
    with pytest.raises(OSError):
        ask(server)
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(server, tls=trusting(trustme.CA()))


def test_it_knows_a_client_by_a_certificate_of_the_right_authority_alone(
    serve: Serve, authority: trustme.CA, files: dict[str, Path]
) -> None:
    server = serve(**files)
    without, known, stranger = (trusting(authority) for _ in range(3))
    authority.issue_cert("reader").configure_cert(known)
    trustme.CA().issue_cert("reader").configure_cert(stranger)
    assert json.loads(ask(server, tls=without)[2])["certified"] is False
    assert json.loads(ask(server, tls=known)[2])["certified"] is True
    with pytest.raises(OSError):
        ask(server, tls=stranger)


@pytest.mark.parametrize("broken", ["certificate", "key", "client_ca"])
def test_files_that_are_not_there_or_no_pem_name_their_setting(files: dict[str, Path], broken: str) -> None:
    for break_it in (lambda path: path.write_text("nothing"), lambda path: path.unlink()):
        break_it(files[broken])
        with pytest.raises(HttpError, match=f"cannot use .*http.{broken}.*name PEM files"):
            HttpServer(Http(port=0, **files), Echo()).start()


def test_the_listener_lets_go_of_its_loop(server: HttpServer) -> None:
    loop = server._loop
    assert isinstance(loop, asyncio.AbstractEventLoop)
    server.stop()
    assert loop.is_closed()
