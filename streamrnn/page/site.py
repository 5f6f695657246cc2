"""Which path is what."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from importlib import resources

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from streamrnn.page.page import Page
from streamrnn.web.access import Access
from streamrnn.web.message import EVENTS, Answer, RefusedError, Request, json_answer

Probe = Callable[[], str | None]

_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
_FILES = (
    "page.css", "page.js", "charts.js", "format.js", "streams.js", "uPlot.iife.min.js", "uPlot.min.css",
)  # fmt: skip


class Site:
    """Answers requests. Probes are answered to everybody; all else to those who may read.

    Parameters
    ----------
    access : who may
    registry : what ``/metrics`` shows
    live, ready : None if all is well, else the reason, told to those who may read
    page : the rest
    """

    def __init__(self, access: Access, registry: CollectorRegistry, live: Probe, ready: Probe, page: Page) -> None:
        self._access = access
        self._registry = registry
        self._probes: dict[tuple[str, ...], Probe] = {("livez",): live, ("readyz",): ready}
        self._page = page
        self._files = {("assets", name): _file(name) for name in _FILES} | {(): _file("index.html")}

    async def run(self) -> None:
        """What goes on beside the answers."""
        await self._page.run()

    def urgent(self, beginning: bytes) -> bool:
        """Probes go before all else: who waits for them may end the daemon."""
        return beginning.startswith((b"GET /livez ", b"GET /readyz ", b"HEAD /livez ", b"HEAD /readyz "))

    def probe(self, request: Request, certified: bool = False) -> Answer:
        """Whether all is well; why not, to those who may read."""
        found = self._probes.get(request.parts)
        if found is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "no such probe")
        reason = found()
        what: dict[str, bool | str] = {"ok": reason is None}
        if reason is not None and self._access.open_to(request, certified):
            what["reason"] = reason
        return json_answer(what, HTTPStatus.OK if reason is None else HTTPStatus.SERVICE_UNAVAILABLE)

    async def respond(self, request: Request, certified: bool) -> Answer:
        """The answer to a request.

        Raises
        ------
        RefusedError
            There is none.
        """
        if request.parts in self._probes:
            return self.probe(request, certified)
        self._access.check(request, certified)
        if request.parts in self._files:
            return self._files[request.parts]
        match request.parts:
            case ("metrics",):
                encode, content_type = choose_encoder(request.headers.get("accept", ""))
                return Answer(HTTPStatus.OK, content_type, encode(self._registry))
            case ("v1", "status"):
                return json_answer(self._page.status())
            case ("v1", "streams"):
                return json_answer(await self._page.listing(request.query))
            case ("v1", "streams", stream) | ("streams", stream):
                return json_answer(await self._page.look(stream))
            case ("v1", "live"):
                return Answer(HTTPStatus.OK, EVENTS, stream=self._page.live())
            case ("v1", "watch"):
                return Answer(HTTPStatus.OK, EVENTS, stream=self._page.watch(request.query))
        raise RefusedError(HTTPStatus.NOT_FOUND, "no such page; / is the live page, and docs/http.md lists the others")


def _file(name: str) -> Answer:
    content = resources.files("streamrnn.page").joinpath("assets", name).read_bytes()
    return Answer(HTTPStatus.OK, f"{_TYPES[name[name.rindex('.') :]]}; charset=utf-8", content)
