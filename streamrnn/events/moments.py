"""When records happened, read from them without decoding the rest."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from streamrnn.events.columns import Records

if TYPE_CHECKING:
    from streamrnn.settings.records import Events


class Moments:
    """Times by which records of two logs can be put in one order: the log's own, else the event time.

    Parameters
    ----------
    settings : the section ``events`` of the settings

    Examples
    --------
    >>> from streamrnn.events import Partition
    >>> from streamrnn.settings import Settings
    >>> values = [b'{"time": 60}', b'{"id": 3}', b'not JSON']
    >>> Moments(Settings().events)(Records(Partition("labels", 0), [0, 1, 2], [None] * 3, values, [math.nan] * 3, 3))
    [60.0, nan, nan]
    """

    def __init__(self, settings: Events) -> None:
        self._format = settings.time_format
        self._decoder: Any = None
        if settings.time is not None:
            kind = str if self._format == "iso8601" else float
            fields = [("time", kind, msgspec.field(name=settings.time))]
            self._decoder = msgspec.json.Decoder(msgspec.defstruct("Timed", fields, gc=False))

    def __call__(self, records: Records) -> list[float]:
        """Of each record, in seconds; NaN where none can be told. Whatever a record holds, nothing is raised."""
        return [
            self._of(value) if math.isnan(timestamp) else timestamp
            for timestamp, value in zip(records.timestamps, records.values, strict=True)
        ]

    def _of(self, value: bytes | None) -> float:
        if self._decoder is None or value is None:
            return math.nan
        try:
            time = self._decoder.decode(value).time
            if self._format == "iso8601":
                moment = datetime.fromisoformat(time)
                return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
            return math.nan
        return float(time / 1000.0) if self._format == "milliseconds" else float(time)
