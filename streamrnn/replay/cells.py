"""Columns of text cells as numbers: what is missing, what is a number, what is neither."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from streamrnn.events.columns import Floats

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none"})  # in any case
MISSING_WORDS = "blank, NA, N/A, NaN, null or none"

_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "1", "1.0"), True),
    **dict.fromkeys(("false", "no", "0", "0.0"), False),
}
BOOLEAN_WORDS = "true, false, yes, no, 1 or 0"

Column = Sequence[str] | Floats
"""Text cells as a CSV has them, or numbers as a Parquet file has them."""


def numbers(cells: Column) -> tuple[Floats, list[int]]:
    """Text cells as numbers.

    Returns
    -------
    float64[n]
        NaN where a cell is empty or says that it has no value (see `MISSING`), and where it is no number.
    list of int
        Rows that are neither a finite number nor missing.
    """
    return (cells, []) if isinstance(cells, np.ndarray) else converted(cells, float)


def is_missing(cell: object) -> bool:
    """Whether a cell is empty or says that it has no value."""
    return str(cell).strip().lower() in MISSING


def boolean(cell: str) -> bool | None:
    """What a table's cell says, in any case; None where it is neither true nor false."""
    return _BOOLEANS.get(cell.strip().lower())


def texts(cells: Column) -> list[str | None]:
    """Cells as text, None where missing."""
    return [None if is_missing(cell) else text(cell) for cell in cells]


def converted(cells: Sequence[str], convert: Callable[[str], float]) -> tuple[Floats, list[int]]:
    """What `numbers` gives, by any function that raises ValueError or OverflowError for what it cannot read."""
    try:
        column = np.fromiter(map(convert, cells), np.float64, len(cells))
    except (ValueError, OverflowError):
        column = np.fromiter((or_nan(cell, convert) for cell in cells), np.float64, len(cells))
    odd = np.flatnonzero(~np.isfinite(column)).tolist()
    bad = [row for row in odd if not is_missing(cells[row])]
    column[odd] = np.nan
    return column, bad


def or_nan(cell: str, convert: Callable[[str], float]) -> float:
    """One cell by the same function; NaN where it cannot be read."""
    try:
        return convert(cell)
    except (ValueError, OverflowError):
        return math.nan


def text(cell: object) -> str:
    """A cell as text: whole numbers of a column of numbers without a fraction."""
    if isinstance(cell, float | np.floating) and float(cell).is_integer():
        return f"{cell:.0f}"
    return str(cell)
