"""The metrics as Prometheus would read them at one moment: the page shows no numbers but these."""

from __future__ import annotations

import math
from collections.abc import Iterator

from prometheus_client import CollectorRegistry

Labels = tuple[tuple[str, str], ...]


class Readings:
    """All samples of a registry at one moment.

    Parameters
    ----------
    registry : which is read once, here

    Attributes
    ----------
    samples : by name, then by labels as sorted pairs
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.samples: dict[str, dict[Labels, float]] = {}
        for metric in registry.collect():
            for sample in metric.samples:
                of = self.samples.setdefault(sample.name.removeprefix("streamrnn_"), {})
                of[tuple(sorted(sample.labels.items()))] = sample.value

    def total(self, name: str, **labels: str) -> float:
        """The sum of all samples with these labels; 0 without one."""
        wanted = set(labels.items())
        return sum(value for of, value in self.samples.get(name, {}).items() if wanted <= set(of))

    def largest(self, name: str) -> float:
        """The largest sample that is known; NaN without one."""
        known = [value for value in self.samples.get(name, {}).values() if not math.isnan(value)]
        return max(known, default=math.nan)

    def known(self, name: str) -> float:
        """The sum of the samples that are known; NaN without one."""
        known = [value for value in self.samples.get(name, {}).values() if not math.isnan(value)]
        return sum(known) if known else math.nan

    def each(self, name: str, *labels: str) -> Iterator[tuple[tuple[str, ...], float]]:
        """The values of these labels, and of each sample that has them."""
        for of, value in self.samples.get(name, {}).items():
            found = dict(of)
            if all(label in found for label in labels):
                yield tuple(found[label] for label in labels), value


def quantile(share: float, now: Readings, before: Readings | None, name: str) -> float:
    """The bound of a histogram's bucket below which this share of what was observed between two readings lies,
    interpolated as Prometheus does; NaN where nothing was observed."""
    buckets = sorted((float(bound), value) for (bound,), value in now.each(f"{name}_bucket", "le"))
    if before is not None:
        then = {float(bound): value for (bound,), value in before.each(f"{name}_bucket", "le")}
        buckets = [(bound, value - then.get(bound, 0.0)) for bound, value in buckets]
    if not buckets or buckets[-1][1] <= 0.0:
        return math.nan
    wanted, low, counted = share * buckets[-1][1], 0.0, 0.0
    for bound, value in buckets:
        if value >= wanted:
            if math.isinf(bound):
                return low
            return low + (bound - low) * (wanted - counted) / (value - counted) if value > counted else bound
        low, counted = bound, value
    return low
