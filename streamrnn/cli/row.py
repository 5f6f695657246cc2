"""One stream's rows in a snapshot's arrays, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy.typing as npt

from streamrnn.cli.places import amount
from streamrnn.streams.layout import (
    ABSOLUTE_CHANGE,
    BASELINE,
    EVENTS,
    FEATURE_FIELDS,
    FORECAST,
    LAST,
    MEAN,
    PENDING,
    SHARE,
    STREAM_FIELDS,
    TARGET_FIELDS,
    VARIANCE,
)

Array = npt.NDArray[Any]


def describe_row(arrays: dict[str, Array], slot: int) -> Iterator[tuple[str, str]]:
    """Names and values of what is kept of the stream in this slot.

    A snapshot knows no names: features and targets are numbered as ``events.features`` and ``events.targets`` list
    them.
    """
    account, tally = arrays["accounts"][slot], arrays["tallies"][slot]
    features = (len(tally) - STREAM_FIELDS) // 2
    yield "last event time", _time(float(arrays["index_times"][slot]))
    yield "events seen", f"{tally[EVENTS]:,}"
    for number in range(features):
        yield f"feature {number + 1}", _feature(account[FEATURE_FIELDS * number :], tally[STREAM_FIELDS + number])
    for number in range(len(arrays["scores"])):
        fields = account[FEATURE_FIELDS * features + TARGET_FIELDS * number :]
        yield f"target {number + 1}", _target(fields)


def _feature(fields: Array, values: int) -> str:
    if not values:
        return "no value yet"
    return (
        f"last value {_number(fields[LAST])}, running mean {_number(fields[MEAN])}, "
        f"running deviation {_number(math.sqrt(fields[VARIANCE]))}, "
        f"mean change {_number(fields[ABSOLUTE_CHANGE])}, of {amount(int(values), 'value')}"
    )


def _target(fields: Array) -> str:
    share = f"share of the network {100 * fields[SHARE]:.1f} %"
    if not fields[PENDING]:
        return f"no forecast pending, {share}"
    return f"pending forecast {_number(fields[FORECAST])} (last value {_number(fields[BASELINE])}), {share}"


def _number(value: float) -> str:
    return f"{value:.6g}"


def _time(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC).isoformat(timespec='seconds')} ({seconds:.3f} s)"
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.3f} s"
