"""Made-up events into a topic."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from itertools import chain, islice
from typing import TYPE_CHECKING

import msgspec
from kafka import KafkaProducer

from streamrnn.transport.base import TransportError
from streamrnn.transport.kafka.client import producer_options, refused

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

_BEAT = 0.02  # seconds between two looks at how many are due


class _Named(msgspec.Struct):
    stream: str


def send(settings: Settings, batches: Iterator[list[bytes]], rate: float, total: int | None) -> Iterator[int]:
    """Send events, keyed by stream; yields how many were sent so far, some fifty times a second.

    Parameters
    ----------
    settings : where the brokers are, and the topic
    batches : JSON lines
    rate : events a second
    total : events to send; None for no end

    Raises
    ------
    TransportError
        The brokers do not take them.
    """
    topic = settings.transport.only_input
    named = msgspec.json.Decoder(_Named)
    lines = islice(chain.from_iterable(batches), total)
    with (
        refused("reach the brokers (kafka.bootstrap_servers)"),
        closing(KafkaProducer(**producer_options(settings.kafka, None))) as producer,
    ):
        started, sent, last = time.monotonic(), 0, None
        while True:
            due = max(1, int(rate * (time.monotonic() - started)) - sent)
            piece = list(islice(lines, due))
            for line in piece:
                last = producer.send(topic, line.rstrip(), named.decode(line).stream.encode())
            sent += len(piece)
            yield sent
            if not piece:
                break
            if last is not None and last.failed():
                raise TransportError(f"topic {topic} does not take events: {last.exception}")
            time.sleep(_BEAT)
        producer.flush()
