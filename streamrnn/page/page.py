"""The page's answers: status, lists and looks at streams, and what is sent while somebody watches."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future
from http import HTTPStatus
from typing import Any, TypeVar, get_args

import msgspec
from prometheus_client import CollectorRegistry

from streamrnn.lookup import Found, Lookup
from streamrnn.page.diary import Diary
from streamrnn.page.history import History
from streamrnn.page.points import WatchPoint, points_of
from streamrnn.page.readings import Readings
from streamrnn.page.recent import Recent
from streamrnn.page.status import (
    MOST_CURVES,
    About,
    Status,
    Whole,
    coverages,
    partition_statuses,
    target_statuses,
)
from streamrnn.page.watchers import Watchers
from streamrnn.streams.ranking import ORDERS, Order, Row
from streamrnn.web.message import RefusedError

Result = TypeVar("Result")

TICK_SECONDS = 1.0  # between two points while somebody watches
IDLE_SECONDS = 5.0  # and while nobody does
WATCH_SECONDS = 0.5  # between two looks for a stream's new answers
LOOK_SECONDS = 5.0  # between two looks at all that is kept of it
CURVE_SECONDS = 5.0  # between two sendings of the learning curves
ASK_SECONDS = 3.0  # that the daemon may take to answer a question
MOST_POINTS = 500  # of a stream, in one piece
MOST_STREAMS = 200  # in a list
LONGEST_SEARCH = 200


class Listing(msgspec.Struct):
    """Streams in the order asked for; of all partitions that this process has."""

    v: int
    order: str
    streams: list[Row]


class Looked(msgspec.Struct):
    """What this process knows of a stream, of each partition that has it, the last seen first."""

    v: int
    found: list[Found]


class Piece(msgspec.Struct):
    """What a watcher of a stream is sent: its newest points, and now and then all that is kept of it."""

    points: list[WatchPoint]
    found: list[Found] | None = None


class Page:
    """Made of what the metrics, the diary and the shards tell.

    Parameters
    ----------
    about : what runs
    registry : the metrics
    lookup : asks the shards
    diary, recent : sensors of the same daemon
    ready : why the daemon is not ready; None where it is
    charge : told the processor time that a question took, in seconds
    clock : seconds since 1970
    """

    def __init__(
        self,
        about: About,
        registry: CollectorRegistry,
        lookup: Lookup,
        diary: Diary,
        recent: Recent,
        ready: Callable[[], str | None],
        charge: Callable[[float], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._about = about
        self._registry = registry
        self._lookup = lookup
        self._diary = diary
        self._recent = recent
        self._ready = ready
        self._charge = charge
        self._clock = clock
        self._history = History()
        self._watchers = Watchers()
        self._asking = asyncio.Lock()
        self._ticked = asyncio.Condition()
        self._tick = b""
        self._begun = -math.inf, b""

    async def run(self) -> None:
        """Note the metrics from time to time, and tell those who watch."""
        noted = curved = -math.inf
        shown = self._curves().keys()
        while True:
            watched = self._watchers.there > 0
            if watched or time.monotonic() - noted >= IDLE_SECONDS:
                noted = time.monotonic()
                readings = self._note()
            if watched:
                self._tick = _event("tick", self._status(readings))
                curves = self._curves()
                if noted - curved >= CURVE_SECONDS or curves.keys() != shown:
                    curved, shown = noted, curves.keys()
                    self._tick += _event("curves", curves)
                async with self._ticked:
                    self._ticked.notify_all()
            await asyncio.sleep(TICK_SECONDS)

    def status(self) -> Status:
        """How the daemon is now."""
        return self._status(Readings(self._registry))

    def _status(self, readings: Readings) -> Status:
        points = self._history.points
        letters = {reason: int(n) for (reason,), n in readings.each("dead_letters_total", "reason") if n}
        return Status(
            v=1,
            about=self._about,
            now=self._clock(),
            state=self._diary.state,
            ready=self._ready(),
            events=int(readings.total("events_consumed_total")),
            dead_letters=letters,
            streams=int(readings.total("streams")),
            updates=int(readings.total("updates_total", result="applied")),
            skipped_updates=int(readings.total("updates_total", result="skipped")),
            alerts=int(readings.total("anomaly_alerts_total")),
            point=points[-1] if points else None,
            targets=target_statuses(readings),
            intervals=coverages(readings),
            partitions=partition_statuses(readings),
            marks=list(self._diary.marks),
            errors=list(self._diary.errors),
        )

    async def listing(self, query: dict[str, str]) -> Listing:
        """The streams that a query asks for: ``order``, ``search`` (a part of the id) and ``limit``.

        Raises
        ------
        RefusedError
            The query asks for what there is not, or the daemon is too busy.
        """
        order, search, limit = _order(query), query.get("search", "")[:LONGEST_SEARCH], _limit(query)
        parts = await self._ask(lambda: self._lookup.ranking(order, search, limit))
        rows = sorted((each for part in parts for each in part), key=lambda each: _key(each[0]))
        return Listing(1, order, [row for _, row in rows[:limit]])

    async def look(self, stream: str) -> Looked:
        """What is known of a stream.

        Raises
        ------
        RefusedError
            Nothing is, or the daemon is too busy.
        """
        found = await self._found(stream)
        if not found:
            reason = "no such stream here: it may have expired, or another process has its partition"
            raise RefusedError(HTTPStatus.NOT_FOUND, reason)
        return Looked(1, found)

    def live(self) -> AsyncGenerator[bytes, None]:
        """The whole status, then what changes, as server-sent events.

        Raises
        ------
        RefusedError
            Too many look already.
        """
        self._watchers.refuse_if_full()
        return self._live()

    def watch(self, query: dict[str, str]) -> AsyncGenerator[bytes, None]:
        """A stream's last answers, then its new ones, as server-sent events.

        Raises
        ------
        RefusedError
            Too many look already, or no stream is named.
        """
        stream = query.get("stream", "")
        if not stream:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "name a stream: /v1/watch?stream=ID")
        self._watchers.refuse_if_full()
        return self._watch(stream)

    async def _live(self) -> AsyncGenerator[bytes, None]:
        with self._watchers.place():
            if not self._history.points:
                self._note()
            yield self._whole()
            while True:
                async with self._ticked:
                    await self._ticked.wait()
                yield self._tick

    async def _watch(self, stream: str) -> AsyncGenerator[bytes, None]:
        with self._watchers.place():
            number, next_look = -1, 0.0
            while True:
                batches = self._recent.since(number)
                number = batches[-1][0] if batches else number
                points = [point for _, predictions in batches for point in points_of(predictions, stream)]
                found = None
                if time.monotonic() >= next_look:
                    next_look = time.monotonic() + LOOK_SECONDS
                    try:
                        found = await self._found(stream)
                    except RefusedError:
                        found = None
                if points or found is not None:
                    yield _event("stream", Piece(points[-MOST_POINTS:], found))
                await asyncio.sleep(WATCH_SECONDS)

    async def _found(self, stream: str) -> list[Found]:
        found = [each for each in await self._ask(lambda: self._lookup.stream(stream)) if each is not None]
        return sorted(found, key=lambda each: -each.stream.last_seen)

    async def _ask(self, question: Callable[[], list[Future[Result]]]) -> list[Result]:
        """The shards' answers; one question at a time, so that those of many wait for each other and not the daemon."""
        try:
            async with asyncio.timeout(ASK_SECONDS), self._asking:
                before = self._lookup.spent
                try:
                    return await asyncio.gather(*map(asyncio.wrap_future, question()))
                finally:
                    self._charge(self._lookup.spent - before)
        except (TimeoutError, RuntimeError) as error:
            reason = "the daemon is in the middle of something long, or ends: ask again"
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, reason, Retry_After="5") from error

    def _note(self) -> Readings:
        readings = Readings(self._registry)
        self._history.add(self._clock(), readings)
        return readings

    def _whole(self) -> bytes:
        """What who begins to watch is told; the same for all who begin within a second."""
        made, told = self._begun
        if time.monotonic() - made >= TICK_SECONDS:
            told = _event("whole", Whole(self.status(), list(self._history.points), self._curves()))
            self._begun = time.monotonic(), told
        return told

    def _curves(self) -> dict[str, Any]:
        first: dict[str, Any] = {}
        for (target, _), curve in self._history.curves.items():
            first.setdefault(target, curve.bins)
        return dict(list(first.items())[:MOST_CURVES])


def _order(query: dict[str, str]) -> Order:
    given = query.get("order", "worst")
    for order in ORDERS:
        if given == order:
            return order
    raise RefusedError(HTTPStatus.BAD_REQUEST, f"order is one of {', '.join(get_args(Order))}")


def _limit(query: dict[str, str]) -> int:
    given = query.get("limit", "50")
    if not given.isdecimal() or not 1 <= int(given) <= MOST_STREAMS:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"limit is a whole number from 1 to {MOST_STREAMS}")
    return int(given)


def _key(value: float) -> float:
    return math.inf if math.isnan(value) else value


def _event(name: str, what: Any) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(what) + b"\n\n"
