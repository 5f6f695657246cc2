"""Rows of a table (CSV, Parquet) as events: which column is what, and how a batch is turned into columns."""

from collections.abc import Sequence

import numpy as np

from streamrnn.events import reasons
from streamrnn.events.columns import DeadLetter, Events, Floats, Ints, Partition
from streamrnn.events.decode import EARLIEST, LATEST
from streamrnn.replay import cells
from streamrnn.replay.options import SourceError, SourceOptions
from streamrnn.settings.schema import Events as EventSettings

Column = Sequence[str] | Floats
"""Text cells as a CSV has them, or numbers as a Parquet file has them."""

_Refused = dict[int, tuple[str, str]]
"""Rows of a batch that cannot be events, each with its reason's code and a message."""


class TableReader:
    """Turns batches of a table's rows into events. One row is one event, or one per numeric column if ``wide``.

    Parameters
    ----------
    names : the table's columns
    partition : its topic also names the one stream of a table without a stream column
    settings : which columns are stream, time and features
    options : whether the table is wide

    Raises
    ------
    SourceError
        A feature's column is not there, or ``wide`` meets several features.
    """

    def __init__(
        self, names: Sequence[str], partition: Partition, settings: EventSettings, options: SourceOptions
    ) -> None:
        self._names = list(names)
        self._partition = partition
        self._settings = settings
        self._limit = settings.max_key_bytes
        self._stream = self._find(settings.stream)
        self._time = self._find(settings.time)
        self._wide = options.wide
        self._check(options.needed, "Correct --stream or --time.")
        self._features: list[int] | None = None if options.wide else self._find_features()
        self._rows = 0
        if options.wide and len(settings.features) != 1:
            raise SourceError(f"--wide gives one feature, but events.features names {len(settings.features)}: name one")

    def read(self, columns: Sequence[Column]) -> Events:
        """The next batch: one sequence of n cells for each name. Bad rows end up in ``rejects``."""
        count = len(columns[0])
        rows = np.arange(self._rows, self._rows + count)
        self._rows += count
        if self._features is None:
            self._features = self._numeric(columns)
        bad: _Refused = {}
        times = self._times(columns, rows, bad)
        values = np.empty((count, len(self._features)))
        for place, column in enumerate(self._features):
            values[:, place] = self._numbers(column, columns[column], bad)
        streams = self._streams(columns, count, bad)
        good = np.setdiff1d(np.arange(count), np.fromiter(bad, np.int64, len(bad)))
        rejects = [self._letter(row, int(rows[row]), *bad[row], columns) for row in sorted(bad)]
        if self._wide:
            return self._melted(rows[good], values[good], times[good], rejects)
        return self._made(rows[good], [streams[row] for row in good.tolist()], times[good], values[good], rejects)

    def _melted(self, rows: Ints, values: Floats, times: Floats, rejects: list[DeadLetter]) -> Events:
        """Row by row in the order of columns, each its own stream; the cell's number is the event's offset."""
        assert self._features is not None
        count, width = values.shape
        names = [self._names[column] for column in self._features] * count
        offsets = (rows[:, None] * width + np.arange(width)).ravel()
        return self._made(offsets, names, np.repeat(times, width), values.reshape(-1, 1), rejects)

    def _made(
        self, offsets: Ints, streams: list[str], times: Floats, values: Floats, rejects: list[DeadLetter]
    ) -> Events:
        count = len(streams)
        return Events(
            partition=self._partition,
            offsets=offsets,
            streams=streams,
            times=times,
            timestamps=np.full(count, np.nan),
            features=values,
            ends=np.zeros(count, np.bool_),
            rejects=rejects,
        )

    def _streams(self, columns: Sequence[Column], count: int, bad: _Refused) -> list[str]:
        """Stream ids; the file's name in a table without a stream column."""
        if self._stream is None or self._wide:
            return [self._partition.topic] * count
        streams = list(map(str, columns[self._stream]))
        for row, name in enumerate(streams):
            if not name:
                bad.setdefault(row, (reasons.NO_STREAM, "the stream id is empty"))
            elif len(name) * 4 > self._limit and len(name.encode()) > self._limit:
                bad.setdefault(row, (reasons.STREAM_TOO_LONG, "the stream id is longer than events.max_key_bytes"))
        return streams

    def _times(self, columns: Sequence[Column], rows: Ints, bad: _Refused) -> Floats:
        """Event times; the row's number in a table without a time column."""
        if self._time is None:
            return rows.astype(np.float64)
        column = columns[self._time]
        times = column if isinstance(column, np.ndarray) else cells.times(column, self._settings.time_format)[0]
        name = self._names[self._time]
        for row in np.flatnonzero(~((times >= EARLIEST) & (times <= LATEST))).tolist():
            empty = str(column[row]).strip().lower() in cells.MISSING
            bad.setdefault(row, (reasons.NO_TIME if empty else reasons.BAD_TIME, f"column {name} holds no time"))
        return times

    def _numbers(self, place: int, column: Column, bad: _Refused) -> Floats:
        values, wrong = (column, []) if isinstance(column, np.ndarray) else cells.numbers(column)
        name = self._names[place]
        for row in wrong:
            bad.setdefault(row, (reasons.NOT_A_NUMBER, f"column {name} holds no number"))
        with np.errstate(invalid="ignore"):
            large = np.flatnonzero(np.abs(values) > self._settings.max_magnitude)
        for row in large.tolist():
            bad.setdefault(row, (reasons.OUT_OF_RANGE, f"column {name} is beyond events.max_magnitude"))
        return values

    def _numeric(self, columns: Sequence[Column]) -> list[int]:
        """Columns other than stream and time that hold nothing but numbers in the first batch."""
        taken = {self._stream, self._time}
        found = [
            place
            for place, column in enumerate(columns)
            if place not in taken and (isinstance(column, np.ndarray) or not cells.numbers(column)[1])
        ]
        if not found:
            raise SourceError(f"no column of {', '.join(self._names)} holds only numbers: leave out --wide")
        return found

    def _find(self, name: str | None) -> int | None:
        return self._names.index(name) if name in self._names else None

    def _find_features(self) -> list[int]:
        self._check(self._settings.features, "Name one with --feature, or take all numeric ones with --wide.")
        return [self._names.index(name) for name in self._settings.features]

    def _check(self, needed: Sequence[str], remedy: str) -> None:
        lacking = [name for name in needed if name not in self._names]
        if lacking:
            known = ", ".join(self._names[:12]) + (", ..." if len(self._names) > 12 else "")
            raise SourceError(f"there is no column {', '.join(lacking)}; the columns are {known}. {remedy}")

    def _letter(self, row: int, number: int, reason: str, message: str, columns: Sequence[Column]) -> DeadLetter:
        text = ",".join(str(column[row]) for column in columns)
        offset = number * len(self._features or "") if self._wide else number
        return DeadLetter(reason, f"row {number}: {message}", self._partition, offset, None, text.encode())
