"""The daemon's HTTP endpoints: metrics and probes."""

import json
import logging
import socketserver
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

Probe = Callable[[], str | None]

_logger = logging.getLogger(__name__)
_MOST_REQUESTS = 16  # at once; each holds a thread
_INDEX = """<!doctype html><html lang="en"><title>streamrnn</title><h1>streamrnn</h1><ul>
<li><a href="/metrics">/metrics</a> for Prometheus</li>
<li><a href="/livez">/livez</a> whether the process should be left alone</li>
<li><a href="/readyz">/readyz</a> whether it does its work</li></ul></html>
"""


class HttpError(Exception):
    """The server cannot listen; the message names the setting to change."""


class HttpServer:
    """Serves ``/metrics``, ``/livez``, ``/readyz`` and an index, each request in a thread of its own.

    Parameters
    ----------
    host, port : where to listen; port 0 takes a free one
    registry : what ``/metrics`` shows
    live, ready : called from the server's threads; None if all is well, else the reason, answered with status 503
    remedy : what to do where the address cannot be had
    """

    def __init__(
        self,
        host: str,
        port: int,
        registry: CollectorRegistry,
        live: Probe,
        ready: Probe,
        remedy: str = "set http.host and http.port to a free address, or set http.enabled to false",
    ) -> None:
        self._host = host
        self._remedy = remedy
        self._asked_port = port
        self._registry = registry
        self._probes = {"/livez": live, "/readyz": ready}
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port it listens on, once started."""
        if self._server is None:
            return self._asked_port
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        """Where a browser finds it, once started."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}/"

    def start(self) -> None:
        """Listen and serve in the background. Raises ``HttpError`` if the address cannot be had."""
        try:
            self._server = _Server(self._host, self._asked_port, self._answer)
        except (OSError, OverflowError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise HttpError(
                f"cannot listen on {self._host}:{self._asked_port} ({why}): stop what uses it, {self._remedy}"
            ) from error
        # shutdown() waits for the next look, so look often
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="http", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; does nothing if it is not started."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = self._thread = None

    def _answer(self, path: str, accept: str) -> tuple[HTTPStatus, str, bytes]:
        """Status, content type and body for a path."""
        if path == "/metrics":
            encode, content_type = choose_encoder(accept)
            return HTTPStatus.OK, content_type, encode(self._registry)
        if path in self._probes:
            reason = self._probes[path]()
            status = HTTPStatus.OK if reason is None else HTTPStatus.SERVICE_UNAVAILABLE
            return status, "application/json", _json({"ok": reason is None, "reason": reason})
        if path == "/":
            return HTTPStatus.OK, "text/html; charset=utf-8", _INDEX.encode()
        return HTTPStatus.NOT_FOUND, "application/json", _json({"ok": False, "reason": "no such page; / lists them"})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # a full queue makes clients retry after a second
    block_on_close = False  # a slow reader must not hold up the shutdown

    def __init__(self, host: str, port: int, answer: Callable[[str, str], tuple[HTTPStatus, str, bytes]]) -> None:
        self.address_family = AF_INET6 if ":" in host else AF_INET
        self.answer = answer
        self._places = threading.BoundedSemaphore(_MOST_REQUESTS)
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Bind without the base class's look-up of the host's name, which can take seconds where DNS is slow."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        _logger.debug("request failed", exc_info=True, extra={"client": str(client_address)})


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10.0  # seconds without a byte from the client

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        try:
            status, content_type, body = self.server.answer(path, self.headers.get("Accept", ""))
        except Exception:
            _logger.exception("cannot answer", extra={"path": path})
            status, content_type = HTTPStatus.INTERNAL_SERVER_ERROR, "application/json"
            body = _json({"ok": False, "reason": "see the log"})
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def version_string(self) -> str:
        return "streamrnn"

    def log_message(self, format: str, *args: Any) -> None:
        _logger.debug(format, *args)


def _json(answer: dict[str, bool | str | None]) -> bytes:
    return json.dumps({key: value for key, value in answer.items() if value is not None}).encode() + b"\n"
