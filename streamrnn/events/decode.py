"""Raw records to columns of events; what cannot be an event becomes a dead letter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from streamrnn.events import reasons
from streamrnn.events.columns import DeadLetter, Events, Floats, Records, origin
from streamrnn.events.labels import LabelColumns, LabelFields
from streamrnn.events.parse import Parser
from streamrnn.events.reasons import Refused
from streamrnn.events.tokens import TokenColumns, TokenFields
from streamrnn.events.traits import TraitFields, Traits
from streamrnn.rows.labels import EVENT

if TYPE_CHECKING:
    from streamrnn.settings.records import Events as EventSettings
    from streamrnn.settings.schema import Settings

#: Event times in seconds since 1970, about the years 6 to 10200.
EARLIEST, LATEST = -6.2e10, 2.6e11
LONGEST_SHOWN = 40  # letters of a wrong time in a dead letter's message

_Refusals = dict[int, Refused]


class Decoder:
    """Turns records into events, each on its own: no record changes what becomes of another.

    A record becomes one event or one dead letter; both keep log order. An event may lack any feature, even all of them
    (a heartbeat). A null value (a tombstone) ends the stream that the record's key names. Of a field that stands twice
    in a record the last one counts.

    Parameters
    ----------
    settings : the section ``events`` of the settings
    numbered_time : whether a record's number in the log is its event time where neither a field nor the log has one
    labels : fields of label modes
    traits : fields with booleans and categories
    tokens : the field with tokens

    Examples
    --------
    >>> from streamrnn.events import Partition, Records
    >>> from streamrnn.settings import Settings
    >>> values = [b'{"stream": "a", "time": 60, "value": 1.5}', b'{"stream": "a", "time": 120, "value": "high"}']
    >>> records = Records(Partition("events", 0), [7, 8], [None, None], values, [float("nan")] * 2, 9)
    >>> events = Decoder(Settings().events).decode(records)
    >>> events.streams, events.features.tolist()
    (['a'], [[1.5]])
    >>> [(letter.offset, letter.reason) for letter in events.rejects]
    [(8, 'not_a_number')]
    """

    def __init__(
        self,
        settings: EventSettings,
        numbered_time: bool = False,
        labels: LabelFields | None = None,
        traits: TraitFields | None = None,
        tokens: TokenFields | None = None,
    ) -> None:
        self._settings = settings
        self._numbered_time = numbered_time
        self._labels = labels
        self._traits = traits
        self._tokens = tokens
        self._parser = Parser(settings, labels, traits, tokens)
        self._features = settings.features
        names = [f"f{i}" for i in range(len(settings.features))]
        self._values: Callable[[Any], Any] = attrgetter(*names) if names else lambda row: ()

    @classmethod
    def from_settings(cls, settings: Settings, numbered_time: bool) -> Decoder:
        """The decoder that these settings ask for."""
        fields = LabelFields.from_settings(settings), TraitFields.from_settings(settings)
        return cls(settings.events, numbered_time, *fields, TokenFields.from_settings(settings))

    def decode(self, records: Records) -> Events:
        """The events of these records, and the refused ones beside them.

        Never raises because of what a record holds.
        """
        refused: _Refusals = {}
        rows = self._rows(records, refused)
        ends = np.fromiter((value is None for value in records.values), np.bool_, len(records))
        streams = self._streams(records, rows, refused)
        times = self._times(records, rows, refused, ends)
        labels = self._label_columns(records, rows, times, refused)
        self._refuse_times(times, ends if labels is None else ends | self._timeless(labels), refused)
        features = self._columns(rows, refused)
        traits = self._trait_columns(rows, refused)
        tokens = self._token_columns(rows, refused)
        offsets = np.array(records.offsets, np.int64)
        timestamps = np.array(records.timestamps, np.float64)
        if refused:
            keep = np.array([i for i in range(len(records)) if i not in refused], np.int64)
            streams = [streams[i] for i in keep.tolist()]
            offsets, times, timestamps = offsets[keep], times[keep], timestamps[keep]
            features, ends = features[keep], ends[keep]
            labels = None if labels is None else labels.take(keep)
            traits = None if traits is None else traits.take(keep)
            tokens = None if tokens is None else tokens.take(keep)
        return Events(
            records.partition, offsets, streams, times, timestamps, features, ends, _letters(records, refused), labels,
            traits, records.beside, tokens,
        )  # fmt: skip

    def _rows(self, records: Records, refused: _Refusals) -> list[Any]:
        """A parsed row for each record; an empty one for tombstones and for what is refused."""
        values = records.values
        parser = self._parser
        if None not in values:
            rows = parser.parse_all(values)  # type: ignore[arg-type]
            if rows is not None:
                return rows
        rows = []
        for i, value in enumerate(values):
            try:
                rows.append(parser.nothing if value is None else parser.parse(value))
            except Refused as reason:
                refused[i] = reason
                rows.append(parser.nothing)
        return rows

    def _streams(self, records: Records, rows: list[Any], refused: _Refusals) -> list[str]:
        """Stream ids."""
        limit = self._settings.max_key_bytes
        if self._settings.stream is not None:
            streams: list[Any] = [row.stream for row in rows]
            if set(map(type, streams)) <= {str} and "".join(streams).isascii():
                lengths = list(map(len, streams))
                if lengths and min(lengths) > 0 and max(lengths) <= limit:
                    return streams
        else:
            streams = [None] * len(rows)
        for i, key in enumerate(records.keys):
            if i in refused:
                continue
            by_key = self._settings.stream is None or records.values[i] is None
            try:
                streams[i] = _stream(key if by_key else streams[i], limit, None if by_key else self._settings.stream)
            except Refused as reason:
                refused[i] = reason
        return streams

    def _times(self, records: Records, rows: list[Any], refused: _Refusals, ends: Any) -> Floats:
        """Event times in seconds; a tombstone has the log's time, or none."""
        if self._settings.time is None:
            times = np.array(records.timestamps, np.float64)
            if self._numbered_time:
                numbers = np.array(records.offsets, np.float64)
                numbers[numbers < 0] = np.nan  # of the log beside, whose numbers are no times of this one
                times = np.where(np.isnan(times), numbers, times)
        elif self._settings.time_format == "iso8601":
            times = np.empty(len(rows), np.float64)
            for i, row in enumerate(rows):
                try:
                    times[i] = np.nan if row.time is None else _seconds(row.time)
                except Refused as reason:
                    times[i] = np.nan
                    refused.setdefault(i, reason)
        else:
            times = np.array([row.time for row in rows], np.float64)  # None becomes NaN
            if self._settings.time_format == "milliseconds":
                times = times / 1000.0
        if ends.any():
            times[ends] = np.array(records.timestamps, np.float64)[ends]
        return times

    def _refuse_times(self, times: Floats, exempt: Any, refused: _Refusals) -> None:
        """Refuse records without a time, or with an impossible one, but those that need none."""
        within = (times >= EARLIEST) & (times <= LATEST)
        for i in np.flatnonzero(~(within | exempt)).tolist():
            if np.isnan(times[i]):
                refused.setdefault(i, Refused(reasons.NO_TIME))
            else:
                refused.setdefault(i, self._far_away(times[i]))

    def _label_columns(
        self, records: Records, rows: list[Any], times: Floats, refused: _Refusals
    ) -> LabelColumns | None:
        """What the records bring in label modes."""
        fields = self._labels
        if fields is None:
            return None
        nothing = [None] * len(rows)
        columns = fields.columns(
            [row.label for row in rows],
            nothing if fields.id is None else [row.id for row in rows],
            nothing if fields.end is None else [row.end for row in rows],
            times,
            refused.setdefault,
        )
        if records.beside is not None:
            of_labels = np.array(records.offsets, np.int64) < 0
            for i in np.flatnonzero(of_labels & (columns.kinds == EVENT)).tolist():
                refused.setdefault(i, Refused(reasons.NO_LABEL))
        return columns

    def _trait_columns(self, rows: list[Any], refused: _Refusals) -> Traits | None:
        """Booleans and categories."""
        fields = self._traits
        if fields is None:
            return None
        booleans = [list(map(attrgetter(f"b{i}"), rows)) for i in range(len(fields.booleans))]
        categories = [list(map(attrgetter(f"c{i}"), rows)) for i in range(len(fields.categories))]
        return fields.traits(booleans, categories, refused.setdefault)

    def _token_columns(self, rows: list[Any], refused: _Refusals) -> TokenColumns | None:
        """Texts, lists and sets."""
        fields = self._tokens
        if fields is None:
            return None
        ends = [None] * len(rows) if fields.end is None else [row.end for row in rows]
        return fields.columns([row.tokens for row in rows], ends, refused.setdefault)

    def _timeless(self, labels: LabelColumns) -> Any:
        """bool[n]: labels that are joined by id, whose own time says nothing."""
        return (labels.kinds != EVENT) & (self._labels is not None and not self._labels.by_time)

    def _far_away(self, time: float) -> Refused:
        message = f"event time {time:g} s lies thousands of years away"
        if self._settings.time is None:
            return Refused(reasons.BAD_TIME, message)
        return reasons.bad_time(f"{message} as events.time_format: {self._settings.time_format} reads it")

    def _columns(self, rows: list[Any], refused: _Refusals) -> Floats:
        """Features, NaN where missing."""
        values = np.array(list(map(self._values, rows)), np.float64).reshape(len(rows), len(self._features))
        limit = self._settings.max_magnitude
        outside = np.abs(values) > limit  # False for NaN
        if outside.any():
            for i in np.flatnonzero(outside.any(axis=1)).tolist():
                j = int(np.argmax(outside[i]))
                message = f"field {self._features[j]!r} is {values[i, j]:g}; events.max_magnitude allows {limit:g}"
                refused.setdefault(i, Refused(reasons.OUT_OF_RANGE, message))
        return values


def _stream(value: bytes | str | int | None, limit: int, field: str | None) -> str:
    """A stream id as text; it stands in a field, or is the record's key."""
    try:
        text = "" if value is None else value.decode() if isinstance(value, bytes) else str(value)
    except ValueError as error:  # not UTF-8, or an integer longer than Python turns into text
        raise Refused(reasons.BAD_STREAM, f"the stream id cannot be read: {error}") from error
    if not text:
        missing = "the record has no key" if field is None else f"field {field!r} is missing, null or empty"
        raise Refused(reasons.NO_STREAM, f"{missing}: name the field with the stream's id by events.stream")
    if len(text.encode()) > limit:
        raise Refused(
            reasons.STREAM_TOO_LONG,
            f"the stream id has {len(text.encode())} bytes; events.max_key_bytes allows {limit}",
        )
    return text


def _seconds(text: str) -> float:
    """Seconds since 1970 of an ISO 8601 time; one without an offset is UTC."""
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        shown = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
        raise reasons.bad_time(f"the event time {shown!r} is not ISO 8601") from error


def _letters(records: Records, refused: _Refusals) -> list[DeadLetter]:
    keys, values = records.keys, records.values
    return [
        DeadLetter(
            why.reason, why.message, *origin(records.partition, records.beside, records.offsets[i]), keys[i], values[i]
        )
        for i, why in sorted(refused.items())
    ]
