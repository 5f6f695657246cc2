"""One stream's rows in a snapshot's arrays, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy.typing as npt

from streamrnn.cli.places import amount
from streamrnn.rows import scale

Array = npt.NDArray[Any]


def describe_row(arrays: dict[str, Array], slot: int) -> Iterator[tuple[str, str]]:
    """Names and values of what is kept of the stream in this slot.

    A snapshot knows no names: features are numbered as ``events.features`` lists them.
    """
    fields, counts = arrays["scale"][slot], arrays["counts"][slot]
    features = (len(counts) - scale.STREAM_FIELDS) // 2
    yield "last event time", _time(float(arrays["index_times"][slot]))
    yield "events seen", f"{counts[scale.EVENTS]:,}"
    for number in range(features):
        feature = fields[scale.FEATURE_FIELDS * number :]
        yield f"feature {number + 1}", _feature(feature, counts[scale.STREAM_FIELDS + number])


def _feature(fields: Array, values: int) -> str:
    if not values:
        return "no value yet"
    return (
        f"last value {_number(fields[scale.LAST])}, running mean {_number(fields[scale.MEAN])}, "
        f"running deviation {_number(math.sqrt(fields[scale.VARIANCE]))}, "
        f"mean change {_number(fields[scale.ABSOLUTE_CHANGE])}, of {amount(int(values), 'value')}"
    )


def _number(value: float) -> str:
    return f"{value:.6g}"


def _time(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC).isoformat(timespec='seconds')} ({seconds:.3f} s)"
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.3f} s"
