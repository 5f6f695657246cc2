"""Made-up events, or those of a file, into a topic."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import msgspec
from kafka import KafkaProducer

from streamrnn.transport.base import TransportError
from streamrnn.transport.kafka.client import CHECK, let_go, producer_options, reached, refused
from streamrnn.transport.kafka.topics import refuse_no_input

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

SILENCE_SECONDS = 3.0  # without an acknowledgement
CLOSE_SECONDS = 1.0
_BEAT = 0.02  # seconds between two looks at how many are due
_MOST = 10_000  # lines between two looks, so that none is late where there is no rate


class _Named(msgspec.Struct):
    stream: str


_named = msgspec.json.Decoder(_Named)


def by_stream(line: bytes) -> bytes:
    """The key of a made-up event."""
    return _named.decode(line).stream.encode()


def send(
    settings: Settings,
    topic_of: Callable[[bytes], str],
    batches: Iterator[list[bytes]],
    rate: float,
    total: int | None,
    on_silence: Callable[[float], None] = lambda seconds: None,
    key_of: Callable[[bytes], bytes | None] = by_stream,
) -> Iterator[int]:
    """Send events, keyed by stream; yields how many were sent so far, some fifty times a second.

    Parameters
    ----------
    settings : where the brokers are, and the topics
    topic_of : the topic of a line
    batches : JSON lines
    rate : events a second
    total : events to send; None for no end
    on_silence : told once, in seconds, that the brokers have stopped to acknowledge
    key_of : the key of a line

    Raises
    ------
    TransportError
        The topic is missing, or the brokers do not take them.
    """
    topic = settings.transport.only_input
    lines = islice(chain.from_iterable(batches), total)
    refuse_no_input(settings)
    with reached():
        producer = KafkaProducer(**producer_options(settings.kafka, None))
    try:
        started, sent, last = time.monotonic(), 0, None
        watch = _Watch(topic, settings.kafka.request_timeout, on_silence)
        while True:
            due = int(rate * (time.monotonic() - started)) + 1 - sent
            piece = list(islice(lines, max(0, min(due, _MOST))))
            with refused(f"send to topic {topic}", CHECK):
                for line in piece:
                    last = producer.send(topic_of(line), line.rstrip(), key_of(line))
            sent += len(piece)
            yield sent
            if due > 0 and not piece:
                break
            watch.look(last)
            time.sleep(_BEAT if due <= _MOST else 0.0)
        with refused(f"send to topic {topic}", CHECK):
            producer.flush(settings.kafka.request_timeout)
    finally:
        let_go(producer, CLOSE_SECONDS)


class _Watch:
    """Follows one record after another up to its acknowledgement: the newest one never has it yet."""

    def __init__(self, topic: str, patience: float, on_silence: Callable[[float], None]) -> None:
        self._topic, self._patience, self._on_silence = topic, patience, on_silence
        self._watched: Any = None
        self._since, self._told = time.monotonic(), False

    def look(self, newest: Any) -> None:
        """Take the next one where the last is acknowledged; tell where it is late, and raise where it will not be."""
        watched, silence = self._watched, time.monotonic() - self._since
        if watched is None or watched.succeeded():
            self._watched, self._since, self._told = newest, time.monotonic(), False
        elif watched.failed() or silence > self._patience:
            why = watched.exception or f"no acknowledgement for {silence:.0f} s"
            raise TransportError(f"topic {self._topic} does not take events: {why}. {CHECK}")
        elif silence > SILENCE_SECONDS and not self._told:
            self._told = True
            self._on_silence(silence)
