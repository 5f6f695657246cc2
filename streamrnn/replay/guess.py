"""What the first rows of a file suggest: its delimiter, its stream and time columns, the name that was meant."""

import csv
import difflib
from collections.abc import Iterable, Sequence

import numpy as np

from streamrnn.replay import cells, times

DELIMITERS = ",;\t|"
_EARLIEST, _LATEST = 3.1e8, 4.2e9  # seconds since 1970 that are taken for a time: the years 1980 to 2100
_SAMPLE = 50  # values of a column that are looked at


def delimiter(line: str) -> str:
    """What parts a line into the most cells; a comma if nothing does better."""
    return max(DELIMITERS, key=lambda each: len(next(csv.reader([line], delimiter=each), [])))


def nearest(name: str, known: Iterable[str]) -> str:
    """`` (did you mean temperature?)`` with a leading space; nothing where no known name is near."""
    by_folded = {each.casefold(): each for each in known}
    folded = name.casefold()
    close = [each for each in by_folded if len(folded) > 2 and each.startswith(folded)]
    close = close or difflib.get_close_matches(folded, by_folded, n=1)
    return f" (did you mean {by_folded[close[0]]}?)" if close else ""


def stream_column(names: Sequence[str], columns: Sequence[cells.Column], taken: set[str]) -> str | None:
    """The first column of text whose values repeat, rather one with several values."""
    constant = None
    for name, column in zip(names, columns, strict=True):
        if name in taken or isinstance(column, np.ndarray) or not _is_text(column):
            continue
        values = len(set(column))
        if 1 < values <= len(column) / 2:
            return name
        if values == 1 < len(column):
            constant = constant or name
    return constant


def time_column(names: Sequence[str], columns: Sequence[cells.Column], taken: set[str], usual: str) -> str | None:
    """The first column that has the ``usual`` name but for capitals, or holds times."""
    pairs = [(name, column) for name, column in zip(names, columns, strict=True) if name not in taken]
    named = (name for name, _ in pairs if name.casefold() == usual.casefold())
    return next(named, None) or next((name for name, column in pairs if _is_time(column)), None)


def _is_text(column: Sequence[str]) -> bool:
    known = _known(column)
    return bool(known) and len(cells.numbers(known)[1]) == len(known) and not _is_time(column)


def _is_time(column: cells.Column) -> bool:
    """ISO 8601 text, or rising numbers that are of our days as seconds or milliseconds since 1970."""
    known = _known(column)
    formats = {times.recognised([value]) for value in known}
    if formats == {"iso8601"}:
        return True
    if len(formats) != 1 or None in formats:
        return False
    found = times.read(known, formats.pop() or "")
    rising = len(found) > 1 and found[-1] > found[0] and bool(np.all(np.diff(found) >= 0.0))
    return rising and bool(found[0] > _EARLIEST and found[-1] < _LATEST)


def _known(column: cells.Column) -> list[str]:
    """The first values as text, without missing ones."""
    values = column.tolist() if isinstance(column, np.ndarray) else column
    return [str(value) for value in values[:_SAMPLE] if not cells.is_missing(value)]
