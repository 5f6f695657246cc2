"""One request and its answer: read within limits, written with the headers that every answer has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

import h11
import msgspec

HEAD_BYTES = 16 * 1024  # of a request, headers included
PATH_BYTES = 2048
PIECE_SECONDS = 10.0  # for a client to take a piece of a stream
_PIECE = 4096
_LINGER_BYTES = 64 * 1024

JSON = "application/json"
EVENTS = "text/event-stream"

# No answer is framed, guessed at, kept or shared; the page runs nothing but its own files.
HEADERS = (
    ("Cache-Control", "no-store"),
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Server", "streamrnn"),
    ("Connection", "close"),
)


class RefusedError(Exception):
    """A request that gets no answer but a status and why."""

    def __init__(self, status: HTTPStatus, reason: str, **headers: str) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = tuple((name.replace("_", "-"), value) for name, value in headers.items())


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose head is whole. ``parts`` are the path's, decoded, without empty ones."""

    method: str
    path: str
    parts: tuple[str, ...]
    query: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back: a body, or pieces that come with time."""

    status: HTTPStatus
    content_type: str
    body: bytes = b""
    stream: AsyncGenerator[bytes, None] | None = None
    headers: tuple[tuple[str, str], ...] = field(default=())


def json_answer(what: Any, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    """What is not known is null."""
    return Answer(status, JSON, msgspec.json.encode(what) + b"\n")


def refusal(error: RefusedError) -> Answer:
    """The answer to a request that is refused."""
    body = msgspec.json.encode({"ok": False, "reason": str(error)}) + b"\n"
    return Answer(error.status, JSON, body, headers=error.headers)


class Exchange:
    """One connection, which carries one request and its answer.

    Parameters
    ----------
    reader, writer : of the connection
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)

    async def request(self) -> Request:
        """Read the request's head; a body is left where it is.

        Raises
        ------
        RefusedError
            It is no request, too large, or of a method that nothing here has.
        ConnectionError
            The client went away before it was whole.
        """
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self._http.receive_data(await self._reader.read(_PIECE))
        except h11.RemoteProtocolError as error:
            raise RefusedError(_status(error.error_status_hint), "this is no request that can be read") from error
        if not isinstance(event, h11.Request):
            raise ConnectionResetError("closed before a request came")
        return _read(event)

    async def answer(self, answer: Answer, body: bool) -> None:
        """Send an answer, with its body or the head alone.

        Raises
        ------
        OSError, TimeoutError
            The client is gone, or does not take a stream's pieces.
        """
        self._send(_head(answer))
        if body and answer.body:
            self._send(h11.Data(data=answer.body))
        await self._writer.drain()
        if body and answer.stream is not None:
            async with aclosing(answer.stream) as pieces:
                async for piece in pieces:
                    self._send(h11.Data(data=piece))
                    async with asyncio.timeout(PIECE_SECONDS):
                        await self._writer.drain()

    async def flush(self) -> None:
        """Wait until all is handed to the system."""
        self._writer.transport.set_write_buffer_limits(high=0)
        await self._writer.drain()

    async def linger(self) -> None:
        """Read what the client still sends, so that it comes to read why it was refused; a little of it only."""
        if self._writer.can_write_eof():
            self._writer.write_eof()
        left = _LINGER_BYTES
        while left > 0 and (data := await self._reader.read(_PIECE)):
            left -= len(data)

    def _send(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            self._writer.write(data)


def answer_at_once(head: bytes, respond: Callable[[Request], Answer]) -> bytes | None:
    """The whole answer to a request's bytes; None if they are no whole request, or one that has to be refused."""
    http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)
    try:
        http.receive_data(head)
        event = http.next_event()
        if not isinstance(event, h11.Request):
            return None
        request = _read(event)
        answer = respond(request)
    except (h11.RemoteProtocolError, RefusedError):
        return None
    body = b"" if request.method == "HEAD" else answer.body
    return (http.send(_head(answer)) or b"") + body


def _head(answer: Answer) -> h11.Response:
    headers = [("Content-Type", answer.content_type), *HEADERS, *answer.headers]
    if answer.stream is None:
        headers.append(("Content-Length", str(len(answer.body))))
    return h11.Response(status_code=answer.status, headers=headers, reason=answer.status.phrase)


def _status(code: int) -> HTTPStatus:
    return HTTPStatus(code) if code in (400, 413, 414, 431, 501) else HTTPStatus.BAD_REQUEST


def _read(event: h11.Request) -> Request:
    method = event.method.decode("ascii", "replace")
    if method not in ("GET", "HEAD"):
        reason = "nothing here can be changed: use GET or HEAD"
        raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, reason, Allow="GET, HEAD")
    if len(event.target) > PATH_BYTES:
        raise RefusedError(HTTPStatus.REQUEST_URI_TOO_LONG, f"the path has more than {PATH_BYTES} bytes")
    try:
        target = event.target.decode("ascii")
        path, _, query = target.partition("?")
        parts = tuple(unquote(part, errors="strict") for part in path.split("/") if part)
        found = dict(parse_qsl(query, errors="strict", max_num_fields=16))
    except ValueError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the path is not UTF-8, percent-encoded") from error
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
    return Request(method, "/" + "/".join(parts), parts, found, headers)
