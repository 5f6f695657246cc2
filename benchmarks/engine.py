"""The compiled engine alone: streams, k1, poll sizes and a hot key, as multiples of plain torch."""

import time

import numpy as np

from benchmarks.plain_torch import events_per_second
from streamrnn.loops.batch import Batch
from streamrnn.loops.chain import Chain
from streamrnn.network.forecaster import initial_weights
from streamrnn.rows.cells import NAMES
from streamrnn.rows.network import NetworkRows
from streamrnn.settings import load

EVENTS = 200_000


def rate(slots: np.ndarray, streams: int, poll: int, overrides: tuple[str, ...] = ()) -> float:
    """Events a second of the engine over records with these slots, in polls of ``poll`` records."""
    settings = load(None, [f"streams.max_live={streams}", *overrides], {}).settings
    chain = Chain(settings, initial_weights(NetworkRows.from_settings(settings), 0, settings.model.precision))
    n = len(slots)
    first = np.unique(slots, return_index=True)[1]
    fresh = np.zeros(n, bool)
    fresh[first] = True
    live = np.cumsum(fresh)
    rng = np.random.default_rng(0)
    values = (np.sin(np.arange(n) / max(1, streams) / 4) + rng.normal(0, 0.1, n)).reshape(-1, 1)
    times = np.arange(n) * 1.0
    records = np.arange(n) + 1
    warm = n // 4  # polls before it are not timed
    spent = 0.0
    for at in range(0, n, poll):
        piece = slice(at, at + poll)
        batch = Batch(slots[piece], fresh[piece], live[piece], times[piece], values[piece], records[piece])
        batch.offsets = records[piece]
        started = time.perf_counter()
        chain.process(batch)
        if at >= warm:
            spent += time.perf_counter() - started
    return (n - warm) / spent


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(1)
    rate(np.zeros(1000, np.int64), 1, 100)  # compiles
    wave = np.sin(np.arange(3000) / 4)
    torch_rate = events_per_second(wave)
    print(f"plain torch, one stream: {torch_rate:,.0f} events/s (= 1)")
    for name, slots, streams, poll, overrides in cases(rng):
        found = rate(slots, streams, poll, overrides)
        print(f"{name:44s} {found:9,.0f} events/s  {found / torch_rate:6.1f} x plain torch")
    print(f"plain torch again: {events_per_second(wave):,.0f} events/s")


def cases(rng: np.random.Generator) -> list[tuple[str, np.ndarray, int, int, tuple[str, ...]]]:
    """Name, slots, streams, poll size and settings of each line."""
    lines = []
    for streams in (1, 64, 1_000, 10_000, 100_000):
        slots = rng.integers(0, streams, max(EVENTS, 10 * streams))
        lines.append((f"{streams} streams, polls of 1,000", slots, streams, 1000, ()))
    one = np.zeros(EVENTS, np.int64)
    for poll in (1, 100):
        lines.append((f"1 stream, polls of {poll}", one[: EVENTS // 4], 1, poll, ()))
    lines.append(("1 stream, k1 16, k2 16", one, 1, 1000, ("model.k1=16", "model.k2=16")))
    many = rng.integers(0, 10_000, EVENTS)
    lines.append(("10,000 streams, k1 16, k2 16", many, 10_000, 1000, ("model.k1=16", "model.k2=16")))
    for cell in NAMES[1:]:
        lines.append((f"1 stream, {cell}", one, 1, 1000, (f"model.cell={cell}",)))
    hot = np.where(rng.random(EVENTS) < 0.9, 0, many)
    lines.append(("10,000 streams, 90 % of records in one", hot, 10_000, 1000, ()))
    return lines
