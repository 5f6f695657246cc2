"""Rows of a table (CSV, Parquet) as events: how a batch of columns is turned into events."""

from collections.abc import Mapping, Sequence

import numpy as np

from streamrnn.events import reasons
from streamrnn.events.columns import DeadLetter, Events, Floats, Ints, Partition
from streamrnn.events.decode import EARLIEST, LATEST
from streamrnn.replay import cells, guess, times
from streamrnn.replay.cells import Column
from streamrnn.replay.header import find_columns, values_hint
from streamrnn.replay.label_cells import LabelCells
from streamrnn.replay.options import Findings, SourceError, SourceOptions
from streamrnn.replay.token_cells import TokenCells
from streamrnn.replay.trait_cells import TraitCells
from streamrnn.settings.records import Events as EventSettings

TOO_MANY_CELLS = "too_many_cells"  # beside the reasons that the daemon knows

_Refused = dict[int, tuple[str, str]]
"""Rows of a batch that cannot be events, each with its reason's code and a message."""


class TableReader:
    """Turns batches of a table's rows into events. One row is one event, or one per numeric column if ``wide``.

    Parameters
    ----------
    names : the table's columns
    partition : its topic also names the one stream of a table without a stream column
    settings : which columns are stream, time and features
    options : whether the table is wide, and whether to find out how times are written
    findings : takes what is worth a remark in the first batch
    instants : columns that hold seconds since 1970 whatever the settings say

    Raises
    ------
    SourceError
        A column is not there, or ``wide`` meets several features.
    """

    def __init__(
        self,
        names: Sequence[str],
        partition: Partition,
        settings: EventSettings,
        options: SourceOptions,
        findings: Findings,
        instants: frozenset[str] = frozenset(),
    ) -> None:
        if options.wide and len(settings.features) != 1:
            raise SourceError(
                f"--wide gives one feature, but events.features names {len(settings.features)}: set it to one name"
            )
        self._names = list(names)
        self._partition = partition
        self._settings = settings
        self._findings = findings
        self._instants = instants
        self._options = options
        self._format: str = settings.time_format
        self._stream, self._time, self._features = find_columns(names, settings, options)
        self._labels = None if options.labels is None else LabelCells(names, options.labels)
        self._traits = None if options.traits is None else TraitCells(names, options.traits)
        self._tokens = None if options.tokens is None else TokenCells(names, options.tokens)
        if options.wide and self._labels is not None:
            raise SourceError("--wide has no place for labels: leave it out, or set labels.mode to next")
        self._rows = 0
        findings.missing = cells.MISSING_WORDS

    def read(
        self, columns: Sequence[Column], lines: Sequence[int] | None = None, long: Mapping[int, int] | None = None
    ) -> Events:
        """The next batch. Bad rows end up in ``rejects``.

        Parameters
        ----------
        columns : one sequence of n cells for each name
        lines : the line at which each row starts; None where a file has no lines
        long : number of cells of each row that has more of them than there are names
        """
        count = len(columns[0])
        rows = np.arange(self._rows, self._rows + count)
        if not self._rows:
            self._look(columns)
        if self._options.keep:
            self._findings.newest = self._rows, dict(zip(self._names, columns, strict=True))
        self._rows += count
        width = len(self._names)
        bad: _Refused = {
            row: (TOO_MANY_CELLS, f"{found} cells for {width} columns: put a cell that holds the delimiter in quotes")
            for row, found in (long or {}).items()
        }
        seconds = self._times(columns, rows, bad)
        values = np.empty((count, len(self._features)))
        for place, column in enumerate(self._features):
            values[:, place] = self._numbers(column, columns[column], bad)
        streams = self._streams(columns, count, bad)
        labels = None if self._labels is None else self._labels.read(columns, seconds, bad)
        traits = None if self._traits is None else self._traits.read(columns, bad)
        tokens = None if self._tokens is None else self._tokens.read(columns, bad)
        good = np.setdiff1d(np.arange(count), np.fromiter(bad, np.int64, len(bad)))
        rejects = []
        for at, (reason, message) in sorted(bad.items()):
            where = f"line {lines[at]}" if lines else f"row {rows[at] + 1}"
            rejects.append(self._letter(at, int(rows[at]), reason, f"{where}: {message}", columns))
        traits = None if traits is None else traits.take(good)
        if self._options.wide:
            melted = self._melted(rows[good], values[good], seconds[good], rejects)
            melted.traits = None if traits is None else traits.take(np.repeat(np.arange(len(good)), values.shape[1]))
            return melted
        events = self._made(rows[good], [streams[row] for row in good.tolist()], seconds[good], values[good], rejects)
        events.labels = None if labels is None else labels.take(good)
        events.traits = traits
        events.tokens = None if tokens is None else tokens.take(good)
        return events

    def _melted(self, rows: Ints, values: Floats, seconds: Floats, rejects: list[DeadLetter]) -> Events:
        """Row by row in the order of columns, each its own stream; the cell's number is the event's offset."""
        count, width = values.shape
        names = [self._names[column] for column in self._features] * count
        offsets = (rows[:, None] * width + np.arange(width)).ravel()
        return self._made(offsets, names, np.repeat(seconds, width), values.reshape(-1, 1), rejects)

    def _made(
        self, offsets: Ints, streams: list[str], seconds: Floats, values: Floats, rejects: list[DeadLetter]
    ) -> Events:
        count = len(streams)
        return Events(
            partition=self._partition,
            offsets=offsets,
            streams=streams,
            times=seconds,
            timestamps=np.full(count, np.nan),
            features=values,
            ends=np.zeros(count, np.bool_),
            rejects=rejects,
        )

    def _look(self, columns: Sequence[Column]) -> None:
        """Settle from the first batch what the names alone do not tell, and remark on what was made up."""
        stream, time = self._settings.stream, self._settings.time
        taken = {self._names[place] for place in (*self._features, self._stream, self._time) if place is not None}
        if self._options.labels is not None:
            taken.add(self._options.labels.field)
        if self._tokens is not None:
            taken.add(self._tokens.field)
        if self._options.traits is not None:
            taken.update(self._options.traits.names)
        remarks = self._findings.remarks
        if self._time is not None and self._options.detect_time and self._names[self._time] not in self._instants:
            self._format = times.recognised(_known(columns[self._time])) or self._format
            if self._format != self._settings.time_format and not self._options.keep:
                remarks.append(detected(self._format))
        if self._time is None and time is not None:
            found = guess.time_column(self._names, columns, taken, time)
            hint = f" {found} looks like one: --time {found}." if found else ""
            remarks.append(f"There is no column {time}, so the rows are numbered: name one with --time.{hint}")
        if self._stream is None and stream is not None and not self._options.wide:
            found = guess.stream_column(self._names, columns, taken)
            hint = f" {found} looks like one: --stream {found}." if found else ""
            remarks.append(f"There is no column {stream}, so all rows are one stream: name one with --stream.{hint}")
        if hint := values_hint(self._names, self._options):
            remarks.append(hint)
        if self._options.wide:
            self._features = self._numeric(columns)

    def _numeric(self, columns: Sequence[Column]) -> list[int]:
        """Columns other than stream and time that hold nothing but numbers in the first batch."""
        taken = {self._stream, self._time, *(self._traits.places if self._traits else ())}
        others = [place for place in range(len(columns)) if place not in taken]
        found = [place for place in others if not cells.numbers(columns[place])[1]]
        if not found:
            raise SourceError(f"no column of {', '.join(self._names)} holds only numbers: leave out --wide")
        if self._time is None and self._settings.time is not None:
            numeric = [self._names[place] for place in found]
            time = guess.time_column(numeric, [columns[place] for place in found], set(), self._settings.time)
            if time:
                text = (
                    f"with --wide, {time} would be a stream, but it looks like the event time: add --time {time} "
                    "(or --set events.time=null, if it is a stream and the rows are to be numbered)."
                )
                raise SourceError(f"{text} {values_hint(self._names, self._options)}".rstrip())
        left = [self._names[place] for place in others if place not in found]
        if left:
            names = guess.stream_column(left, [columns[self._names.index(name)] for name in left], set())
            hint = f" If {names} names the streams, use --stream {names} and no --wide." if names else ""
            self._findings.remarks.append(f"No streams, as they do not hold only numbers: {', '.join(left)}.{hint}")
        return found

    def _streams(self, columns: Sequence[Column], count: int, bad: _Refused) -> list[str]:
        """Stream ids; the file's name in a table without a stream column."""
        if self._stream is None or self._options.wide:
            return [self._partition.topic] * count
        streams = list(map(str, columns[self._stream]))
        limit = self._settings.max_key_bytes
        for row, name in enumerate(streams):
            if not name:
                bad.setdefault(row, (reasons.NO_STREAM, f"column {self._names[self._stream]} is blank"))
            elif len(name) * 4 > limit and len(name.encode()) > limit:
                bad.setdefault(row, (reasons.STREAM_TOO_LONG, "the stream id is longer than events.max_key_bytes"))
        return streams

    def _times(self, columns: Sequence[Column], rows: Ints, bad: _Refused) -> Floats:
        """Event times; the row's number in a table without a time column."""
        if self._time is None:
            return rows.astype(np.float64)
        column, name = columns[self._time], self._names[self._time]
        known = name in self._instants and isinstance(column, np.ndarray)
        seconds = times.read(column, "seconds" if known else self._format)
        for row in np.flatnonzero(~((seconds >= EARLIEST) & (seconds <= LATEST))).tolist():
            if cells.is_missing(column[row]):
                bad.setdefault(row, (reasons.NO_TIME, f"column {name} is blank"))
            else:
                bad.setdefault(row, (reasons.BAD_TIME, f"column {name} {times.problem(column[row], self._format)}"))
        return seconds

    def _numbers(self, place: int, column: Column, bad: _Refused) -> Floats:
        values, wrong = cells.numbers(column)
        name = self._names[place]
        for row in wrong:
            remedy = "write 1.5 for 1,5" if "," in column[row] else "leave it blank where there is none"
            bad.setdefault(row, (reasons.NOT_A_NUMBER, f"column {name} holds {column[row]!r}, no number: {remedy}"))
        with np.errstate(invalid="ignore"):
            large = np.flatnonzero(np.abs(values) > self._settings.max_magnitude)
        for row in large.tolist():
            bad.setdefault(row, (reasons.OUT_OF_RANGE, f"column {name} is beyond events.max_magnitude"))
        return values

    def _letter(self, row: int, number: int, reason: str, message: str, columns: Sequence[Column]) -> DeadLetter:
        text = ",".join(str(column[row]) for column in columns)
        offset = number * len(self._features) if self._options.wide else number
        return DeadLetter(reason, message, self._partition, offset, None, text.encode())


def detected(time_format: str) -> str:
    """The remark that times are not written as the settings say."""
    return f"Times are read as {time_format}: for the daemon set events.time_format: {time_format}."


def _known(column: Column) -> list[str]:
    return [str(cell) for cell in column if not cells.is_missing(cell)]
