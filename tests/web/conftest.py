"""A server whose answers a test chooses, and what it takes to ask it."""

import asyncio
import http.client
import ssl
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus

import pytest

from streamrnn.settings.service import Http
from streamrnn.web.budget import Budget
from streamrnn.web.message import EVENTS, Answer, RefusedError, Request, json_answer
from streamrnn.web.server import HttpServer


@dataclass
class Echo:
    """Answers with what it was asked; ``/stream`` goes on for ever, ``/broken`` fails, ``/large`` has 32 MB.

    ``/now`` is urgent, ``/held`` is answered once the test says so.
    """

    seen: list[Request] = field(default_factory=list)
    streams: int = 0
    held: asyncio.Event = field(default_factory=asyncio.Event)

    def urgent(self, beginning: bytes) -> bool:
        return beginning.startswith(b"GET /now ")

    def probe(self, request: Request) -> Answer:
        self.seen.append(request)
        return json_answer("now")

    async def respond(self, request: Request, certified: bool) -> Answer:
        self.seen.append(request)
        match request.parts:
            case ("broken",):
                raise ValueError("a fault of ours")
            case ("refused",):
                raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "not now", Retry_After="7")
            case ("held",):
                await self.held.wait()
            case ("stream",):
                return Answer(HTTPStatus.OK, EVENTS, stream=self._stream())
            case ("large",):
                return Answer(HTTPStatus.OK, "text/plain", bytes(32_000_000))
        asked = {"method": request.method, "parts": request.parts, "query": request.query, "certified": certified}
        return json_answer(asked)

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def _stream(self) -> AsyncGenerator[bytes, None]:
        self.streams += 1
        try:
            while True:
                yield b"data: " + b"x" * 60_000 + b"\n\n"
                await asyncio.sleep(0.001)
        finally:
            self.streams -= 1


@pytest.fixture
def echo() -> Echo:
    return Echo()


Serve = Callable[..., HttpServer]


@pytest.fixture
def serve(echo: Echo) -> Iterator[Serve]:
    """Start a server with these settings of ``http``."""
    started = []

    def start(budget: Budget | None = None, **settings: object) -> HttpServer:
        server = HttpServer(Http.model_validate({"port": 0, **settings}), echo, budget=budget)
        server.start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def server(serve: Serve) -> HttpServer:
    return serve()


def ask(
    server: HttpServer, path: str = "/", method: str = "GET", tls: ssl.SSLContext | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body."""
    if tls is None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    else:
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=5, context=tls)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()
