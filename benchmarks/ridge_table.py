"""The seasonal ridge beyond one step, on public series: what it is worth alone and mixed with the last value.

Squared errors are scaled and averaged as in the papers on online forecasting that begin with FSNet (Pham et al. 2022):
each channel is divided by its standard deviation over the first 20 % of the rows (ETTh1: 4 months of 30 days), and the
origins run from the row before 25 % (ETTh1: 5 months) to the last from which all steps up to h are in the file (ETTh1:
in 20 months). The mean is over these origins, the steps up to h, and the channels. Learning begins with the first row.
"""

import csv
import gzip
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from streamrnn.kernels.compile import entry
from streamrnn.kernels.power_mixture import mix, settle, weigh
from streamrnn.loops.batch import Batch
from streamrnn.loops.ridge import RidgeLoop
from streamrnn.rows.ridge import RidgeRows

Floats = npt.NDArray[np.float64]

FOLDER = Path(os.environ.get("STREAMRNN_DATA") or Path(__file__).parents[2] / "shared" / "data")
HORIZONS = tuple(range(1, 49))
SHOWN = (1, 24, 48)
MONTH = 30 * 24


@dataclass(frozen=True)
class Series:
    """A table of rows in time order: its channels are the targets of one stream, or each a stream of its own."""

    name: str
    path: str
    columns: slice | list[int]
    season: int
    long_season: int
    header: bool = True
    streams: bool = False
    borders: tuple[int, int, int] | None = None

    def rows(self) -> Floats:
        """float64[rows, channels]"""
        with gzip.open(FOLDER / self.path, "rt", encoding="utf-8") as file:
            lines = list(csv.reader(file))[1 if self.header else 0 :]
        return np.array([np.array(line)[self.columns] for line in lines], np.float64)

    def cuts(self, rows: int) -> tuple[int, int, int]:
        """Rows that scale, first row that is scored, end."""
        return self.borders or (rows // 5, rows - 3 * rows // 4, rows)


SERIES = (
    Series("ETTh1", "etth1/ETTh1.csv.gz", slice(1, None), 24, 168, borders=(4 * MONTH, 5 * MONTH, 20 * MONTH)),
    # Temperature, humidity, wind speed and users.
    Series("bike_sharing", "bike_sharing/bike_sharing_dataset_clean.csv.gz", [4, 6, 7, 8], 24, 168),
    Series("nyc_taxi", "nab/data/realKnownCause/nyc_taxi.csv.gz", slice(1, None), 48, 336),
    Series("los_speed, every 6th", "los_speed/los_speed.csv.gz", slice(None, None, 6), 288, 0, streams=True),
    Series("exchange_rate", "exchange_rate/exchange_rate.txt.gz", slice(None), 5, 0, header=False),
)


@entry
def mixed(values, forecasts, edges, horizons):
    """Item 3 of the recipe with two experts, last value and ridge, each channel for itself, scored at each group's
    longest horizon. values [rows, channels], forecasts [rows, horizons, channels] -> as forecasts."""
    rows, count, channels = forecasts.shape
    groups = edges.shape[0] - 1
    quality, seen = np.zeros((channels, 2 * groups)), np.zeros((channels, 2 * groups))
    squares = np.zeros((channels, groups))
    out = np.empty((rows, count, channels))
    two, weights = np.empty(2), np.empty(2)
    for t in range(rows):
        for c in range(channels):
            for g in range(groups):
                longest = edges[g + 1] - 1
                origin = t - horizons[longest]
                if origin >= 0:
                    change = np.sqrt(squares[c, g] / origin) if origin > 0 else 0.0
                    two[0], two[1] = values[origin, c], forecasts[origin, longest, c]
                    settle(quality[c], seen[c], 2 * g, 2, values[t, c], two, change)
                    squares[c, g] += (values[t, c] - values[origin, c]) ** 2
                for j in range(edges[g], edges[g + 1]):
                    two[0], two[1] = values[t, c], forecasts[t, j, c]
                    weigh(quality[c], seen[c], 2 * g, 2, two, weights)
                    out[t, j, c] = mix(weights, 2, two, values[t, c])
    return out


def batch(values: Floats, slots: npt.NDArray[np.int64], sizes: RidgeRows) -> Batch:
    """Records in log order, without gaps; the columns of other loops are empty."""
    n = len(values)
    none = np.empty((n, 0))
    _, first = np.unique(slots, return_index=True)
    fresh = np.zeros(n, np.bool_)
    fresh[first] = True
    experts = np.full((n, 2, len(sizes.horizons), sizes.targets), np.nan)
    return Batch(
        slots=slots, fresh=fresh, live=np.ones(n, np.int64), times=np.arange(n, dtype=np.float64), values=values,
        outcomes=values, advance=np.ones(n, np.int64), counts=np.zeros((n, 2), np.int64), last=none, rms=none,
        unit=none, inputs=none, experts=experts, forecasts=none, settled=none, settled_baselines=none,
    )  # fmt: skip


def forecasts(series: Series, values: Floats) -> tuple[Floats, Floats, float]:
    """Forecasts of the ridge and the seasonal naive ones [rows, horizons, channels], and microseconds a value."""
    rows, channels = values.shape
    targets, live = (1, channels) if series.streams else (channels, 1)
    sizes = RidgeRows(targets, HORIZONS, series.season, series.long_season)
    loop = RidgeLoop(sizes, live, expert=0, naive=1)
    records = batch(values.reshape(-1, targets), np.tile(np.arange(live), rows), sizes)
    loop.process(batch(np.empty((0, targets)), np.empty(0, np.int64), sizes))
    start = time.process_time()
    loop.process(records)
    spent = time.process_time() - start
    found = records.experts.reshape(rows, live, 2, len(HORIZONS), targets).transpose(2, 0, 3, 1, 4)
    found = found.reshape(2, rows, len(HORIZONS), channels)
    return found[0], found[1], 1e6 * spent / values.size


def errors(series: Series, values: Floats, found: Floats) -> list[float]:
    """Mean squared errors up to each shown horizon, in the scaling above."""
    scaled_by, start, end = series.cuts(len(values))
    scale = values[:scaled_by].std(0)
    means = []
    for longest in SHOWN:
        origins = np.arange(start - 1, end - longest)
        steps = [(values[origins + h] - found[origins, h - 1]) / scale for h in range(1, longest + 1)]
        means.append(float(np.mean(np.square(steps))))
    return means


def speed(horizons: tuple[int, ...], season: int, long_season: int, values: Floats) -> float:
    """Microseconds of processor time for each value of one stream: the least over batches of 100."""
    sizes = RidgeRows(values.shape[1], horizons, season, long_season)
    loop = RidgeLoop(sizes, 1, expert=0)
    spent = []
    for at in range(0, len(values) - 100, 100):
        records = batch(values[at : at + 100], np.zeros(100, np.int64), sizes)
        records.fresh[0] = at == 0
        start = time.process_time()
        loop.process(records)
        spent.append(time.process_time() - start)
    return 1e6 * min(spent[1:]) / (100 * values.shape[1])


def main() -> None:
    """Print the table, then what the ridge costs."""
    if not FOLDER.is_dir():
        print(f"ridge table: there is no folder {FOLDER}; set STREAMRNN_DATA")
        return
    print(f"seasonal ridge, mean squared error up to h = {'/'.join(map(str, SHOWN))}")
    for series in SERIES:
        values = series.rows()
        ridge, naive, spent = forecasts(series, values)
        sizes = RidgeRows(1, HORIZONS)
        edges, horizons = np.array(sizes.edges), np.array(sizes.horizons)
        kinds = {
            "last value": np.repeat(values[:, None], len(HORIZONS), 1),
            "seasonal naive": naive,
            "ridge": ridge,
            "ridge and last value": mixed(values, ridge, edges, horizons),
        }
        print(f"  {series.name} ({spent:.1f} us a value)")
        for kind, found in kinds.items():
            print(f"    {kind:22}" + " ".join(f"{error:9.4f}" for error in errors(series, values, found)))
    values = np.ascontiguousarray(SERIES[0].rows()[:5000, -1:])
    for listed, season, long_season in (
        (HORIZONS, 24, 168),
        ((1, 2, 3, 6, 12, 24), 24, 168),
        ((1, 24), 24, 168),
        ((1, 24), 0, 0),
    ):
        size = RidgeRows(1, listed, season, long_season).bytes_per_stream()
        spent = speed(listed, season, long_season, values)
        what = f"{len(listed)} horizons up to {listed[-1]}, seasons {season}/{long_season}"
        print(f"  {what}: {spent:.2f} us, {size} bytes")
