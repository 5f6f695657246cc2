"""CSV files and their like as batches of events."""

import csv
import io
from collections.abc import Iterator
from itertools import chain, islice
from typing import BinaryIO

from streamrnn.events.columns import Events
from streamrnn.replay import guess
from streamrnn.replay.options import SourceError
from streamrnn.replay.table import TableReader

_END = "\x04"  # a line after the last one: a quote that is still open swallows it
_WORDS = {"tab": "\t", "\\t": "\t"}

Row = tuple[int, list[str]]
"""The line at which a row starts, and its cells."""


def delimiter(text: str) -> str:
    """The character that ``--delimiter`` means."""
    found = _WORDS.get(text, text)
    if len(found) != 1 or found in '"\r\n' + _END:
        raise SourceError(f"--delimiter takes one character, or the word tab, and not {text!r}")
    return found


def open_rows(file: BinaryIO, name: str, given: str | None) -> Iterator[Row]:
    """Rows that are not empty.

    Parameters
    ----------
    file : UTF-8, with or without a byte order mark
    name : of the file, for errors
    given : the delimiter; None finds it out from the first line

    Raises
    ------
    SourceError
        The file is empty, a quote is never closed, or a cell is endless.
    """
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    head: list[str] = []
    for line in text:
        head.append(line)
        if line.strip():
            break
    else:
        raise SourceError(f"{name} is empty")
    return _rows(chain(head, text), name, delimiter(given) if given else guess.delimiter(head[-1]))


def batches(rows: Iterator[Row], reader: TableReader, width: int, size: int) -> Iterator[Events]:
    """Events of up to ``size`` rows at a time.

    A row of fewer than ``width`` cells is filled with blanks; one of more is refused.
    """
    while batch := list(islice(rows, size)):
        long = {place: len(cells) for place, (_, cells) in enumerate(batch) if len(cells) > width}
        full = [cells if len(cells) == width else (cells + [""] * width)[:width] for _, cells in batch]
        yield reader.read(list(zip(*full, strict=True)), [line for line, _ in batch], long)


def _rows(lines: Iterator[str], name: str, delimiter: str) -> Iterator[Row]:
    ended = False

    def marked() -> Iterator[str]:
        nonlocal ended
        yield from lines
        ended = True
        yield _END

    reader = csv.reader(marked(), delimiter=delimiter)
    start = 1
    try:
        for cells in reader:
            if ended:
                break
            if cells:
                yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        raise SourceError(f"{name} line {start}: {error}. Is a quote not closed there?") from None
    if cells != [_END]:
        raise SourceError(f"{name} line {start}: a quote is opened and never closed. Close it, or write it twice.")
