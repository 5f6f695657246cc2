"""A histogram that takes a column of observations at once: the client's own takes one at a time, 0.5 us each."""

from __future__ import annotations

import math
import threading
from bisect import bisect_left
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector


class ColumnHistogram(Collector):
    """Counts observations by bucket, from any thread.

    Parameters
    ----------
    name, text : of the metric
    buckets : upper bounds, rising, each of which belongs to its bucket; one of infinity is added
    """

    def __init__(self, name: str, text: str, buckets: tuple[float, ...]) -> None:
        self._name, self._text = name, text
        self._buckets = buckets
        self._bounds = np.array(buckets)
        self._labels = [*(str(float(bound)) for bound in buckets), "+Inf"]
        self._counts = np.zeros(len(buckets) + 1, np.int64)
        self._sum = 0.0
        self._lock = threading.Lock()

    def observe(self, values: npt.NDArray[np.float64]) -> None:
        """Count each value [n]; a negative one counts as 0, and one that is not finite not at all."""
        if not math.isfinite(values.sum()):
            values = values[np.isfinite(values)]
        if len(values) and values.min() < 0.0:
            values = np.maximum(values, 0.0)
        added = np.bincount(self._bounds.searchsorted(values), minlength=len(self._counts))
        with self._lock:
            self._counts += added
            self._sum += float(values.sum())

    def repeat(self, value: float, times: int) -> None:
        """Count one value, 0 or more, many times."""
        place = bisect_left(self._buckets, value)
        with self._lock:
            self._counts[place] += times
            self._sum += value * times

    def describe(self) -> Iterator[HistogramMetricFamily]:
        """The name alone, for the registry to see that it is free."""
        yield HistogramMetricFamily(self._name, self._text)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """The buckets as they stand."""
        with self._lock:
            counts, total = self._counts.cumsum().tolist(), self._sum
        pairs = [(label, float(count)) for label, count in zip(self._labels, counts, strict=True)]
        yield HistogramMetricFamily(self._name, self._text, buckets=pairs, sum_value=total)
