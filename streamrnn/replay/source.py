"""A file or a directory log's folder, read as batches of events."""

import csv
import gzip
import io
import math
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from streamrnn.events.columns import Events, Partition, Records
from streamrnn.replay.options import SourceError, SourceOptions
from streamrnn.replay.table import Column, TableReader
from streamrnn.settings.schema import Events as EventSettings
from streamrnn.transport.directory import partition_files

_LINES = (".jsonl", ".json", ".ndjson")
_TABLES = (".csv", ".txt", ".tsv")


class Source(Iterator[Events]):
    """Batches of events, and how far into the file they have come."""

    def __init__(self, batches: Iterator[Events], file: BinaryIO, size: int, limit: int | None) -> None:
        self._batches = batches
        self._file = file
        self._size = size
        self._left = math.inf if limit is None else limit

    def __next__(self) -> Events:
        if self._left <= 0:
            self._file.close()
            raise StopIteration
        try:
            events = next(self._batches)
        except BaseException:
            self._file.close()
            raise
        if len(events) > self._left:
            events = _first(events, int(self._left))
        self._left -= len(events)
        return events

    @property
    def fraction(self) -> float:
        """Part of the file's bytes that has been read, 0 to 1."""
        return 1.0 if self._file.closed or not self._size else min(self._file.tell() / self._size, 1.0)


def open_source(path: Path, settings: EventSettings, options: SourceOptions | None = None) -> Source:
    """Open a CSV, JSON lines (both also ``.gz``) or Parquet file, or a directory log's topic folder.

    Parameters
    ----------
    path : its ending says what it is; the name without ending names the topic (and the stream, in a table without one)
    settings : which fields are stream, time and features
    options : what the settings do not say

    Returns
    -------
    Source
        Iterator over batches in file order. Rows or lines that cannot be events are in the batches' ``rejects``.

    Raises
    ------
    SourceError
        There is no such file, its kind is unknown, a column is missing, or Parquet support is not installed.
    """
    options = options or SourceOptions()
    if not path.exists():
        raise SourceError(f"there is no {path}: check the spelling")
    path = _partition_file(path, options.partition) if path.is_dir() else path
    endings = [ending.lower() for ending in path.suffixes]
    packed = endings[-1:] == [".gz"]
    kind = "".join(endings[-2:-1] if packed else endings[-1:])
    partition = Partition(path.name.split(".")[0], 0)
    file = path.open("rb")
    try:
        plain: Any = gzip.GzipFile(fileobj=file) if packed else file
        if kind in _LINES:
            batches = _read_lines(plain, partition, settings, options)
        elif kind in _TABLES:
            batches = _read_csv(plain, partition, settings, options)
        elif kind == ".parquet" and not packed:
            batches = _read_parquet(file, partition, settings, options)
        else:
            raise SourceError(f"{path.name} is of no known kind: name it .csv, .jsonl (both also .gz) or .parquet")
        return Source(batches, file, path.stat().st_size, options.limit)
    except BaseException:
        file.close()
        raise


def _partition_file(folder: Path, number: int | None) -> Path:
    """The file of a topic folder's only partition, or of the one asked for."""
    files = partition_files(folder)
    if not files:
        raise SourceError(f"{folder} holds no <number>.jsonl: give a topic's folder, such as {folder}/events")
    if number is None and len(files) > 1:
        raise SourceError(f"{folder} holds partitions {sorted(files)}, a model each: choose with --partition N")
    chosen = next(iter(files)) if number is None else number
    if chosen not in files:
        raise SourceError(f"{folder} holds partitions {sorted(files)}, not {chosen}")
    return files[chosen]


def _read_lines(
    file: Any, partition: Partition, settings: EventSettings, options: SourceOptions
) -> Iterator[Events]:
    from streamrnn.events.decode import Decoder

    decoder = Decoder(settings, numbered_time=True)
    start = 0
    while lines := list(islice(file, options.batch)):
        count = len(lines)
        values = [line.rstrip(b"\r\n") for line in lines]
        offsets = list(range(start, start + count))
        start += count
        yield decoder.decode(
            Records(partition, offsets, [None] * count, list(values), [math.nan] * count, next_offset=start)
        )


def _read_csv(file: Any, partition: Partition, settings: EventSettings, options: SourceOptions) -> Iterator[Events]:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    rows = csv.reader(text)
    first = next(rows, None)
    if first is None:
        raise SourceError(f"{partition.topic} is empty")
    names = [f"c{place}" for place in range(len(first))] if options.no_header else [name.strip() for name in first]
    reader = TableReader(names, partition, settings, options)
    ahead = [first] if options.no_header else []
    return _csv_batches(rows, ahead, reader, len(names), options.batch)


def _csv_batches(
    rows: Iterator[list[str]], ahead: list[list[str]], reader: TableReader, width: int, size: int
) -> Iterator[Events]:
    while batch := ahead + list(islice(rows, size - len(ahead))):
        ahead = []
        full = [_padded(row, width) if len(row) != width else row for row in batch if row]
        if full:
            yield reader.read(list(zip(*full, strict=True)))


def _padded(row: list[str], width: int) -> list[str]:
    """A row of another length: what is missing becomes empty, and what is too much marks the row as bad."""
    return row + [""] * (width - len(row)) if len(row) < width else ["too many cells"] * width


def _read_parquet(
    file: BinaryIO, partition: Partition, settings: EventSettings, options: SourceOptions
) -> Iterator[Events]:
    try:
        from pyarrow import parquet  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        raise SourceError("Parquet needs pyarrow: pip install 'streamrnn[parquet]', or make it a CSV") from None
    table = parquet.ParquetFile(file)
    reader = TableReader(table.schema_arrow.names, partition, settings, options)
    return (
        reader.read([_arrow_column(column) for column in batch.columns])
        for batch in table.iter_batches(batch_size=options.batch)
        if batch.num_rows
    )


def _arrow_column(column: Any) -> Column:
    """Numbers as float64 with NaN for null, instants as seconds, all else as text."""
    from pyarrow import compute, types  # type: ignore[import-not-found,import-untyped,unused-ignore]

    if types.is_timestamp(column.type) or types.is_date(column.type):
        microseconds = compute.cast(compute.cast(column, "timestamp[us]", safe=False), "int64")
        return np.asarray(microseconds.to_numpy(zero_copy_only=False), np.float64) / 1e6
    if types.is_integer(column.type) or types.is_floating(column.type) or types.is_decimal(column.type):
        return np.asarray(compute.cast(column, "float64").to_numpy(zero_copy_only=False), np.float64)
    return ["" if cell is None else str(cell) for cell in column.to_pylist()]


def _first(events: Events, count: int) -> Events:
    return Events(
        events.partition,
        events.offsets[:count],
        events.streams[:count],
        events.times[:count],
        events.timestamps[:count],
        events.features[:count],
        events.ends[:count],
        [letter for letter in events.rejects if letter.offset <= events.offsets[count - 1]],
    )
