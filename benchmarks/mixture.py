"""What the linear experts and the mixture are worth: MAE as a multiple of the last value's, and their cost.

    STREAMRNN_DATA=<folder> python -m benchmarks.mixture

Each series is one stream of its own; a forecast is made before its outcome is seen. The networks are those of the
compiled engine, read out of its account after each record.
"""

import csv
import gzip
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
from streamrnn.engine.base import Batch as EngineBatch
from streamrnn.engine.compiled import CompiledEngine
from streamrnn.engine.state import State

from streamrnn.kernels import aggregation
from streamrnn.kernels.compile import entry
from streamrnn.loops.batch import Batch
from streamrnn.loops.linear import LinearLoop
from streamrnn.network.forecaster import initial_weights
from streamrnn.settings import load
from streamrnn.streams import layout

Floats = npt.NDArray[np.float64]
RATES = (2e-3, 5e-4, 5e-3)
FORGETTING = (0.9999, 0.999)
EXPERTS = ("last value", *(f"network {rate:g}" for rate in RATES), *(f"linear {factor:g}" for factor in FORGETTING))
ROWS = {
    "network alone": ("network 0.002",),
    "linear alone": ("linear 0.9999",),
    "last value + network": ("last value", "network 0.002"),
    "last value + network + linear": ("last value", "network 0.002", "linear 0.9999"),
    "+ two networks, linear with .999": EXPERTS,
    "three networks + last value": ("last value", "network 0.002", "network 0.0005", "network 0.005"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What is known after each of n records of one stream: scales in the series' unit, forecasts of the next value."""

    values: Floats  # [n]
    rms: Floats  # [n]
    unit: Floats  # [n]
    forecasts: dict[str, Floats]  # by expert, [n]


def folder() -> Path:
    """Where the public series are."""
    return Path(os.environ.get("STREAMRNN_DATA") or Path(__file__).parents[2] / "shared" / "data")


def series() -> dict[str, Floats]:
    """The series by name."""

    def column(path: str, name: str) -> Floats:
        with gzip.open(folder() / path, "rt", encoding="utf-8") as lines:
            return np.array([float(row[name]) for row in csv.DictReader(lines)])

    found = {"etth1 OT": column("etth1/ETTh1.csv.gz", "OT")}
    for name, file in (
        ("nyc taxi", "nyc_taxi"),
        ("machine", "machine_temperature_system_failure"),
        ("cpu", "cpu_utilization_asg_misconfiguration"),
    ):
        found[name] = column(f"nab/data/realKnownCause/{file}.csv.gz", "value")
    with gzip.open(folder() / "exchange_rate" / "exchange_rate.txt.gz", "rt", encoding="utf-8") as lines:
        exchange = np.loadtxt(lines, delimiter=",")
    return found | {("pegged" if i == 4 else f"exch. {i}"): exchange[:, i].copy() for i in range(exchange.shape[1])}


def network(values: Floats, rate: float) -> Floats:
    """Rms, unit, last value and the network's own forecast after each record, [n, 4]."""
    settings = load(None, ["streams.max_live=1", f"model.learning_rate={rate}"], {}).settings
    state = State(settings, initial_weights(layout.Layout.from_settings(settings), 0, settings.model.precision))
    engine = CompiledEngine()
    slot, live = np.zeros(1, np.int64), np.ones(1, np.int64)
    account = state.accounts[0, state.layout.target_fields :]
    out = np.empty((len(values), 4))
    for i in range(len(values)):
        engine.process(
            state, EngineBatch.of(slot, np.array([i == 0]), live, np.array([float(i)]), values[i : i + 1, None], 1)
        )
        last, rms = account[layout.BASELINE], account[layout.RMS]
        out[i] = rms, account[layout.UNIT], last, last + rms * account[layout.NETWORK]
    return out


def linear(values: Floats, rms: Floats, forgetting: tuple[float, ...]) -> Floats:
    """Forecasts of linear experts, [n, L]."""
    batch = one_stream(values, rms, len(forgetting))
    LinearLoop(1, 1, forgetting, 0).process(batch)
    return batch.experts[:, :, 0, 0]


def one_stream(values: Floats, rms: Floats, experts: int, streams: int = 1) -> Batch:
    """The columns of one target, its records dealt to the streams in turn."""
    n = len(values)
    column, unused = values[:, None], np.zeros((n, 1))
    fresh = np.arange(n) < streams
    return Batch(
        slots=np.arange(n) % streams, fresh=fresh, live=np.cumsum(fresh), times=np.arange(n, dtype=np.float64),
        values=column, outcomes=column, advance=np.where(fresh, 0, 1), counts=np.zeros((n, 2), np.int64), last=column,
        rms=rms[:, None], unit=unused, inputs=unused, experts=np.full((n, experts, 1, 1), np.nan),
        forecasts=np.full((n, 1, 1), np.nan), settled=np.full((n, 1, 1), np.nan),
        settled_baselines=np.full((n, 1, 1), np.nan),
    )  # fmt: skip


@entry
def mix(values, unit, forecasts):  # type: ignore[no-untyped-def]
    """The mixture [n] of forecasts[n, E] for the next of values[n], in units of unit[n]."""
    n, experts = forecasts.shape
    account = np.zeros(aggregation.FIELDS * experts)
    weights, regrets = np.zeros(experts), np.zeros(experts)
    mixed = np.empty(n)
    for i in range(n):
        if i > 0:
            before = mixed[i - 1]
            slope = aggregation.absolute_slope((before - values[i]) / unit[i - 1])
            for e in range(experts):
                regrets[e] = aggregation.regret(slope, before, forecasts[i - 1, e], unit[i - 1])
            aggregation.update(account, 0, experts, regrets)
        aggregation.weigh(account, 0, experts, forecasts[i], weights)
        mixed[i] = aggregation.combine(experts, forecasts[i], weights)
    return mixed


def tell(values: Floats) -> Told:
    """Run all experts over one series."""
    runs = [network(values, rate) for rate in RATES]
    rms, unit, last, _ = runs[0].T.copy()
    columns = [last, *(run[:, 3] for run in runs), *linear(values, rms, FORGETTING).T]
    return Told(values, rms, unit, dict(zip(EXPERTS, columns, strict=True)))


def multiple(told: Told, experts: tuple[str, ...]) -> float:
    """MAE of the experts' mixture (of an expert alone: its own) over MAE of the last value."""
    mixed = mix(told.values, told.unit, np.stack([told.forecasts[name] for name in experts], 1))
    errors = np.abs(told.values[1:] - mixed[:-1])
    return float(errors.sum() / np.abs(np.diff(told.values)).sum())


def cost() -> None:
    """Print microseconds an event."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=200_000)
    ones = np.ones(len(values))
    for streams, forgetting in product((1, 10_000), (FORGETTING[:1], FORGETTING)):
        loop = LinearLoop(streams, 1, forgetting, 0)
        batch = one_stream(values, ones, len(forgetting), streams)
        spent = fastest(partial(loop.process, batch))
        print(f"{len(forgetting)} linear, {streams:6,} streams: {spent / len(values) * 1e6:.2f} us an event")
    for experts in (2, 3, 6):
        forecasts = rng.normal(size=(len(values), experts))
        spent = fastest(partial(mix, values, ones, forecasts))
        print(f"mixture of {experts}: {spent / len(values) * 1e6:.2f} us an event")
    loop = LinearLoop(1, 1, FORGETTING, 0)
    print(f"linear experts: {sum(slab[0].nbytes for slab in loop.slabs.values())} bytes a stream and target")
    print(f"mixture: {8 * aggregation.FIELDS} bytes a stream, target and expert")


def fastest(work: Callable[[], object], times: int = 7) -> float:
    """Seconds of this thread in the quickest of some runs: the machine may be busy with other things."""
    spent = []
    for _ in range(times):
        started = time.thread_time()
        work()
        spent.append(time.thread_time() - started)
    return min(spent)


def main() -> None:
    """Print the table and the cost."""
    told = {name: tell(values) for name, values in series().items()}
    print(f"{'MAE / MAE of the last value':34s}" + "".join(f"{name:>9s}" for name in told))
    for row, experts in ROWS.items():
        print(f"{row:34s}" + "".join(f"{multiple(each, experts):9.4f}" for each in told.values()), flush=True)
    cost()


if __name__ == "__main__":
    main()
