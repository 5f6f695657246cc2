"""Predictions and dead letters as records of their topics."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from streamrnn.events.columns import DeadLetter, Output, origin
from streamrnn.transport.kafka.client import REQUEST_BYTES
from streamrnn.transport.kafka.outbox import Headers, Outbox
from streamrnn.transport.kafka.topics import Topic

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

MESSAGE_BYTES = 1000  # of what a dead letter says of its reason
LETTER_ROOM = 4096  # of a dead letter for its headers, beside its key


class Answers:
    """Sends output, within what the topics take.

    Whatever the limits of events and topics, a dead letter must be taken: else its record would come for ever.

    Parameters
    ----------
    settings : the daemon's settings
    topics : by name, those of input and output
    """

    def __init__(self, settings: Settings, topics: dict[str, Topic]) -> None:
        chosen = settings.transport
        self._predictions, self._dead_letters = chosen.predictions, chosen.dead_letters
        self._topics = topics
        self._key_bytes = settings.events.max_key_bytes
        #: Bytes of a batch that both topics take.
        self.most_bytes = min(topics[name].record_bytes for name in (self._predictions, self._dead_letters))
        room = min(self.most_bytes, REQUEST_BYTES) - self._key_bytes - LETTER_ROOM
        self._value_bytes = max(0, min(settings.events.max_bytes, room))

    def send(self, outbox: Outbox, output: Output) -> None:
        """Predictions, keyed by stream, and dead letters, keyed as they came."""
        number = ("partition", b"%d" % output.partition.number)
        same = self._topics[output.partition.topic].partitions == self._topics[self._predictions].partitions
        target = output.partition.number if same else None
        rows = zip(output.streams, output.offsets, output.records, output.predictions, strict=True)
        for stream, offset, records, value in rows:
            log, offset = origin(output.partition, output.beside, offset)
            headers = [("topic", log.topic.encode()), number, ("offset", b"%d" % offset), ("records", b"%d" % records)]
            outbox.send(self._predictions, target, stream.encode(), value, headers)
        for letter in output.dead_letters:
            value = (letter.value or b"")[: self._value_bytes]
            key = None if letter.key is None else letter.key[: self._key_bytes]
            source = ("topic", letter.partition.topic.encode())
            outbox.send(self._dead_letters, None, key, value, [source, number, *_why(letter)])


def _why(letter: DeadLetter) -> Headers:
    value = letter.value or b""
    return [
        ("offset", b"%d" % letter.offset),
        ("reason", letter.reason.encode()),
        ("message", letter.message.encode()[:MESSAGE_BYTES]),
        ("length", b"%d" % len(value)),
        ("sha256", hashlib.sha256(value).hexdigest().encode()),
    ]
