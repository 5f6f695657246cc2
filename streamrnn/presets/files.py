"""Records of a CSV or JSON lines file, as many as are asked for."""

import csv
import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from streamrnn.presets.record import Record
from streamrnn.replay import cells, delimited
from streamrnn.replay.options import SourceError

LINES = (".jsonl", ".json", ".ndjson")
TABLES = (".csv", ".txt", ".tsv")


def is_table(path: Path) -> bool:
    """Whether the file is a CSV by its name, so that all its cells are text.

    Raises
    ------
    SourceError
        The name tells of no kind that can be read.
    """
    endings = [ending.lower() for ending in path.suffixes]
    kind = "".join(endings[-2:-1] if endings[-1:] == [".gz"] else endings[-1:])
    if kind not in (*LINES, *TABLES):
        raise SourceError(f"{path.name} is of no kind that can be looked at: name it .csv or .jsonl (both also .gz)")
    return kind in TABLES


def file_records(path: Path) -> Iterator[Record]:
    """The file's records in order, read as they are asked for.

    Raises
    ------
    SourceError
        There is no such file, its kind is unknown, or it cannot be read on.
    """
    table = is_table(path)
    try:
        with path.open("rb") as file:
            plain: Any = gzip.GzipFile(fileobj=file) if path.name.lower().endswith(".gz") else file
            yield from _rows(plain, path.name) if table else line_records(plain)
    except OSError as error:  # also what is no gzip
        raise SourceError(f"{path} cannot be read: {error.strerror or error}. Check --from-file") from None
    except (EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path} cannot be read: {error}. Is it whole, and text in UTF-8?") from None


def line_records(lines: Iterable[bytes]) -> Iterator[Record]:
    """The JSON objects among these lines; all else is passed over, as the daemon would refuse it."""
    for line in lines:
        fields = json_object(line)
        if fields is not None:
            yield Record(fields)


def json_object(value: bytes | None) -> dict[str, Any] | None:
    """The fields of one JSON object; None for anything else, whatever the bytes are."""
    try:
        found = msgspec.json.decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _rows(file: BinaryIO, name: str) -> Iterator[Record]:
    rows = delimited.open_rows(file, name, None)
    names = [each.strip() for each in next(rows)[1]]
    for _, row in rows:
        known = zip(names, row, strict=False)  # a short row lacks its last cells
        yield Record({name: None if cells.is_missing(cell) else cell for name, cell in known})
