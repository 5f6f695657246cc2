"""What a snapshot keeps of one stream, in words: the same that a running daemon tells at ``/v1/streams/KEY``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy.typing as npt

from streamrnn.cli.places import amount
from streamrnn.settings.past import PastError, rebuilt
from streamrnn.settings.schema import Settings
from streamrnn.snapshots import Header
from streamrnn.streams.classes import ClassRegistry
from streamrnn.streams.index import saved_slot
from streamrnn.streams.look import Answer, FeatureLook, StreamLook, TargetLook, look

Array = npt.NDArray[Any]


def saved_look(header: Header, arrays: dict[str, Array], stream: str) -> StreamLook | None:
    """What a snapshot tells of a stream; None where it does not have it.

    Raises
    ------
    PastError
        It does not tell the settings that it was made with.
    """
    slot = saved_slot(arrays, stream)
    if slot is None:
        return None
    if not header.settings:
        raise PastError("it was made by a version that did not keep its settings")
    settings = rebuilt(header.settings, Settings())
    classes = ClassRegistry(settings)
    classes.load(arrays)
    return look(settings, arrays, classes.names, stream, slot, float(arrays["index_times"][slot]))


def describe(found: StreamLook) -> Iterator[tuple[str, str]]:
    """Names and values of what is kept."""
    yield "last event time", _time(found.last_seen)
    if found.offset >= 0:
        yield "last offset", f"{found.offset:,}"
    yield "events seen", f"{found.events:,}, the first after {amount(max(0, found.born - 1), 'record')} of the shard"
    for target in found.targets:
        yield from _target(target)
    for feature in found.features:
        yield f"feature {feature.feature}", _feature(feature)


def _target(target: TargetLook) -> Iterator[tuple[str, str]]:
    what = f"of {target.target}"
    around = [f"{each.level:.0%} from {_number(each.low)} to {_number(each.high)}" for each in target.intervals]
    yield f"told {what}", ", ".join([_answer(target.forecast), *around])
    settled = target.settled
    if settled is None:
        yield f"settled {what}", "nothing yet"
        return
    yield (
        f"settled {what}",
        f"{_answer(settled.forecast)}, outcome {_answer(settled.outcome)}, error {_number(settled.error)}; baseline "
        f"{_answer(settled.baseline)}, its error {_number(settled.baseline_error)}",
    )
    yield (
        f"quality {what}",
        f"mean error {_number(target.error)}, the baseline's {_number(target.baseline_error)}, skill "
        f"{_number(target.skill)}, over about the last 100 outcomes",
    )
    if not math.isnan(target.score):
        yield f"anomaly {what}", f"score {_number(target.score)}"


def _feature(feature: FeatureLook) -> str:
    if not feature.values:
        return "no value yet"
    return (
        f"last value {_number(feature.value)}, running mean {_number(feature.mean)}, "
        f"running deviation {_number(feature.deviation)}, "
        f"mean change {_number(feature.mean_change)}, of {amount(feature.values, 'value')}"
    )


def _answer(value: Answer) -> str:
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else _number(value)


def _number(value: float) -> str:
    return "unknown" if math.isnan(value) else f"{value:.6g}"


def _time(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC).isoformat(timespec='seconds')} ({seconds:.3f} s)"
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.3f} s"
