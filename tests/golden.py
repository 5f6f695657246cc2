"""A short run whose every bit is known: shows whether this machine computes what others do.

``python -m tests.golden`` renews the digests, after a change that is meant to change the bits.
"""

import json
from pathlib import Path

import numpy as np

from streamrnn.network.forecaster import weight_count
from streamrnn.rows.network import NetworkRows
from streamrnn.shard import Shard
from tests.helpers import PARTITION, settings, walk

FILE = Path(__file__).with_name("golden.json")
RUNS = {
    "default": [],
    "float64": ["model.precision=float64"],
    "lstm": ["model.cell=lstm"],
    "rnn": ["model.cell=rnn"],
    "rnn_relu": ["model.cell=rnn_relu"],
    "lru": ["model.cell=lru"],
    "seasons, grid": ["forecast.season=6", "forecast.long_season=18", "forecast.interval=30"],
    "quantiles": ["model.head=quantiles"],
    "quantiles, lstm, k1 3": ["model.head=quantiles", "model.cell=lstm", "model.k1=3", "model.quantiles=[0.1,0.5]"],
    "further networks": ["experts.networks=[0.005,{k2: 5}]"],
    "season, calendar, k1 3": ["forecast.season=6", "inputs.calendar=true", "model.k1=3"],
}


def digest(overrides: list[str]) -> str:
    """Digest of a shard's state after 2,000 events, from weights that no library drew by its own algorithm."""
    chosen = settings("streams.max_live=6", *overrides)
    layout = NetworkRows.from_settings(chosen)
    weights = (np.arange(weight_count(layout)) * 7919 % 1009 / 1009 - 0.5).astype(chosen.model.precision)
    shard = Shard(chosen, PARTITION, weights=weights)
    shard.process(walk(2000, 9))
    return shard.digest()


def main() -> None:
    """Write the digests of this machine."""
    FILE.write_text(json.dumps({name: digest(overrides) for name, overrides in RUNS.items()}, indent=2) + "\n")


if __name__ == "__main__":
    main()
