"""Records that tests of the presets look at."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from streamrnn.events.columns import Floats
from streamrnn.presets.record import Record

START = 1_704_067_200.0  # a Monday
DAY = 86_400.0


def meters(streams: int, count: int, interval: float = 3600.0, weekly: float = 0.0, seed: int = 0) -> list[Record]:
    """Interleaved streams with a daily season, another level at weekends, and noise."""
    rng = np.random.default_rng(seed)
    found = []
    for step in range(count):
        time = START + step * interval
        weekend = weekly * ((time // DAY + 3) % 7 >= 5)
        for number in range(streams):
            value = 10.0 * np.sin(2 * np.pi * time / DAY + number) + weekend + rng.normal() + 50.0
            found.append(Record({"meter": f"m{number}", "ts": time, "value": float(value)}))
    return found


def walk(count: int, seed: int) -> Floats:
    """A random walk."""
    return np.cumsum(np.random.default_rng(seed).normal(size=count))


def fields(records: Sequence[Mapping[str, Any]]) -> list[Record]:
    """Records without key and timestamp."""
    return [Record(each) for each in records]
