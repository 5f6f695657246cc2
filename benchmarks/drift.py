"""What an alarm of drift costs and brings: false alarms on steady streams, and how soon a change is found.

Losses are those of a shard with default settings, a stream at a time; the detector then runs over them at each
threshold. The steady streams count all alarms as false, those with calm and wild spells (``spells``) too.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from streamrnn.events.columns import Events, Partition
from streamrnn.kernels.compile import kernel
from streamrnn.kernels.drift import watch
from streamrnn.rows.drift import BLOCK, FIELDS
from streamrnn.settings import load
from streamrnn.shard import Shard

Floats = npt.NDArray[np.float64]
THRESHOLDS = (5.0, 7.0, 10.0, 14.0, 20.0, 30.0)
STEADY = 100_000  # events of a steady stream
SEGMENT, SEGMENTS = 4000, 8  # events between changes
WITHIN = 1000  # events in which a change must be found


@kernel
def run(losses, threshold, found):
    """A detector over losses; NaN is none."""
    account = np.zeros(FIELDS)
    for i in range(losses.shape[0]):
        found[i] = losses[i] == losses[i] and watch(account, losses[i], BLOCK, threshold)


def autoregression(slope: npt.ArrayLike, noise: Floats) -> Floats:
    """y[t] = slope y[t - 1] + noise[t]; the slope may be another at each step."""
    slopes, values = np.broadcast_to(slope, len(noise)), np.zeros(len(noise))
    for t in range(1, len(noise)):
        values[t] = slopes[t] * values[t - 1] + noise[t]
    return values


def spells(rng: np.random.Generator, n: int) -> Floats:
    """A random walk whose steps are calm and wild by turns (GARCH(1, 1): .02, .10, .88)."""
    draws, steps, variance = rng.normal(size=n), np.zeros(n), 1.0
    for t in range(1, n):
        variance = 0.02 + 0.10 * steps[t - 1] ** 2 + 0.88 * variance
        steps[t] = np.sqrt(variance) * draws[t]
    return np.cumsum(steps)


def steady(seed: int, n: int = STEADY) -> Iterator[tuple[str, Floats]]:
    """Streams that never change, by name."""
    rng, t = np.random.default_rng(seed), np.arange(n)
    yield "noise", rng.normal(size=n)
    yield "autoregression", autoregression(0.8, rng.normal(size=n))
    yield "autoregression, Student 3", autoregression(0.8, rng.standard_t(3, n))
    yield "autoregression, Student 2", autoregression(0.8, rng.standard_t(2, n))
    yield "Cauchy", rng.standard_cauchy(n)
    yield "walk", np.cumsum(rng.normal(size=n))
    yield "walk, Student 3", np.cumsum(rng.standard_t(3, n))
    yield "wave", 10 * np.sin(np.pi * t / 12) + rng.normal(size=n)
    yield "wave, loud by day", np.sin(np.pi * t / 144) * 10 + rng.normal(size=n) * (1 + 0.8 * np.sin(np.pi * t / 144))
    yield "spells", spells(rng, n)
    yield "counts", rng.poisson(20 * (1 + np.sin(np.pi * t / 24)) + 1).astype(np.float64)
    yield "rare bursts", np.where(rng.random(n) < 0.02, rng.lognormal(2, 1.5, n), 0.0)
    yield "log-normal", rng.lognormal(size=n)
    yield "coin", (rng.random(n) < 0.3).astype(np.float64)


def changing(seed: int) -> Iterator[tuple[str, Floats]]:
    """Streams that change every ``SEGMENT`` events, by name."""
    rng, n = np.random.default_rng(seed), SEGMENT * SEGMENTS
    t = np.arange(n)
    odd = (t // SEGMENT) % 2 == 1
    yield "slope", autoregression(np.where(odd, -0.9, 0.9), rng.normal(size=n))
    yield "period", 10 * np.sin(2 * np.pi * np.cumsum(np.where(odd, 1 / 12, 1 / 30))) + rng.normal(size=n)
    yield "pattern", rng.normal(size=(SEGMENTS, 24))[t // SEGMENT, t % 24] * 5 + rng.normal(size=n) * 0.5
    wave = 8 * np.sin(np.pi * t / 10) + rng.normal(size=n) * 0.5
    yield "kind", np.where(odd, autoregression(0.5, rng.normal(size=n) * 3), wave)
    yield "noise x 2", autoregression(0.8, rng.normal(size=n) * np.where(odd, 2, 1))
    yield "noise x 3, Student 3", autoregression(0.8, rng.standard_t(3, n) * np.where(odd, 3, 1))


def losses(values: Floats) -> Floats:
    """Absolute errors of the published forecasts, in running mean changes; NaN where there was none."""
    chosen = ["forecast.levels=[]", "forecast.horizons=[1]", "anomaly.enabled=false", "streams.max_live=1"]
    shard, n = Shard(load(None, chosen, {}).settings, Partition("drift", 0)), len(values)
    offsets, none = np.arange(n), np.full(n, np.nan)
    times, ends = offsets.astype(np.float64), np.zeros(n, np.bool_)
    answers, _ = shard.process(Events(Partition("drift", 0), offsets, ["a"] * n, times, none, values[:, None], ends))
    errors = np.abs(answers.outcomes[:, 0] - answers.settled[:, 0, 0])
    changes = np.abs(np.diff(values, prepend=np.nan))
    known = np.cumsum(~np.isnan(changes))
    unit = np.cumsum(np.nan_to_num(changes)) / np.maximum(known, 1)
    unit = np.concatenate([[0.0], unit[:-1]])
    return np.divide(errors, unit, out=none.copy(), where=unit > 0)


def main() -> None:
    """Print, for each threshold, false alarms by stream, and how many changes were found after how many events."""
    calm = [(name, losses(values)) for seed in (1, 2, 3) for name, values in steady(seed)]
    torn = [losses(values) for seed in (1, 2, 3) for _, values in changing(seed)]
    for threshold in THRESHOLDS:
        false: dict[str, float] = {}
        for name, series in calm:
            false[name] = false.get(name, 0.0) + len(alarms(series, threshold)) / 3
        worst = max(false, key=lambda name: false[name])
        delays, changes = [], 0
        for series in torn:
            told = alarms(series, threshold)
            for change in range(SEGMENT, len(series), SEGMENT):
                if np.nanmean(series[change + 1 : change + 200]) < 1.5 * np.nanmean(series[change - 1000 : change]):
                    continue
                changes += 1
                delays += [int(at) - change for at in told if change <= at < change + WITHIN][:1]
        rates = np.array(list(false.values()))
        print(
            f"drift, threshold {threshold:g}: false alarms in {STEADY} events {rates.mean():.1f} (median "
            f"{np.median(rates):.1f}, worst {rates.max():.0f}: {worst}); found {len(delays)} of {changes} changes, "
            f"half of them within {np.median(delays):.0f} events"
        )


def alarms(series: Floats, threshold: float) -> npt.NDArray[np.int64]:
    """Places of the losses that raised an alarm."""
    found = np.empty(len(series), np.bool_)
    run(series, threshold, found)
    return np.flatnonzero(found)
