"""The anomaly loop on the Numenta Anomaly Benchmark: the score of its three profiles, beside naive detectors.

The files are looked for in the folder ``nab`` of STREAMRNN_DATA, by default of ``../shared/data`` beside the checkout;
a part of the benchmark will do, and the score is then of that part: it is not comparable with published ones.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks import plain_anomaly
from benchmarks.nab_score import PROFILES, Detections, score
from streamrnn.events.columns import Events, Partition
from streamrnn.loops.anomaly import Anomalies, AnomalyLoop
from streamrnn.settings import load
from streamrnn.shard import Shard

Floats = npt.NDArray[np.float64]
MEMORIES = (250, 2000)
PERIODS = (100, 200, 300, 500, 1000, 2000)  # of the alarm clock
LEVELS = (3.0, 5.0, 7.0, 10.0, 15.0, 20.0)  # of the last value's error, in its running means


@dataclass(slots=True)
class Series:
    """A file: values, forecasts of them made one record before (NaN at first), windows [first, last] of records."""

    name: str
    values: Floats
    forecasts: Floats
    windows: list[tuple[int, int]]

    @property
    def errors(self) -> Floats:
        """Absolute forecast errors, 0 where there was no forecast."""
        return np.nan_to_num(np.abs(self.values - self.forecasts))

    def detections(self, records: npt.ArrayLike) -> Detections:
        """What a detector that spoke at these records did."""
        return Detections(len(self.values), self.windows, np.asarray(records, np.int64).tolist())


def folder() -> Path:
    """Where the benchmark's files are looked for."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("STREAMRNN_DATA") or beside) / "nab"


def read(root: Path) -> list[Series]:
    """All files under ``root``, forecast by a shard of their own with default settings."""
    labels = json.loads((root / "labels" / "combined_windows.json").read_text(encoding="utf-8"))
    found = []
    for path in sorted((root / "data").glob("*/*.csv.gz")):
        name = f"{path.parent.name}/{path.name.removesuffix('.gz')}"
        with gzip.open(path, "rt", encoding="utf-8") as file:
            lines = [(datetime.fromisoformat(row["timestamp"]), float(row["value"])) for row in csv.DictReader(file)]
        times = [moment for moment, _ in lines]
        windows = []
        for first, last in labels[name]:
            start, end = datetime.fromisoformat(first), datetime.fromisoformat(last)
            inside = [record for record, moment in enumerate(times) if start <= moment <= end]
            windows.append((inside[0], inside[-1]))
        values = np.array([value for _, value in lines])
        found.append(Series(name, values, forecasts(values), windows))
    return found


def forecasts(values: Floats) -> Floats:
    """The forecast of each value that a shard with default settings makes one record before; NaN at first."""
    n = len(values)
    partition = Partition("nab", 0)
    shard = Shard(load(None, ["streams.max_live=1", "forecast.horizons=[1]"], {}).settings, partition)
    numbers = np.arange(n)
    columns = values.reshape(-1, 1)
    events = Events(
        partition, numbers, ["series"] * n, numbers.astype(np.float64), np.full(n, np.nan), columns, np.zeros(n, bool)
    )
    return shard.process(events)[0].settled[:, 0, 0]


def judge(series: Series, loop: AnomalyLoop) -> Anomalies:
    """What the loop finds in a series."""
    n = len(series.values)
    slots, fresh, advance = np.zeros(n, np.int64), np.arange(n) == 0, np.ones(n, np.int64)
    return loop.judge(slots, fresh, advance, series.values.reshape(n, 1), series.forecasts.reshape(n, 1, 1))


def far_from_last(values: Floats, level: float) -> list[int]:
    """Records whose change is above ``level`` running mean absolute changes, none within 5 % of the age (20 to 300
    records) after another: the loop's own quiet time."""
    changes = np.abs(np.diff(values, prepend=values[0]))
    means = np.cumsum(changes) / np.arange(1, len(values) + 1)
    spoken: list[int] = []
    for record in np.flatnonzero(changes[1:] > level * means[:-1]) + 1:
        if not spoken or record - spoken[-1] > np.clip(0.05 * record, 20, 300):
            spoken.append(int(record))
    return spoken


def show(name: str, files: list[Detections]) -> None:
    """Print a detector's score of each profile."""
    scores = "  ".join(f"{score(files, profile):6.1f}" for profile in PROFILES)
    print(f"{name:56s} {scores}  {sum(len(file.counted) for file in files):5d} alerts")


def best(candidates: dict[str, list[Detections]]) -> tuple[str, list[Detections]]:
    """The candidate with the highest standard score."""
    return max(candidates.items(), key=lambda named: score(named[1]))


def tails(series: list[Series], found: list[Anomalies]) -> None:
    """Print how often the forecast error's tail probability is below a level: calibrated, as often as it says."""
    known = [one.tails[~np.isnan(one.tails)] for one in found]
    for level in (0.1, 0.01, 0.001):
        shares = [(tail < level).mean() for tail, one in zip(known, series, strict=True) if np.ptp(one.values)]
        whole = (np.concatenate(known) < level).mean()
        print(f"tail below {level:g}: {whole:.4f} of all records, {min(shares):.4f} to {max(shares):.4f} of a file's")


def ours(series: list[Series], memory: int) -> list[Anomalies]:
    """Run the loop over each file, print its scores and what it did to each file, and hand back what it found."""
    loops = [AnomalyLoop(1, 1, memory) for _ in series]
    started = time.thread_time()
    found = [judge(one, loop) for one, loop in zip(series, loops, strict=True)]
    spent = (time.thread_time() - started) / sum(len(one.values) for one in series)
    size = sum(slab.nbytes for slab in loops[0].slabs.values())
    spoken = [np.flatnonzero(anomalies.alerts[:, 0]) for anomalies in found]
    files = [one.detections(records) for one, records in zip(series, spoken, strict=True)]
    show(f"memory {memory}: {1e6 * spent:.2f} us an event, {size:,} bytes a stream", files)
    for one, file in zip(series, files, strict=True):
        hits = f"{file.windows_hit} of {len(file.windows)} windows"
        print(f"    {one.name:54s} {len(file.counted):3d} alerts, {hits}")
    return found


def plain(series: list[Series]) -> list[Detections]:
    """What the plain transcription of the recipe does, at the first memory."""
    return [
        one.detections(np.flatnonzero(plain_anomaly.judge(one.values, one.errors, MEMORIES[0])[2])) for one in series
    ]


def main(quick: bool = False) -> None:
    """Print the scores; ``quick`` leaves the plain transcription out, which takes minutes."""
    root = folder()
    if not (root / "labels").is_dir():
        print(f"nab: SKIPPED, there is no {root}: set STREAMRNN_DATA to a folder with nab/data and nab/labels in it")
        return
    series = read(root)
    records = sum(len(one.values) for one in series)
    print(f"nab: {len(series)} files, {records:,} records; {', '.join(profile.name for profile in PROFILES)}")
    judge(series[0], AnomalyLoop(1, 1))  # compiles
    for memory in MEMORIES:
        found = ours(series, memory)
    tails(series, found)
    if not quick:
        show(f"memory {MEMORIES[0]}, plain transcription of the recipe", plain(series))
    clocks = {
        f"alarm clock, best of {len(PERIODS)} periods: {period} records": [
            one.detections(np.arange(period, len(one.values), period)) for one in series
        ]
        for period in PERIODS
    }
    naive = {
        f"last value's error, best of {len(LEVELS)} levels: {level:g} means": [
            one.detections(far_from_last(one.values, level)) for one in series
        ]
        for level in LEVELS
    }
    show(*best(clocks))
    show(*best(naive))
