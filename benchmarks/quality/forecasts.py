"""Errors of the published forecasts: one step ahead, and averaged over the steps up to a horizon."""

from __future__ import annotations

import numpy as np

from benchmarks.quality.series import MONTH, NAB, Floats, Run, Series, run
from streamrnn.rows.cells import NAMES

OT = Series("etth1 OT", "etth1/ETTh1.csv.gz", [7])
NEXT_STEP = {  # MAE as a multiple of the last value's: the recipe's fullest row, None where it has no figure
    OT: 0.968,
    Series("nyc_taxi", f"{NAB}/nyc_taxi.csv.gz", [1]): 0.548,
    Series("machine temperature", f"{NAB}/machine_temperature_system_failure.csv.gz", [1]): 0.876,
    Series("ambient temperature", f"{NAB}/ambient_temperature_system_failure.csv.gz", [1]): None,
    Series("asg cpu", f"{NAB}/cpu_utilization_asg_misconfiguration.csv.gz", [1]): None,
    Series("ec2 latency", f"{NAB}/ec2_request_latency_system_failure.csv.gz", [1]): None,
    Series("rogue key hold", f"{NAB}/rogue_agent_key_hold.csv.gz", [1]): None,
    Series("rogue key updown", f"{NAB}/rogue_agent_key_updown.csv.gz", [1]): None,
    **{
        Series(f"exchange {i}", "exchange_rate/exchange_rate.txt.gz", [i], header=False): figure
        for i, figure in enumerate((1.0, None, 1.001, None, 1.006, None, None, None))
    },
}
TABLE = {  # MSE at 1, 24 and 48 steps: the recipe's last column
    Series("ETTh1", "etth1/ETTh1.csv.gz", slice(1, None), False, 24, 168, borders=(4 * MONTH, 5 * MONTH, 20 * MONTH)): (
        (0.363, 2.796, 2.932), (0.200, 0.616, 0.730),
    ),
    Series("bike_sharing", "bike_sharing/bike_sharing_dataset_clean.csv.gz", [4, 6, 7, 8], False, 24, 168): (
        (0.389, 1.977, 2.121), (0.150, 0.424, 0.490),
    ),
    Series("nyc_taxi", f"{NAB}/nyc_taxi.csv.gz", [1], False, 48, 336): ((0.0657, 2.081, 2.075), (0.0120, 0.106, 0.117)),
    Series("los_speed, every 6th", "los_speed/los_speed.csv.gz", slice(None, None, 6), True, 288): (
        (0.319, 1.064, 1.531), (0.242, 0.730, 0.903),
    ),
    Series("exchange_rate", "exchange_rate/exchange_rate.txt.gz", slice(None), True, 5, header=False): (
        (0.0089, 0.0861, 0.1648), (0.0089, 0.0869, 0.1672),
    ),
}  # fmt: skip
SHOWN = (1, 24, 48)
ALL_STEPS = "forecast.horizons=[" + ",".join(map(str, range(1, 49))) + "]"
LIGHT = ["forecast.levels=[]", "anomaly.enabled=false"]


def next_step(overrides: list[str]) -> None:
    """Print MAE as multiples of the last value's, of the mixture and of each expert."""
    for series, figure in NEXT_STEP.items():
        values = series.rows()
        done = run(values, series.streams, ["forecast.horizons=[1]", *LIGHT, *overrides])
        naive = np.abs(np.diff(values[:, 0])).mean()
        mixed = np.abs(values[1:, 0] - done.forecasts[:-1, 0, 0]).mean() / naive
        experts = done.shard.experts()
        parts = ", ".join(f"{name} {error / naive:.3f}" for name, error in experts["c0", 1].items())
        print(f"{series.name:22s} {mixed:.4f}  recipe {figure if figure else '-':<6} alone: {parts}", flush=True)


def squared(done: Run, series: Series) -> tuple[Floats, Floats]:
    """Mean squared error of the last value and of the forecasts at 1, 24 and 48 steps: the mean over the steps up to
    each, over origins from the row before the border to the last from which all steps are known, over all columns."""
    scale, first, end = series.cuts(len(done.values))
    deviation = done.values[:scale].std(axis=0)
    naive, ours = [], []
    for reach in SHOWN:
        origins = np.arange(first - 1, end - reach)
        errors, naive_errors = [], []
        for place, step in enumerate(done.horizons):
            if step > reach:
                break
            outcomes = done.values[origins + step]
            errors.append((((outcomes - done.forecasts[origins, place]) / deviation) ** 2).mean())
            naive_errors.append((((outcomes - done.values[origins]) / deviation) ** 2).mean())
        ours.append(np.mean(errors))
        naive.append(np.mean(naive_errors))
    return np.array(naive), np.array(ours)


def table(overrides: list[str], only: str = "") -> None:
    """Print the mean squared errors beside those of the recipe."""
    for series, (naive_figures, figures) in TABLE.items():
        if only not in series.name:
            continue
        done = run(series.rows(), series.streams, [ALL_STEPS, *LIGHT, *series.settings, *overrides])
        naive, ours = squared(done, series)

        def row(numbers: Floats | tuple[float, ...]) -> str:
            return " ".join(f"{number:7.4f}" for number in numbers)

        print(
            f"{series.name:20s} {row(ours)}  recipe {row(figures)}  x {row(ours / np.array(figures))}"
            f"  last value {row(naive)} (recipe {row(naive_figures)})",
            flush=True,
        )


def cells(overrides: list[str]) -> None:
    """Print the mean squared errors of the table with each cell, on ETTh1 and bike_sharing."""
    for cell in NAMES:
        for name in ("ETTh1", "bike_sharing"):
            print(f"{cell:9s}", end=" ")
            table([f"model.cell={cell}", *overrides], name)
