"""Whether intervals hold as many outcomes as they say: coverage and width on real series of more than 10,000 steps.

The series lie in the folder that STREAMRNN_DATA names, by default ../shared/data beside the checkout. Forecasts of the
next step are the model's; those of 24 steps ahead are the value one season before, whatever that is worth.
"""

import csv
import gzip
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from streamrnn.engine import sizes
from streamrnn.engine.base import Batch as Records
from streamrnn.engine.compiled import CompiledEngine
from streamrnn.engine.state import State
from streamrnn.loops.batch import Batch
from streamrnn.loops.intervals import IntervalLoop
from streamrnn.network.forecaster import initial_weights
from streamrnn.settings import load
from streamrnn.streams.layout import HEAD, RMS, Layout

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEVELS = (0.8, 0.9, 0.95)
HORIZONS = (1, 24)
HIDDEN = 32
WINDOW = 500  # records of a rolling coverage, and changes that the plain quantiles are taken of
YOUNG = 50  # events
TABLES = {
    "etth1/ETTh1": (("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"), 24),
    "bike_sharing/bike_sharing_dataset_clean": (("users", "temp", "hum", "windspeed"), 24),
    "nab/data/realKnownCause/nyc_taxi": (("value",), 48),
    "nab/data/realKnownCause/machine_temperature_system_failure": (("value",), 288),
    "nab/data/realKnownCause/cpu_utilization_asg_misconfiguration": (("value",), 288),
    "elec2/electricity": (("nswprice", "nswdemand", "vicprice", "vicdemand", "transfer"), 48),
}


@dataclass
class Answers:
    """What a model answered record by record: forecasts and rms of changes [n], hidden states [n, hidden]."""

    slots: Ints
    steps: Ints
    values: Floats
    forecasts: Floats
    rms: Floats
    hidden: npt.NDArray[np.float32]


def folder() -> Path:
    """Where the series lie."""
    return Path(os.environ.get("STREAMRNN_DATA") or Path(__file__).parents[2] / "shared" / "data")


def series() -> Iterator[tuple[str, Floats, int]]:
    """Name, values and season of each series."""
    for table, (columns, season) in TABLES.items():
        with gzip.open(folder() / f"{table}.csv.gz", "rt") as file:
            rows = list(csv.DictReader(file))
        for column in columns:
            name = table.split("/")[-1] if column == "value" else f"{table.split('/')[0]} {column}"
            yield name[:24], np.array([float(row[column]) for row in rows]), season


def sensors(steps: int) -> tuple[Ints, Floats]:
    """Slots and values of 207 road sensors, of which one starts later than the other, two every three steps."""
    with gzip.open(folder() / "los_speed" / "los_speed.csv.gz", "rt") as file:
        table = np.array(list(csv.reader(file))[1 : 1 + steps], np.float64)
    starts = (np.arange(table.shape[1]) * 1.5).astype(np.int64)
    at, sensor = np.nonzero(np.arange(steps)[:, None] >= starts)
    return sensor.astype(np.int64), table[at, sensor]


def answers(slots: Ints, values: Floats) -> Answers:
    """The default model's answers; record by record, since a batch does not show the hidden states within it."""
    streams = int(slots.max()) + 1
    settings = load(None, [f"streams.max_live={streams}", f"model.hidden_size={HIDDEN}"], {}).settings
    layout = Layout.from_settings(settings)
    state = State(settings, initial_weights(layout, 0, settings.model.precision))
    engine = CompiledEngine()
    n = len(slots)
    found = Answers(slots, np.zeros(n, np.int64), values, np.empty(n), np.empty(n), np.empty((n, HIDDEN), np.float32))
    seen = np.zeros(streams, np.int64)
    live = 0
    for i, slot in enumerate(slots.tolist()):
        fresh = seen[slot] == 0
        live += fresh
        batch = Records.of(slots[i : i + 1], np.array([fresh]), np.array([live]), np.array([i * 1.0]),
                           values[i : i + 1].reshape(1, 1), 1)  # fmt: skip
        engine.process(state, batch)
        head = HIDDEN * state.tallies[slot, HEAD]
        found.steps[i] = seen[slot]
        found.forecasts[i] = batch.out[0, sizes.OUT_FORECAST]
        found.rms[i] = state.accounts[slot, layout.target_fields + RMS]
        found.hidden[i] = state.network_slab[slot, head : head + HIDDEN]
        seen[slot] += 1
    return found


def before(found: Answers, column: Floats, back: int) -> Floats:
    """The column as it stood so many steps before in the same stream; NaN where there was none."""
    earlier = np.full(len(column), np.nan)
    for slot in np.unique(found.slots):
        at = np.flatnonzero(found.slots == slot)
        if len(at) > back:
            earlier[at[back:]] = column[at[: len(at) - back]]
    return earlier


def intervals(found: Answers, season: int, horizons: tuple[int, ...] = HORIZONS) -> tuple[Batch, IntervalLoop, float]:
    """A batch with the intervals, the loop after it, and the seconds that it took."""
    n = len(found.slots)
    batch = Batch(found.slots, found.steps == 0, np.ones(n, np.int64), np.arange(n) * 1.0, found.values[:, None],
                  np.arange(n))  # fmt: skip
    forecasts = [found.forecasts]
    for horizon in horizons[1:]:
        seasonal = before(found, found.values, season * -(-horizon // season) - horizon) if season else found.values
        forecasts.append(np.where(np.isnan(seasonal), found.values, seasonal))
    settled = [before(found, column, horizon) for horizon, column in zip(horizons, forecasts, strict=True)]
    batch.forecasts, batch.settled = np.stack(forecasts, 1)[:, :, None], np.stack(settled, 1)[:, :, None]
    batch.outcomes, batch.rms, batch.hidden = found.values[:, None], found.rms[:, None], found.hidden
    batch.steps, batch.advance = found.steps, np.ones(n, np.int64)
    loop = IntervalLoop(int(found.slots.max()) + 1, horizons, 1, HIDDEN, LEVELS)
    started = time.perf_counter()
    loop.process(batch)
    return batch, loop, time.perf_counter() - started


def hits(batch: Batch, horizon: int) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Records that settled an interval of this place among the horizons, and [settled, levels] whether it held."""
    low, high = batch.settled_low[:, horizon, 0], batch.settled_high[:, horizon, 0]
    at = np.flatnonzero(~np.isnan(low[:, 0]))
    return at, (batch.outcomes[at] >= low[at]) & (batch.outcomes[at] <= high[at])


def worst(held: npt.NDArray[np.bool_]) -> Floats:
    """Lowest coverage of so many records in a row, for each level."""
    sums = np.vstack([np.zeros(held.shape[1]), np.cumsum(held, 0)])
    lowest: Floats = (sums[WINDOW:] - sums[:-WINDOW]).min(0) / WINDOW
    return lowest


def interval_scores(outcomes: Floats, low: Floats, high: Floats) -> Floats:
    """Mean interval score (Winkler 1972) of bounds [n, levels], over n and levels."""
    cost = 2 / (1 - np.array(LEVELS))
    missed = np.maximum(low - outcomes[:, None], 0) + np.maximum(outcomes[:, None] - high, 0)
    return ((high - low) + cost * missed).mean(0)


def against_quantiles(batch: Batch) -> float:
    """Interval score of the next step's intervals relative to that of quantiles of the last 500 last-value changes."""
    values = batch.values[:, 0]
    changes = np.lib.stride_tricks.sliding_window_view(np.diff(values), WINDOW)[:-1]
    at = np.arange(WINDOW + 1, len(values))
    tails = (1 - np.array(LEVELS)) / 2
    low, high = (values[at - 1] + np.quantile(changes, shares, 1) for shares in (tails, 1 - tails))
    ours = interval_scores(values[at], batch.settled_low[at, 0, 0], batch.settled_high[at, 0, 0])
    return float((ours / interval_scores(values[at], low.T, high.T)).mean())


def percent(shares: Floats) -> str:
    """Shares as percentages in a column."""
    return " ".join(f"{100 * share:5.1f}" for share in shares)


def main() -> None:
    """Print the table of series, the first events of young streams, and the cost."""
    if not folder().is_dir():
        print(f"intervals: skipped, there is no {folder()} (set STREAMRNN_DATA)")
        return
    stated = "/".join(f"{100 * level:.0f}" for level in LEVELS)
    print(f"{'coverage, ' + stated + ' % stated':26s} next step     worst {WINDOW}      24th step    score  young 90 %")
    relative, near, far, lows, young = [], [], [], [], []
    for name, values, season in series():
        batch, loop, _ = intervals(answers(np.zeros(len(values), np.int64), values), season)
        at, held = hits(batch, 0)
        shares = loop.sums[:, 0, :, 1] / loop.sums[:, 0, :, 0]
        near.append(shares[0])
        far.append(shares[1])
        lows.append(worst(held))
        relative.append(against_quantiles(batch))
        young.append(held[at < YOUNG, 1].mean())
        print(f"{name:24s} {percent(shares[0])}  {percent(lows[-1])}  {percent(shares[1])}  {relative[-1]:6.3f}"
              f"  {100 * young[-1]:5.1f}")  # fmt: skip
    for word, pick in (("lowest", np.min), ("mean", np.mean), ("highest", np.max)):
        columns = (percent(pick(found, 0)) for found in (near, lows, far))
        print(f"{word:24s} {'  '.join(columns)}  {pick(relative):6.3f}  {100 * pick(young):5.1f}")
    print(f"geometric mean of the scores {np.exp(np.log(relative).mean()):.3f}")

    found = answers(*sensors(400))
    batch, loop, _ = intervals(found, 0)
    for place, horizon in enumerate(HORIZONS):
        at, held = hits(batch, place)
        ages = found.steps[at] - horizon
        parts = ((0, 10), (10, YOUNG), (0, YOUNG), (YOUNG, 400))
        shown = ", ".join(f"{a} to {b} {percent(held[(ages >= a) & (ages < b)].mean(0))}" for a, b in parts)
        print(f"207 sensors, horizon {horizon}, outcomes {shown}")
    for horizons in ((1,), HORIZONS):
        runs = [intervals(found, 0, horizons) for _ in range(5)]
        cost = 1e6 * min(seconds for *_, seconds in runs) / len(found.slots)
        size = sum(slab[0].nbytes for slab in runs[0][1].slabs.values())
        print(f"horizons {horizons}, {len(LEVELS)} levels: {cost:.3f} us a record, {size} bytes a stream")


if __name__ == "__main__":
    main()
