"""Which streams to show first: those forecast worst, those with most events, the youngest, the strangest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

import msgspec
import numpy as np
import numpy.typing as npt

from streamrnn.rows import anomaly, ledger
from streamrnn.streams.index import StreamIndex

Array = npt.NDArray[Any]
Order = Literal["worst", "busiest", "newest", "strangest", "latest"]
ORDERS: tuple[Order, ...] = get_args(Order)
LEAST = 10.0  # outcomes before a stream's skill says anything
MOST_FOUND = 10_000  # streams that a search looks at more closely


class Row(msgspec.Struct):
    """A stream in a list: its events, when it was last seen (seconds since 1970, of event time), skill of its first
    target over about the last 100 outcomes, and its largest anomaly score; null where there is none."""

    stream: str
    topic: str
    partition: int
    events: int
    last_seen: float
    skill: float
    score: float
    born: int


def rank(
    index: StreamIndex, arrays: Mapping[str, Array], topic: str, partition: int, order: Order, search: str, limit: int
) -> list[tuple[float, Row]]:
    """The first streams in this order, each with what it was ordered by (small ones first).

    Parameters
    ----------
    index, arrays : of the shard
    topic, partition : whose shard it is
    order : worst (least skill), busiest (most events), newest (began last), strangest (largest anomaly score), latest
        (seen last)
    search : a part of the id, in any case; "" for all
    limit : most streams
    """
    slots = index.slots(search, MOST_FOUND)
    if not len(slots):
        return []
    rows, places = arrays.get("ledger"), arrays.get("ledger_places")
    if rows is None or places is None:
        return []
    rows, places = rows[slots], places[slots]
    with np.errstate(invalid="ignore", divide="ignore"):
        skill = 1.0 - rows[:, ledger.ERROR] / rows[:, ledger.NAIVE_ERROR]
    skill = np.where(rows[:, ledger.WEIGHT] >= LEAST, skill, np.nan)
    accounts = arrays.get("anomaly_accounts")
    score = np.full(len(slots), np.nan)
    if accounts is not None:
        score = np.fmax.reduce(accounts[slots][:, anomaly.SCORE :: anomaly.TARGET_FIELDS], axis=1)
    seen = index.times(slots)
    by: Array = {
        "worst": skill,
        "busiest": -places[:, ledger.EVENTS],
        "newest": -places[:, ledger.BORN],
        "strangest": -score,
        "latest": -seen,
    }[order].astype(np.float64)
    first = np.argsort(by, kind="stable")[:limit]
    return [
        (
            float(by[at]),
            Row(
                index.name(int(slots[at])), topic, partition, int(places[at, ledger.EVENTS]), float(seen[at]),
                float(skill[at]), float(score[at]), int(places[at, ledger.BORN]),
            ),
        )
        for at in first.tolist()
    ]  # fmt: skip
