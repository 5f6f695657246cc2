"""Dead letters to output records: the reason, the place, and as much of the original bytes as fits."""

from __future__ import annotations

import base64
import hashlib

import msgspec

from streamrnn.events.columns import DeadLetter, Events, Predictions, Records, origin
from streamrnn.events.encode import Source

VERSION = 1
LETTER_BYTES = 65_536  # of the original record, unless told


class Envelope(msgspec.Struct, gc=False):
    """Dead letter record, version 1. Fields are only ever added, at the end.

    ``key`` and ``value`` are base64, for they may be any bytes; null where the record had none. ``length`` (bytes) and
    ``sha256`` (hex) are of the original value, whole, and tell whether the value was cut.
    """

    v: int
    reason: str
    message: str
    source: Source
    key: str | None
    value: str | None
    length: int
    sha256: str

    @property
    def kept(self) -> bytes:
        """What was kept of the original value; ``ValueError`` where that is not base64."""
        return base64.b64decode(self.value or "")


_encoder = msgspec.json.Encoder()


def encode_dead_letter(letter: DeadLetter, max_value_bytes: int) -> bytes:
    """The letter as one JSON object.

    Parameters
    ----------
    letter : the refused record
    max_value_bytes : bytes of the key and of the value that are kept each, so that the letter can always be sent
    """
    value = letter.value or b""
    source = Source(letter.partition.topic, letter.partition.number, letter.offset)
    return _encoder.encode(
        Envelope(
            v=VERSION,
            reason=letter.reason,
            message=letter.message,
            source=source,
            key=base64_of(letter.key, max_value_bytes),
            value=base64_of(letter.value, max_value_bytes),
            length=len(value),
            sha256=hashlib.sha256(value).hexdigest(),
        )
    )


def base64_of(content: bytes | None, limit: int | None = None) -> str | None:
    """The content's first ``limit`` bytes, None for all, as text."""
    return None if content is None else base64.b64encode(content[:limit]).decode("ascii")


def dead_letters(records: Records, events: Events, predictions: Predictions) -> list[DeadLetter]:
    """All that was refused of these records, in log order."""
    letters = list(events.rejects)
    if predictions.refused:
        place = {origin(records.partition, records.beside, each): i for i, each in enumerate(records.offsets)}
        for refusal in predictions.refused:
            where = origin(records.partition, records.beside, refusal.offset)
            i = place[where]
            letters.append(DeadLetter(refusal.reason, refusal.message, *where, records.keys[i], records.values[i]))
        letters.sort(key=lambda letter: place[letter.partition, letter.offset])
    return letters
