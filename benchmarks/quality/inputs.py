"""What each input is worth, where it should be worth something: errors with it and without it."""

from __future__ import annotations

import csv
import gzip
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.quality.series import NAB, folder
from streamrnn.events.columns import Partition, Records
from streamrnn.events.decode import Decoder
from streamrnn.settings import load
from streamrnn.shard import Shard

PARTITION = Partition("inputs", 0)
BATCH = 1000
HOUR = 3600.0
LIGHT = ["forecast.horizons=[1]", "forecast.levels=[]", "anomaly.enabled=false", "streams.max_live=10"]
DAILY = ["forecast.season=24", "forecast.long_season=168"]
WEATHER = "inputs.categories={weather: [clear, mist, rain]}"
DAY = "inputs.booleans=[holiday,workingday]"
# The number of users told from the other fields of its hour.
LABELS = ["labels.mode=field", "labels.kind=number", "labels.field=value", "events.features=[temp,hum,windspeed]"]
Record = dict[str, object]


@dataclass(frozen=True)
class Case:
    """One question.

    Attributes
    ----------
    name : the input, and on what
    records : the log
    common, without, with_it : settings of both runs, of the one without it and of the one with it
    """

    name: str
    records: Callable[[], Iterator[Record]]
    common: Sequence[str]
    without: Sequence[str]
    with_it: Sequence[str]


def bikes(ahead: int = 0) -> Iterator[Record]:
    """Rented bicycles of each hour, with its weather and what day it is; with ``ahead`` 1 those of the hour to come."""
    with gzip.open(folder() / "bike_sharing" / "bike_sharing_dataset_clean.csv.gz", "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    for i, row in enumerate(rows):
        told = rows[min(i + ahead, len(rows) - 1)]
        yield {
            "time": HOUR * i, "value": float(row["users"]), "hour": int(row["hour"]), "weather": told["weather"],
            "holiday": told["holiday"] == "1.0", "workingday": told["workingday"] == "1.0",
            **{name: float(row[name]) for name in ("temp", "hum", "windspeed")},
        }  # fmt: skip


def bikes_ahead() -> Iterator[Record]:
    """The same with the day and the weather of the hour to come, as a calendar and a perfect weather forecast say."""
    return bikes(1)


def taxis() -> Iterator[Record]:
    """Taxi passengers of each half hour in New York, with its times."""
    with gzip.open(folder() / f"{NAB}/nyc_taxi.csv.gz", "rt", newline="") as file:
        for i, row in enumerate(csv.DictReader(file)):
            yield {"time": 1404172800.0 + 1800.0 * i, "value": float(row["value"])}


def tank(n: int = 20_000) -> Iterator[Record]:
    """A tank that fills in proportion to the time since the last draw, and is reported one draw late."""
    rng = np.random.default_rng(0)
    time, before = 0.0, 0.0
    for gap in np.exp(rng.normal(4.0, 1.0, n)):
        time += gap
        yield {"time": time, "value": before + 0.1 * rng.normal()}
        before = math.log(gap)


def failing(n: int = 20_000) -> Iterator[Record]:
    """A sensor whose second reading fails more often before its first one jumps."""
    rng = np.random.default_rng(1)
    level = 0.0
    for i in range(n):
        jumps = rng.random() < 0.1
        yield {"time": float(i), "value": level + 0.1 * rng.normal(), "other": None if jumps else rng.normal()}
        level = 0.5 * level + (3.0 if jumps else 0.0)


def heater(n: int = 20_000) -> Iterator[Record]:
    """A room whose heater is switched now and then; its state is known at once, and warms the next reading."""
    rng = np.random.default_rng(3)
    heat, on = 0.0, False
    for i in range(n):
        on = on != bool(rng.random() < 0.2)
        yield {"time": float(i), "value": heat + 0.1 * rng.normal(), "on": on}
        heat = 0.8 * heat + (1.0 if on else -1.0)


def shops(n: int = 20_000) -> Iterator[Record]:
    """Baskets of 500 shops in one stream, each with a mean of its own; the shop is known, and its next basket comes
    with the next event."""
    rng = np.random.default_rng(2)
    means = rng.normal(0, 3, 500)
    shop = 0
    for i in range(n):
        following = int(min(rng.pareto(1.0) * 5, 499))
        yield {"time": float(i), "value": means[shop] + 0.3 * rng.normal(), "shop": following}
        shop = following


CASES = (
    Case("booleans: bicycles, kind of day", bikes, DAILY, [], [DAY]),
    Case("booleans: bicycles, kind of day, hour ahead", bikes_ahead, DAILY, [], [DAY]),
    Case("booleans: bicycles as labels, kind of day", bikes, LABELS, [], [DAY]),
    Case("booleans: made heater", heater, [], [], ["inputs.booleans=[on]"]),
    Case("categories: bicycles, weather", bikes, DAILY, [], [WEATHER]),
    Case("categories: bicycles, weather, hour ahead", bikes_ahead, DAILY, [], [WEATHER]),
    Case("categories: bicycles as labels, weather", bikes, LABELS, [], [WEATHER]),
    Case("categories: bicycles as labels, hour", bikes, LABELS, [], ["inputs.categories={hour: 24}"]),
    Case("categories: made shops, hashed", shops, [], [], ["inputs.categories={shop: 1000}"]),
    Case("calendar: bicycles, no season told", bikes, [], [], ["inputs.calendar=true"]),
    Case("calendar: taxis, no season told", taxis, [], [], ["inputs.calendar=true"]),
    Case("elapsed: made tank", tank, [], [], ["inputs.elapsed=true"]),
    Case("missing: made sensor", failing, ["events.features=[value,other]", "events.targets=[value]"],
         ["inputs.missing=false"], []),
    Case("level: bicycles", bikes, DAILY, ["inputs.level=false"], []),
    Case("level: taxis", taxis, [], ["inputs.level=false"], []),
    Case("change: bicycles", bikes, DAILY, ["inputs.change=false"], []),
    Case("change: taxis", taxis, [], ["inputs.change=false"], []),
    Case("seasonal: bicycles", bikes, DAILY, ["inputs.seasonal=false"], []),
    Case("seasonal: taxis", taxis, ["forecast.season=48"], ["inputs.seasonal=false"], []),
    Case("error: bicycles", bikes, DAILY, ["inputs.error=false"], []),
    Case("error: taxis", taxis, [], ["inputs.error=false"], []),
)  # fmt: skip


def errors(records: Iterator[Record], overrides: Sequence[str]) -> tuple[float, float]:
    """MAE one step ahead as multiples of the last value's: of the mixture, and of the network alone."""
    chosen = load(None, ["events.stream=stream", *LIGHT, *overrides], {}).settings
    decoder, shard = Decoder.from_settings(chosen, False), Shard(chosen, PARTITION)
    values: list[bytes | None] = [json.dumps({"stream": "a", **record}).encode() for record in records]
    for at in range(0, len(values), BATCH):
        piece = values[at : at + BATCH]
        n = len(piece)
        raw = Records(PARTITION, list(range(at, at + n)), [None] * n, piece, [math.nan] * n, at + n)
        events = decoder.decode(raw)
        assert not events.rejects, events.rejects[0]
        shard.process(events)
    found = shard.scores()["value"]
    naive = found.baseline_absolute_error / found.count
    alone = shard.experts()["value", 1]["network"] / naive if shard.experts() else math.nan
    return found.absolute_error / found.count / naive, alone


def inputs(overrides: list[str]) -> None:
    """Print MAE as multiples of the last value's without and with each input, of the mixture and of the network."""
    for case in CASES:
        without, with_it = (
            errors(case.records(), [*case.common, *chosen, *overrides]) for chosen in (case.without, case.with_it)
        )
        gains = [100 * (1 - ours / theirs) for ours, theirs in zip(with_it, without, strict=True)]
        print(
            f"  {case.name:44s} mixture {without[0]:.4f} -> {with_it[0]:.4f} ({gains[0]:+5.1f} %), network "
            f"{without[1]:.4f} -> {with_it[1]:.4f} ({gains[1]:+5.1f} %)",
            flush=True,
        )
