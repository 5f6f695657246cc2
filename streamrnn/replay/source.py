"""A file or a directory log's folder, read as batches of events."""

import gzip
import math
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

from streamrnn.events.columns import Events, Partition
from streamrnn.replay import delimited, lines, parquet
from streamrnn.replay.options import Findings, SourceError, SourceOptions
from streamrnn.replay.table import TableReader
from streamrnn.settings.records import Events as EventSettings
from streamrnn.transport.directory import partition_files

_LINES = (".jsonl", ".json", ".ndjson")
_TABLES = (".csv", ".txt", ".tsv")


class Source(Iterator[Events]):
    """Batches of events, and how far into the file they have come.

    Attributes
    ----------
    findings : what was noticed in the file; complete once the first batch has come
    """

    def __init__(
        self, batches: Iterator[Events], file: BinaryIO, size: int, limit: int | None, findings: Findings
    ) -> None:
        self._batches = batches
        self._file = file
        self._size = size
        self._left = math.inf if limit is None else limit
        self.findings = findings

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
    path : its ending says what it is; the name without it names the topic (and the stream, in a table without one)
    settings : which fields are stream, time and features
    options : what the settings do not say

    Returns
    -------
    Source
        Iterator over batches in file order. Rows or lines that cannot be events are in the batches' ``rejects``.

    Raises
    ------
    SourceError
        There is no such file, its kind is unknown, a column is missing, an option is for another kind of file, or
        Parquet support is not installed. Some of it only shows as the batches are read.
    """
    options = options or SourceOptions()
    if not path.exists():
        raise SourceError(f"there is no {path}: check the spelling")
    if path.is_dir():
        path = _partition_file(path, options.partition)
    elif options.partition is not None:
        raise SourceError(f"--partition is for a directory log's topic folder, and {path} is a file: leave it out")
    kind, packed = _kind(path)
    _check_options(path, kind, options)
    file = path.open("rb")
    findings = Findings()
    try:
        plain: Any = gzip.GzipFile(fileobj=file) if packed else file
        batches = _batches(plain, path.name, kind, settings, options, findings)
        return Source(batches, file, path.stat().st_size, options.limit, findings)
    except BaseException:
        file.close()
        raise


def is_lines(path: Path) -> bool:
    """Whether a file holds JSON lines, by its name."""
    return _kind(path)[0] in _LINES


def plain_lines(path: Path, count: int) -> Iterator[list[bytes]]:
    """A file's lines as they are, each with a line feed, so many at a time; blank ones are left out."""
    with gzip.open(path) if _kind(path)[1] else path.open("rb") as file:
        while block := list(islice(file, count)):
            yield [line.rstrip(b"\r\n") + b"\n" for line in block if line.strip()]


def _kind(path: Path) -> tuple[str, bool]:
    """What a file is, by its ending, and whether it is packed."""
    endings = [ending.lower() for ending in path.suffixes]
    packed = endings[-1:] == [".gz"]
    return "".join(endings[-2:-1] if packed else endings[-1:]), packed


def _check_options(path: Path, kind: str, options: SourceOptions) -> None:
    """Refuse what another kind of file would need."""
    if kind not in (*_LINES, *_TABLES, ".parquet") or path.name.lower().endswith(".parquet.gz"):
        raise SourceError(f"{path.name} is of no known kind: name it .csv, .jsonl (both also .gz) or .parquet")
    of_text = {"--no-header": options.no_header, "--delimiter": options.delimiter is not None}
    wrong = [name for name, given in of_text.items() if given and kind not in _TABLES]
    if options.wide and kind in _LINES:
        wrong.append("--wide")
    if wrong:
        raise SourceError(f"{path.name} is not a CSV: leave out {' and '.join(wrong)}")


def _batches(
    file: Any, name: str, kind: str, settings: EventSettings, options: SourceOptions, findings: Findings
) -> Iterator[Events]:
    partition = Partition(name.split(".")[0], 0)
    if kind in _LINES:
        return lines.batches(file, partition, settings, options, findings)
    if kind == ".parquet":
        return parquet.batches(file, name, partition, settings, options, findings)
    rows = delimited.open_rows(file, name, options.delimiter)
    first = next(rows)
    header = first[1]
    names = [f"c{place}" for place in range(len(header))] if options.no_header else [each.strip() for each in header]
    reader = TableReader(names, partition, settings, options, findings)
    second = first if options.no_header else next(rows, None)
    if second is None:
        raise SourceError(f"{name} holds a line of names and no row below it")
    return delimited.batches(chain([second], rows), reader, len(names), options.batch)


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


def _first(events: Events, count: int) -> Events:
    part = events.cut(0, count)
    part.rejects = [letter for letter in events.rejects if letter.offset <= events.offsets[count - 1]]
    return part
