"""The listening end: one thread, bounded in connections, in time and in processor time."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
import threading
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from streamrnn.web.budget import Budget, PacedSelector
from streamrnn.web.door import Door
from streamrnn.web.message import HEAD_BYTES, Answer, Exchange, RefusedError, Request, answer_at_once, refusal

if TYPE_CHECKING:
    from streamrnn.settings.service import Http

_logger = logging.getLogger(__name__)
MOST_CONNECTIONS = 128
MOST_TELLING = 48  # of them still tell their request; beyond, the one that takes longest makes room
HEAD_SECONDS = 5.0  # for a request to come, handshake included
ANSWER_SECONDS = 10.0  # for an answer to be made and taken, and between two pieces of a stream
LINGER_SECONDS = 0.2  # for a client to read why it was refused
_BACKLOG = 1024


class HttpError(Exception):
    """The server cannot listen; the message names the setting to change."""


class Responder(Protocol):
    """What a server asks for its answers, in its own thread."""

    def urgent(self, beginning: bytes) -> bool:
        """Whether a request whose first bytes are these goes before all others."""

    def probe(self, request: Request) -> Answer:
        """The answer to an urgent request, at once; may raise ``RefusedError``."""

    async def respond(self, request: Request, certified: bool) -> Answer:
        """The answer to a request, given whether the client showed a certificate; may raise ``RefusedError``."""

    async def run(self) -> None:
        """What goes on while the server listens."""


class HttpServer:
    """Answers one request a connection, in one thread beside the daemon's.

    Parameters
    ----------
    http : where to listen, and with which certificate
    responder : makes the answers
    remedy : what to do where the address cannot be had
    budget : of processor time; None for the usual one
    """

    def __init__(
        self,
        http: Http,
        responder: Responder,
        remedy: str = "set http.host and http.port to a free address (http.port=0: any), or set http.enabled to false",
        budget: Budget | None = None,
    ) -> None:
        self._http = http
        self._responder = responder
        self._remedy = remedy
        self._budget = budget or Budget()
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._tls: ssl.SSLContext | None = None
        self._door: Door | None = None
        self._telling: dict[asyncio.Task[None], None] = {}  # whose request is not whole yet, the oldest first
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port it listens on, once started."""
        return self._http.port if self._socket is None else int(self._socket.getsockname()[1])

    @property
    def address(self) -> str:
        """Where a browser finds it, once started."""
        host = f"[{self._http.host}]" if ":" in self._http.host else self._http.host
        return f"{'http' if self._tls is None else 'https'}://{host}:{self.port}/"

    def start(self) -> None:
        """Listen and serve in the background. Raises ``HttpError`` if the address or a certificate cannot be had."""
        self._tls = _context(self._http)
        host, port = self._http.host, self._http.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._socket = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        except (OSError, OverflowError) as error:
            why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
            raise HttpError(f"cannot listen on {host}:{port} ({why}): stop what uses it, {self._remedy}") from error
        self._socket.setblocking(False)
        if hasattr(socket, "TCP_DEFER_ACCEPT"):  # who says nothing is the system's to wait for
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, int(HEAD_SECONDS))
        self._stopping = asyncio.Event()
        self._selector = PacedSelector(self._budget)
        self._loop = asyncio.SelectorEventLoop(self._selector)
        self._thread = threading.Thread(target=self._run, args=(self._loop,), name="http", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, and drop who is still connected; does nothing if it is not started."""
        if self._socket is None or self._thread is None or self._loop is None:
            return
        self._selector.hurry = True
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._loop.close()
        self._socket.close()
        self._socket = self._thread = self._loop = self._door = None

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.run_until_complete(self._serve())
        loop.run_until_complete(loop.shutdown_asyncgens())

    async def _serve(self) -> None:
        assert self._socket is not None
        at_once = self._answer_at_once if self._tls is None else None
        self._door = Door(self._socket, self._let_in, self._budget, at_once)
        beside = asyncio.create_task(self._responder.run())
        beside.add_done_callback(_tell)
        await self._stopping.wait()
        self._door.close()
        tasks = [beside, *self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _let_in(self, connection: socket.socket) -> bool:
        if len(self._telling) >= MOST_TELLING:
            slowest = next(iter(self._telling))
            del self._telling[slowest]
            slowest.cancel()
        elif len(self._tasks) >= MOST_CONNECTIONS:
            return False
        task = asyncio.create_task(self._converse(connection))
        self._telling[task] = None
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return True

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._telling.pop(task, None)
        _tell(task)
        if self._door is not None:
            self._door.admit()

    def _answer_at_once(self, beginning: bytes) -> bytes | None:
        return answer_at_once(beginning, self._responder.probe) if self._responder.urgent(beginning) else None

    async def _converse(self, connection: socket.socket) -> None:
        """Hear one request and answer it."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=HEAD_BYTES)
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                transport, _ = await loop.connect_accepted_socket(lambda: protocol, connection, ssl=self._tls)
        except (OSError, ssl.SSLError, TimeoutError):
            connection.close()
            return
        except asyncio.CancelledError:
            connection.close()
            raise
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        try:
            with suppress(OSError, TimeoutError):
                await self._exchange(Exchange(reader, writer), writer)
        finally:
            transport.abort()

    async def _exchange(self, exchange: Exchange, writer: asyncio.StreamWriter) -> None:
        body = True
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                request = await exchange.request()
            task = asyncio.current_task()
            if task is not None:
                self._telling.pop(task, None)
            body = request.method != "HEAD"
            certified = bool(self._tls is not None and writer.get_extra_info("peercert"))
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await self._responder.respond(request, certified)
        except RefusedError as error:
            answer = refusal(error)
        except (OSError, TimeoutError):
            raise
        except Exception:
            _logger.exception("cannot answer")
            answer = refusal(RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, "see the log"))
        if answer.stream is None:
            async with asyncio.timeout(ANSWER_SECONDS):
                await exchange.answer(answer, body)
        else:
            await exchange.answer(answer, body)
        async with asyncio.timeout(ANSWER_SECONDS):
            await exchange.flush()
        if answer.status >= 400:
            async with asyncio.timeout(LINGER_SECONDS):
                await exchange.linger()


def _tell(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _logger.error("the HTTP server failed", exc_info=error)


def _context(http: Http) -> ssl.SSLContext | None:
    """What TLS needs; None without it."""
    if http.certificate is None or http.key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    where = "http.certificate or http.key"
    try:
        context.load_cert_chain(http.certificate, http.key, password=_no_password)
        if http.client_ca is not None:
            where = "http.client_ca"
            context.load_verify_locations(http.client_ca)
            context.verify_mode = ssl.CERT_OPTIONAL  # probes come without one; the rest is refused later
    except (OSError, ssl.SSLError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise HttpError(f"cannot use {where} ({why}): name PEM files that this process may read") from error
    return context


def _no_password() -> str:
    raise ValueError("the key has a password: take one without")
