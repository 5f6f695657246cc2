"""How times are written: read as the settings say, recognised where they do not, and what is wrong with one."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np

from streamrnn.events.columns import Floats
from streamrnn.replay import cells

# Numbers from here on are milliseconds: the years 1973 to 2286 as such, and thousands of years away as seconds.
_MILLISECONDS, _BEYOND = 1e11, 1e13


def read(column: cells.Column, time_format: str) -> Floats:
    """A column as seconds since 1970; NaN where a cell is missing or not written in this format.

    ISO 8601 text may have a blank for its T; without an offset it is UTC.
    """
    if isinstance(column, np.ndarray):
        numbers = np.full(len(column), np.nan) if time_format == "iso8601" else column
    else:
        numbers = cells.converted(column, _instant if time_format == "iso8601" else float)[0]
    return numbers / 1000.0 if time_format == "milliseconds" else numbers


def recognised(values: Iterable[object]) -> str | None:
    """The format of the first value that is written in any of them: text, or numbers as JSON has them."""
    return next((found for value in values if (found := _format(value))), None)


def problem(cell: object, time_format: str) -> str:
    """What is wrong with a time that was refused, and the remedy; goes on after the name of its column."""
    found = _format(cell)
    if found is not None and found != time_format:
        return f"holds {str(cell)!r}, which looks like {found}: set events.time_format={found}"
    if not math.isnan(cells.or_nan(str(cell), float)):
        return f"holds {str(cell)!r}, which is thousands of years away in seconds and in milliseconds since 1970"
    return (
        f"holds {str(cell)!r}, which is no time: write ISO 8601, such as 2024-01-31 18:30:00, or seconds since 1970"
    )


def _format(value: object) -> str | None:
    text = str(value)
    size = abs(cells.or_nan(text, float))
    if not math.isnan(size):
        return "seconds" if size < _MILLISECONDS else "milliseconds" if size < _BEYOND else None
    return None if math.isnan(cells.or_nan(text, _instant)) else "iso8601"


def _instant(cell: str) -> float:
    moment = datetime.fromisoformat(cell.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
