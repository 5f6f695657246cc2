"""What the interval loop computes, said once more: plain Python, a dictionary for what is pending, no rings."""

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from streamrnn.loops.batch import Batch

Floats = npt.NDArray[np.float64]


@dataclass
class Track:
    """One horizon and target of a stream, or of the shard."""

    mean: float
    thresholds: Floats
    settled: int = 0


@dataclass
class Given:
    """An interval that awaits its outcome: bounds by share, scale without head, hidden state."""

    bounds: Floats
    plain: float
    hidden: Floats


@dataclass
class Stream:
    """What is kept of a stream."""

    tracks: dict[tuple[int, int], Track]
    given: dict[tuple[int, int, int], Given] = field(default_factory=dict)  # by step it is for, horizon, target


class Reference:
    """The definition, record by record; see ``streamrnn.kernels.intervals`` for the sources."""

    def __init__(self, horizons: tuple[int, ...], targets: int, hidden: int, levels: tuple[float, ...]) -> None:
        self.horizons, self.targets, self.hidden, self.levels = horizons, targets, hidden, levels
        lower = [(1 - level) / 2 for level in sorted(levels, reverse=True)]
        self.shares = np.array(lower + [1 - share for share in lower[::-1]])
        start = np.array([math.log(2 * p) if p < 0.5 else -math.log(2 * (1 - p)) for p in self.shares])
        self.pooled = {(h, k): Track(0.7 * math.sqrt(h), start.copy()) for h in horizons for k in range(targets)}
        self.head = np.zeros((targets, hidden))
        self.streams: dict[int, Stream] = {}
        shape = len(horizons), targets, len(levels)
        self.count, self.covered, self.score = np.zeros(shape), np.zeros(shape), np.zeros(shape)

    def process(self, batch: Batch) -> tuple[Floats, Floats]:
        """Low and high [n, H, T, L] of each record."""
        answers = np.full((2, *batch.forecasts.shape, len(self.levels)), np.nan)
        for i in range(len(batch)):
            slot, step, moved = int(batch.slots[i]), int(batch.steps[i]), int(batch.advance[i])
            if batch.fresh[i]:
                copied = {key: Track(track.mean, track.thresholds.copy()) for key, track in self.pooled.items()}
                self.streams[slot] = Stream(copied)
            stream = self.streams[slot]
            for q, h in enumerate(self.horizons):
                for k in range(self.targets):
                    if moved > 0 and not batch.fresh[i] and not math.isnan(batch.settled[i, q, k]):
                        self._settle(stream, batch, i, q, k, stream.given.get((step, h, k)))
                    given = self._give(stream, batch, i, q, k)
                    if given is not None:
                        for level, (low, high) in enumerate(self._by_level(given.bounds)):
                            answers[:, i, q, k, level] = low, high
                    if moved > 0 or batch.fresh[i]:
                        stream.given.pop((step + h, h, k), None)
                        if given is not None:
                            stream.given[step + h, h, k] = given
        return answers[0], answers[1]

    def _by_level(self, bounds: Floats) -> list[tuple[float, float]]:
        ascending = sorted(self.levels)
        middle = len(bounds) // 2
        places = [ascending.index(level) for level in self.levels]
        return [(bounds[middle - 1 - place], bounds[middle + place]) for place in places]

    def _settle(self, stream: Stream, batch: Batch, i: int, q: int, k: int, given: Given | None) -> None:
        h, outcome, rms = self.horizons[q], batch.outcomes[i, k], batch.rms[i, k]
        error = abs(outcome - batch.settled[i, q, k])
        track, pooled = stream.tracks[h, k], self.pooled[h, k]
        if given is not None:
            for level, (low, high) in enumerate(self._by_level(given.bounds)):
                missed = max(low - outcome, outcome - high, 0.0)
                self.count[q, k, level] += 1
                self.covered[q, k, level] += missed == 0
                self.score[q, k, level] += high - low + 2 / (1 - self.levels[level]) * missed
            step = max(0.05 if h == 1 else 0.04, 0.5 / (track.settled + 1))
            middle = len(self.shares) // 2
            below = np.append(outcome < given.bounds[:middle], outcome <= given.bounds[middle:])
            track.thresholds += step * (self.shares - below)
            pooled.thresholds += max(0.003, 1 / (pooled.settled + 20)) * (track.thresholds - pooled.thresholds)
            track.settled += 1
            pooled.settled += 1
            if h == 1 and self.hidden:
                power = float(self.head[k] @ given.hidden)
                slope = max(1 - error / (given.plain * math.exp(min(max(power, -3), 3))), -8)
                if not (power <= -3 and slope > 0) and not (power >= 3 and slope < 0):
                    self.head[k] -= 2e-3 * slope * given.hidden
        if rms > 0:
            size = min(error / rms, 64)
            half_life = 50 if h == 1 else 100
            track.mean += max(1 / (track.settled + 3), 1 - 0.5 ** (1 / half_life)) * (size - track.mean)
            pooled.mean += max(1 / (pooled.settled + 20), 0.001) * (size - pooled.mean)

    def _give(self, stream: Stream, batch: Batch, i: int, q: int, k: int) -> Given | None:
        h, forecast, rms = self.horizons[q], batch.forecasts[i, q, k], batch.rms[i, k]
        if math.isnan(forecast) or not rms > 0:
            return None
        track = stream.tracks[h, k]
        hidden = batch.hidden[i].astype(np.float64) if self.hidden else np.zeros(0)
        plain = rms * max(track.mean, 1e-6) * (1 + 2 / (track.settled + 1))
        power = float(self.head[k] @ hidden) if h == 1 else 0.0
        raw = forecast + plain * math.exp(min(max(power, -3), 3)) * track.thresholds
        middle = len(raw) // 2
        bounds = raw.copy()
        bounds[middle:] = np.maximum.accumulate(np.maximum(raw[middle:], raw[middle - 1]))
        bounds[:middle] = np.minimum.accumulate(raw[:middle][::-1])[::-1]
        return Given(bounds, plain, hidden)
