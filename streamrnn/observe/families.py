"""Makes metrics in one registry, and keeps what each is, for the reference in docs/metrics.md."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from streamrnn.observe.histogram import ColumnHistogram

PREFIX = "streamrnn_"


@dataclass(frozen=True, slots=True)
class Family:
    """What a metric is.

    Attributes
    ----------
    name : as Prometheus stores it; a histogram's without ``_bucket``, ``_count`` and ``_sum``
    kind : its type
    text : what it tells
    labels : names of its labels
    """

    name: str
    kind: Literal["counter", "gauge", "histogram", "info"]
    text: str
    labels: tuple[str, ...] = ()


class Families:
    """A registry, and the metrics made in it.

    Attributes
    ----------
    registry : to be served
    described : each metric made, in order
    """

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series beside each counter, of no use here
        self.registry = CollectorRegistry()
        self.described: list[Family] = []

    def counter(self, name: str, text: str, *labels: str) -> Counter:
        """A counter; ``name`` is without prefix and ``_total``."""
        self.describe(Family(f"{PREFIX}{name}_total", "counter", text, labels))
        return Counter(PREFIX + name, text, labels, registry=self.registry)

    def gauge(self, name: str, text: str, *labels: str) -> Gauge:
        """A gauge."""
        self.describe(Family(PREFIX + name, "gauge", text, labels))
        return Gauge(PREFIX + name, text, labels, registry=self.registry)

    def histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        """A histogram of single observations."""
        self.describe(Family(PREFIX + name, "histogram", text))
        return Histogram(PREFIX + name, text, buckets=buckets, registry=self.registry)

    def columns(self, name: str, text: str, buckets: tuple[float, ...]) -> ColumnHistogram:
        """A histogram of whole columns."""
        self.describe(Family(PREFIX + name, "histogram", text))
        made = ColumnHistogram(PREFIX + name, text, buckets)
        self.registry.register(made)
        return made

    def describe(self, family: Family) -> None:
        """Keep what a metric is that was made in the registry otherwise."""
        self.described.append(family)


def add(counter: Counter, amount: float) -> None:
    """Add to a counter, which a NaN would spoil for good and a negative amount would make raise."""
    if 0.0 < amount < math.inf:
        counter.inc(amount)


def add_all(counters: tuple[Counter, ...], amounts: tuple[float, ...]) -> None:
    """Add to each counter its amount, as `add` does."""
    for counter, amount in zip(counters, amounts, strict=True):
        if 0.0 < amount < math.inf:
            counter.inc(amount)
