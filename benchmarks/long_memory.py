"""A task that only a carried state can solve, after the study in which the recipe was found.

Each stream has a sign. About one event in a hundred carries a flag, which sets it anew; the other events do not tell
it. The outcome is the sign times an input seen one event before, of either sign and a size between 0.5 and 1: its
variance is 0.58, the last value's squared error twice that. The outcomes themselves are withheld from the network.
"""

import numpy as np
import numpy.typing as npt

from streamrnn.events.columns import Events, Partition
from streamrnn.rows.cells import NAMES, WINDOWED
from streamrnn.settings import load
from streamrnn.shard import Shard

STREAMS = 32
EVENTS = 40_000
SETTINGS = (
    "events.features=[flag,size,y]", "events.targets=[y]", "events.withheld=[y]", "model.k2=16",
    f"streams.max_live={STREAMS}",
)  # fmt: skip


def task(events: int = EVENTS, streams: int = STREAMS, seed: int = 0) -> Events:
    """The events: features flag, size and the outcome y, streams in turn."""
    rng = np.random.default_rng(seed)
    steps = events // streams
    flags = np.where(rng.random((steps, streams)) < 0.01, rng.choice([-1.0, 1.0], (steps, streams)), 0.0)
    flags[0] = rng.choice([-1.0, 1.0], streams)
    sizes = rng.uniform(0.5, 1.0, (steps, streams)) * rng.choice([-1.0, 1.0], (steps, streams))
    signs = np.zeros((steps, streams))
    sign = np.zeros(streams)
    for t in range(steps):
        sign = np.where(flags[t] != 0, flags[t], sign)
        signs[t] = sign
    outcomes = np.vstack([np.zeros(streams), (signs * sizes)[:-1]])
    n = steps * streams
    return Events(
        partition=Partition("memory", 0),
        offsets=np.arange(n),
        streams=[f"s{i}" for i in range(streams)] * steps,
        times=np.arange(n, dtype=np.float64),
        timestamps=np.full(n, np.nan),
        features=np.stack([flags.ravel(), sizes.ravel(), outcomes.ravel()], 1),
        ends=np.zeros(n, np.bool_),
    )


def trained(carry: bool, *overrides: str, count: int = EVENTS) -> tuple[Shard, npt.NDArray[np.float64]]:
    """A shard that learned the task of ``count`` events, and the squared error of each settled forecast in log order.

    Without ``carry`` all states start from zero every 16 events of a stream, so that no window sees further back.
    """
    chosen = [*SETTINGS, *overrides]
    shard = Shard(load(None, chosen, {}).settings, Partition("memory", 0))
    events = task(count)
    errors = []
    step = 16 * STREAMS
    for at in range(0, len(events), step):
        predictions, _ = shard.process(events.cut(at, at + step))
        errors.append((predictions.outcomes - predictions.settled[:, 0])[:, 0] ** 2)
        if not carry:
            shard.forget_states()
    joined = np.concatenate(errors)
    return shard, joined[~np.isnan(joined)]


def last_quarter(carry: bool, *overrides: str, count: int = EVENTS) -> float:
    """Mean squared error of the last quarter of the forecasts."""
    _, errors = trained(carry, *overrides, count=count)
    return float(errors[-len(errors) // 4 :].mean())


def main() -> None:
    """Print the mean squared error of the last quarter for each cell, carried and not."""
    print(f"long memory, MSE of the last quarter (variance 0.58), k2 16, {EVENTS:,} events (k1 16: five times as many)")
    print(f"{'cell':10s}{'carried, k1 1':>16s}{'carried, k1 16':>16s}{'from zero every 16 events':>28s}")
    for cell in NAMES:
        chosen = f"model.cell={cell}"
        carried = last_quarter(True, chosen)
        rarely = last_quarter(True, chosen, "model.k1=16", count=5 * EVENTS) if cell in WINDOWED else np.nan
        print(f"{cell:10s}{carried:16.4f}{rarely:16.4f}{last_quarter(False, chosen):28.4f}")
