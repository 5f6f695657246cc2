"""The seasonal ridge as it is defined, slowly: whole histories, one group at a time, numpy's solver."""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from streamrnn.rows.ridge import RidgeRows

Floats = npt.NDArray[np.float64]


class Pool:
    """Sums of all streams of a shard, for one target."""

    def __init__(self) -> None:
        self.sums: dict[int, Floats] = {}
        self.count = 0.0


class ReferenceRidge:
    """One target of one stream. Cells are numbered from 0; a cell that is not in ``values`` is empty."""

    def __init__(self, sizes: RidgeRows, pool: Pool) -> None:
        self.sizes, self.pool = sizes, pool
        self.groups = [sizes.horizons[a:b] for a, b in pairwise(sizes.edges)]
        self.values: dict[int, float] = {}
        self.means: list[dict[str, float]] = []
        self.cell = -1
        self.squares = {h: (0.0, 0) for h in sizes.horizons}
        self.sums = {g: np.zeros((sizes.features, sizes.features + 1)) for g in range(len(self.groups))}
        self.pending, self.error = np.nan, 0.0

    def step(self, outcome: float, advance: int) -> None:
        """Bring the outcome of the cell ``advance`` further on."""
        for _ in range(advance - 1):
            self._end_cell(np.nan)
            self.pending = np.nan
        if advance:
            if not np.isnan(outcome):
                self._learn(outcome)
            self._end_cell(outcome)

    def forecasts(self) -> list[float]:
        """Of each horizon, from the newest cell."""
        last = self._last()
        found = []
        for g, horizons in enumerate(self.groups):
            system = self.sums[g] + 1000 / max(self.pool.count, 1000) * self.pool.sums.get(g, 0.0)
            prior = 3 * sum(horizons) * np.eye(self.sizes.features)
            coefficients = np.linalg.solve(system[:, :-1] + prior, system[:, -1])
            for h in horizons:
                change = self._change(h)
                features = self._features(self.cell, h, last) if change else np.zeros(self.sizes.features)
                found.append(last + change * float(features @ coefficients))
        self.pending = found[0]
        return found

    def naive(self) -> list[float]:
        """The value whole seasons before each step."""
        lags = zip(self.sizes.horizons, self.sizes.lags, strict=True)
        return [self.values.get(self.cell + h - lag, np.nan) for h, lag in lags]

    def _last(self) -> float:
        return self.values[max(self.values)] if self.values else np.nan

    def _learn(self, outcome: float) -> None:
        new = self.cell + 1
        if not np.isnan(self.pending) and self._change(1):
            self.error = float(np.clip((outcome - self.pending) / self._change(1), -8, 8))
        if self._change(1):
            for g, horizons in enumerate(self.groups):
                products = np.zeros_like(self.sums[g])
                for h in horizons:
                    if new - h in self.values and self._change(h):
                        level = self.values[new - h]
                        features = self._features(new - h, h, level)
                        target = np.clip((outcome - level) / self._change(h), -8, 8)
                        far_off = h == 1 and not np.isnan(self.pending) and abs(self.error) > 0.5
                        trust = 0.5 / abs(self.error) if far_off else 1.0
                        products += trust * np.outer(features, [*features, target])
                # Sums are kept in float32.
                self.sums[g] = (0.9997 * self.sums[g] + products).astype(np.float32).astype(np.float64)
                self.pool.sums[g] = 0.9999 * self.pool.sums.get(g, 0.0) + products
            self.pool.count = 0.9999 * self.pool.count + 1
        for h in self.sizes.horizons:
            if new - h in self.values:
                mean, count = self.squares[h]
                square = (outcome - self.values[new - h]) ** 2
                self.squares[h] = mean + (square - mean) / (count + 1), count + 1

    def _change(self, h: int) -> float:
        mean, count = self.squares[h]
        if count < 9:
            mean, count = self.squares[1][0] * h, self.squares[1][1]
        return max(float(np.sqrt(mean)), 1e-8 + 1e-6 * abs(self._last())) if count else 0.0

    def _features(self, origin: int, h: int, level: float) -> Floats:
        def value(t: int) -> float:
            return self.values.get(t, np.nan)

        def mean(name: str, t: int) -> float:
            return self.means[t][name] if t >= 0 else np.nan

        p, w = self.sizes.season, self.sizes.long_season
        found = [mean("slow", origin) - level, mean("fast", origin) - level]
        if p:
            l = origin + h - p * -(-h // p)  # noqa: E741, the letter of the definition
            found += [value(l) - level, value(l) - value(l - h), mean("phase", l) - level]
            found += [mean("phase", l) - mean("phase", origin)]
        if w:
            m = origin + h - w * -(-h // w)
            found += [value(m) - level, mean("long", m) - level, mean("long", m) - mean("long", origin)]
        return np.nan_to_num(np.clip(np.array(found) / self._change(h), -8, 8))

    def _end_cell(self, outcome: float) -> None:
        self.cell += 1
        t = self.cell
        p, w = self.sizes.season, self.sizes.long_season
        seen = len(self.values)
        half_lives = {"slow": 7 * p if p else 168, "fast": 2}
        steps = {name: max(1 - 0.5 ** (1 / half_life), 1 / (seen + 1)) for name, half_life in half_lives.items()}
        before = {"slow": 1, "fast": 1}
        if p:
            steps["phase"], before["phase"] = max(0.15, 1 / (t // p + 1)), p
        if w:
            steps["long"], before["long"] = max(0.25, 1 / (t // w + 1)), w
        means = {}
        for name, step in steps.items():
            old = self.means[t - before[name]][name] if t >= before[name] else np.nan
            young = outcome if np.isnan(old) else old + step * (outcome - old)
            means[name] = old if np.isnan(outcome) else young
        self.means.append(means)
        if not np.isnan(outcome):
            self.values[t] = outcome


def reference(sizes: RidgeRows, records: Iterable[tuple[int, bool, int, Floats]]) -> tuple[Floats, Floats, Floats]:
    """Forecasts [n, H, T], seasonal naive forecasts [n, H, T] and errors [n, T] of (slot, fresh, advance, outcomes)."""
    pools = [Pool() for _ in range(sizes.targets)]
    streams: dict[int, list[ReferenceRidge]] = {}
    forecasts, naive, errors = [], [], []
    for slot, fresh, advance, outcomes in records:
        if fresh:
            streams[slot] = [ReferenceRidge(sizes, pool) for pool in pools]
        for ridge, outcome in zip(streams[slot], outcomes, strict=True):
            ridge.step(outcome, 1 if fresh else advance)
        forecasts.append([ridge.forecasts() for ridge in streams[slot]])
        naive.append([ridge.naive() for ridge in streams[slot]])
        errors.append([ridge.error for ridge in streams[slot]])
    return np.array(forecasts).swapaxes(1, 2), np.array(naive).swapaxes(1, 2), np.array(errors)
