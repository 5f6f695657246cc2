"""The public series, and one pass of a shard over each: every forecast is made before its outcome is read."""

from __future__ import annotations

import csv
import gzip
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from streamrnn.events.columns import Events, Partition, Predictions
from streamrnn.settings import load
from streamrnn.shard import Shard

Floats = npt.NDArray[np.float64]
BATCH = 1000  # records
MONTH = 30 * 24  # hours
NAB = "nab/data/realKnownCause"


def folder() -> Path:
    """Where the series are: STREAMRNN_DATA, or shared/data beside the checkout."""
    return Path(os.environ.get("STREAMRNN_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")


@dataclass(frozen=True, eq=False)
class Series:
    """A table of rows in time order.

    Attributes
    ----------
    name, path : what it is, and its file below the folder
    columns : those that are read
    streams : whether each column is a stream of its own; else they are the targets of one
    season, long_season : what is known of it, in rows; 0 for none
    header : whether the first line names the columns
    borders : rows that scale, first row that counts, end; None: the first 20 %, 25 %, all
    """

    name: str
    path: str
    columns: slice | list[int]
    streams: bool = False
    season: int = 0
    long_season: int = 0
    header: bool = True
    borders: tuple[int, int, int] | None = None

    def rows(self) -> Floats:
        """float64[rows, columns]"""
        with gzip.open(folder() / self.path, "rt", encoding="utf-8") as file:
            lines = list(csv.reader(file))[1 if self.header else 0 :]
        return np.array([np.array(line)[self.columns] for line in lines], np.float64)

    def cuts(self, rows: int) -> tuple[int, int, int]:
        """Rows that scale, first row that counts, end."""
        return self.borders or (rows // 5, rows // 4, rows)

    @property
    def settings(self) -> list[str]:
        """What is known of it, as overrides."""
        found = []
        if self.season:
            found.append(f"forecast.season={self.season}")
        if self.long_season:
            found.append(f"forecast.long_season={self.long_season}")
        return found


@dataclass
class Run:
    """What a shard said of a series of R rows and C columns.

    Attributes
    ----------
    values : float64[R, C]
    forecasts : float64[R, H, C], made at each row
    low, high : float64[R, H, C, L]
    horizons, levels : steps ahead, and coverage of the intervals
    shard : as it stands after the last row
    """

    values: Floats
    forecasts: Floats
    low: Floats
    high: Floats
    horizons: tuple[int, ...]
    levels: tuple[float, ...]
    shard: Shard


def run(values: Floats, streams: bool, overrides: list[str]) -> Run:
    """One pass of a shard with default settings and these overrides over values [R, C]."""
    rows, columns = values.shape
    targets, live = (1, columns) if streams else (columns, 1)
    features = ",".join(f"c{i}" for i in range(targets))
    settings = load(None, [f"streams.max_live={live}", f"events.features=[{features}]", *overrides], {}).settings
    partition = Partition("quality", 0)
    shard = Shard(settings, partition)
    flat = values.reshape(-1, targets)
    n = len(flat)
    numbers = np.arange(n)
    names = [f"s{i}" for i in range(live)]
    made: list[Predictions] = []
    for start in range(0, n, BATCH):
        at = numbers[start : start + BATCH]
        who = [names[i] for i in (at % live).tolist()]
        times = (at // live).astype(np.float64) * 3600.0
        ends = np.zeros(len(at), np.bool_)
        made.append(shard.process(Events(partition, at, who, times, np.full(len(at), np.nan), flat[at], ends))[0])

    def gathered(columns: list[Floats]) -> Floats:
        """[n, H, T, ...] to [R, H, C, ...]."""
        joined = np.concatenate(columns)
        shape = joined.shape
        shaped = joined.reshape(rows, live, shape[1], targets, *shape[3:]).swapaxes(1, 2)
        return shaped.reshape(rows, shape[1], live * targets, *shape[3:])

    forecasts = gathered([each.forecasts for each in made])
    low, high = (
        gathered([getattr(each, name) for each in made]) if settings.forecast.levels else forecasts[..., None]
        for name in ("low", "high")
    )
    return Run(values, forecasts, low, high, settings.forecast.horizons, settings.forecast.levels, shard)
