"""Columns of text cells as numbers: what is missing, what is a number, what is neither."""

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np

from streamrnn.events.columns import Floats

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none"})  # in any case


def numbers(cells: Sequence[str]) -> tuple[Floats, list[int]]:
    """Text cells as numbers.

    Returns
    -------
    float64[n]
        NaN where a cell is empty or says that it has no value (see `MISSING`), and where it is no number.
    list of int
        Rows that are neither a finite number nor missing.
    """
    return _column(cells, float)


def times(cells: Sequence[str], time_format: str) -> tuple[Floats, list[int]]:
    """Text cells as seconds since 1970.

    Parameters
    ----------
    cells : numbers or ISO 8601 text such as ``2024-01-01 00:00:00``; without an offset it is UTC
    time_format : ``milliseconds`` if numbers are that; ``seconds`` or ``iso8601`` otherwise

    Returns
    -------
    float64[n], list of int
        As `numbers` gives them.
    """
    first = next((cell for cell in cells if cell.strip().lower() not in MISSING), "")
    if _is_number(first):
        column, bad = _column(cells, float)
        return (column / 1000.0 if time_format == "milliseconds" else column), bad
    return _column(cells, _instant)


def _column(cells: Sequence[str], convert: Callable[[str], float]) -> tuple[Floats, list[int]]:
    try:
        column = np.fromiter(map(convert, cells), np.float64, len(cells))
    except (ValueError, OverflowError):
        column = np.fromiter((_or_nan(cell, convert) for cell in cells), np.float64, len(cells))
    odd = np.flatnonzero(~np.isfinite(column)).tolist()
    bad = [row for row in odd if cells[row].strip().lower() not in MISSING]
    column[odd] = np.nan
    return column, bad


def _or_nan(cell: str, convert: Callable[[str], float]) -> float:
    try:
        return convert(cell)
    except (ValueError, OverflowError):
        return math.nan


def _is_number(cell: str) -> bool:
    return not math.isnan(_or_nan(cell, float))


def _instant(cell: str) -> float:
    moment = datetime.fromisoformat(cell.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
