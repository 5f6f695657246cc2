"""What is seen of the daemons from outside, every few seconds."""

from __future__ import annotations

import json
import math
import os
import statistics
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.soak.sums import Increase, of_metrics, of_status
from tests.chaos.instances import Instance

NAN = math.nan


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at one instance; NaN where it did not run.

    Attributes
    ----------
    memory : resident, MiB
    descriptors, files, threads : open descriptors, regular files among them, threads
    streams, lag : live streams, and records behind, of its partitions
    """

    memory: float = NAN
    descriptors: float = NAN
    files: float = NAN
    threads: float = NAN
    streams: float = NAN
    lag: float = NAN


class Watched:
    """An instance, and the sums of its counters over all its lives."""

    def __init__(self, instance: Instance, port: int) -> None:
        self.instance = instance
        self._port = port
        self.metrics, self.page = Increase(), Increase()

    def look(self) -> Sample:
        """As it is now."""
        pid = self.instance.pid
        try:
            text = self._ask("/metrics")
            status = json.loads(self._ask("/v1/status"))
            process = Path(f"/proc/{pid}")
            known = (process / "status").read_text()
            links = [_target(process / "fd" / each) for each in os.listdir(process / "fd")]
        except OSError:  # between two lives
            return Sample()
        self.metrics.see(of_metrics(text))
        self.page.see(of_status(status))
        return Sample(
            memory=int(known.split("VmRSS:")[1].split()[0]) / 1024,
            descriptors=len(links),
            files=sum(each.startswith("/") and not each.startswith("/dev/") for each in links),
            threads=int(known.split("Threads:")[1].split()[0]),
            streams=status["streams"],
            lag=sum(each["lag_records"] or 0.0 for each in status["partitions"]),
        )

    def ready(self) -> bool:
        """Whether it does its work."""
        try:
            self._ask("/readyz")
        except OSError:
            return False
        return True

    def _ask(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=10) as answer:
            return answer.read().decode()


def _target(link: Path) -> str:
    try:
        return os.readlink(link)
    except OSError:  # closed meanwhile
        return ""


def folder_size(root: Path, topic: str) -> float:
    """MiB that a topic's partitions take in a broker's folder."""
    size = 0
    for folder in root.glob(f"{topic}-*"):
        for file in folder.glob("*.log"):
            try:
                size += file.stat().st_size
            except OSError:  # compacted away
                continue
    return size / 2**20


def slope(x: Sequence[float], y: Sequence[float], blocks: int = 10) -> tuple[float, float]:
    """Least squares over means of blocks, for neighbours are alike: y per x, and its standard error."""
    pairs = [(a, b) for a, b in zip(x, y, strict=True) if not math.isnan(b)]
    size = max(1, len(pairs) // blocks)
    means = [
        (statistics.fmean(a for a, _ in pairs[i : i + size]), statistics.fmean(b for _, b in pairs[i : i + size]))
        for i in range(0, size * (len(pairs) // size), size)
    ]
    middle = statistics.fmean(a for a, _ in means), statistics.fmean(b for _, b in means)
    spread = sum((a - middle[0]) ** 2 for a, _ in means)
    rise = sum((a - middle[0]) * (b - middle[1]) for a, b in means) / spread
    left = sum((b - middle[1] - rise * (a - middle[0])) ** 2 for a, b in means)
    return rise, math.sqrt(left / max(1, len(means) - 2) / spread)
