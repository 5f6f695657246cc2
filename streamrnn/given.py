"""Events that a person gives for a stream to go on from, as JSON objects with the fields that the settings name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from streamrnn.events.columns import Events, Partition, Records
from streamrnn.events.decode import Decoder
from streamrnn.events.tokens import TokenFields
from streamrnn.events.traits import TraitFields

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

_OBJECT = msgspec.json.Decoder(dict[str, Any])


class GivenError(Exception):
    """An event cannot be taken; the message says which, and why."""


class GivenReader:
    """Reads events of one stream, each as the daemon would, but that it may lack time and stream.

    Parameters
    ----------
    settings : those that the shard was made with
    stream : whose events they are
    partition : that of the shard
    held : fields that count where an event lacks them
    """

    def __init__(self, settings: Settings, stream: str, partition: Partition, held: Mapping[str, Any]) -> None:
        self._stream, self._partition, self._held = stream, partition, held
        self._names = settings.events.stream, settings.events.time
        traits, tokens = TraitFields.from_settings(settings), TokenFields.from_settings(settings)
        events = settings.events.model_copy(update={"stream": None})
        self._timed = Decoder(events, traits=traits, tokens=tokens)
        self._timeless = Decoder(events.model_copy(update={"time": None}), traits=traits, tokens=tokens)

    def read(self, lines: Iterable[bytes]) -> list[Events]:
        """One event of each line that is not blank.

        Raises
        ------
        GivenError
            One of them is none of the stream's events.
        """
        return [self._event(line, f"line {number} of --given") for number, line in enumerate(lines, 1) if line.strip()]

    def blank(self) -> Events:
        """An event with nothing but what is held."""
        return self._event(b"{}", "--hold")

    def _event(self, line: bytes, place: str) -> Events:
        """Its time is NaN where it has none."""
        try:
            fields = _OBJECT.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise GivenError(f"{place} is no JSON object: {error}") from error
        stream, time = self._names
        name = fields.get(stream, self._stream) if stream else self._stream
        if str(name) != self._stream:
            raise GivenError(f"{place} is of stream {str(name)!r}, not {self._stream!r}")
        timed = time is not None and fields.get(time) is not None
        missing = {name: value for name, value in self._held.items() if fields.get(name) is None}
        value = msgspec.json.encode(fields | missing) if missing else line
        records = Records(self._partition, [0], [self._stream.encode()], [value], [0.0], 1)
        events = (self._timed if timed else self._timeless).decode(records)
        for letter in events.rejects:
            raise GivenError(f"{place} is no event: {letter.message}")
        if not timed:
            events.times[:] = np.nan
        return events
