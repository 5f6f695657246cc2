"""How many outcomes the published intervals held, on every series of more than 10,000 rows."""

from __future__ import annotations

import numpy as np

from benchmarks.quality.series import NAB, Series, run

HOURLY = {"season": 24, "long_season": 168}
ALL = (
    *(Series(f"etth1 {name}", "etth1/ETTh1.csv.gz", [1 + i], **HOURLY)
      for i, name in enumerate(("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"))),
    *(Series(f"bike {name}", "bike_sharing/bike_sharing_dataset_clean.csv.gz", [column], **HOURLY)
      for name, column in (("temp", 4), ("hum", 6), ("windspeed", 7), ("users", 8))),
    *(Series(f"elec2 {name}", "elec2/electricity.csv.gz", [column], season=48, long_season=336)
      for name, column in (("nswprice", 3), ("nswdemand", 4), ("vicprice", 5), ("vicdemand", 6), ("transfer", 7))),
    Series("nyc_taxi", f"{NAB}/nyc_taxi.csv.gz", [1], season=48, long_season=336),
    Series("machine temperature", f"{NAB}/machine_temperature_system_failure.csv.gz", [1]),
    Series("cpu", f"{NAB}/cpu_utilization_asg_misconfiguration.csv.gz", [1]),
)  # fmt: skip
LEVELS = (0.8, 0.9, 0.95)


def coverage(overrides: list[str]) -> None:
    """Print the share of outcomes inside, one step ahead and at the farthest horizon, in percent, and the extremes."""
    levels = "forecast.levels=[" + ",".join(map(str, LEVELS)) + "]"
    found = []
    for series in ALL:
        done = run(series.rows(), False, [levels, "anomaly.enabled=false", *series.settings, *overrides])
        shares = []
        for place, horizon in enumerate(done.horizons):
            outcomes = done.values[horizon:, 0, None]
            low, high = done.low[:-horizon, place, 0], done.high[:-horizon, place, 0]
            given = ~np.isnan(low[:, 0])
            shares.append(100 * ((low <= outcomes) & (outcomes <= high))[given].mean(axis=0))
        found.append(shares)
        rows = "  ".join(
            f"h {h}: " + " ".join(f"{x:5.1f}" for x in row) for h, row in zip(done.horizons, shares, strict=True)
        )
        print(f"{series.name:22s} {rows}", flush=True)
    lowest, highest = np.min(found, axis=0), np.max(found, axis=0)
    for place, horizon in enumerate(done.horizons):
        extremes = ", ".join(
            f"{100 * level:g} %: {lowest[place, i]:.1f} to {highest[place, i]:.1f}" for i, level in enumerate(LEVELS)
        )
        print(f"h {horizon}, lowest and highest series: {extremes}")
