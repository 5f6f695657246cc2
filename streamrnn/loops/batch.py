"""The columns that a batch of accepted records brings into the chain of loops, and those that the loops add."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Batch:
    """n accepted records of one shard in log order, T targets, H horizons, E experts.

    Attributes
    ----------
    slots : int64[n], the row of each record's stream in every slab
    fresh : bool[n], the stream starts with this record: whoever has rows clears them
    live : int64[n], live streams after this record
    times : float64[n], event time in seconds
    values : float64[n, features], NaN where missing
    outcomes : float64[n, T], the value that the record brings for each target, NaN where missing
    advance : int64[n], steps of the stream's grid since its record before: 1 without `forecast.interval`; with it 0 for
        a further record of the same cell (or an older one), above 1 after empty cells; 0 where fresh
    counts : int64[n, 2], events of the stream and records of the shard, both with this one
    last : float64[n, T], newest known value of each target, this record's included; NaN before there is one
    rms : float64[n, T], running root mean square of the target's changes plus a floor; 0 before the first change
    unit : float64[n, T], running mean absolute change plus a floor; 0 before the first change
    inputs : float64[n, inputs], what the networks see
    experts : float64[n, E, H, T], each expert's forecasts of the steps h ahead of this record; NaN where it has none
    forecasts : float64[n, H, T], what is published
    settled : float64[n, H, T], the published forecast of this step, made h steps before; NaN where none was pending or
        the outcome is missing
    settled_baselines : float64[n, H, T], the last value as it stood when that forecast was made
    """

    slots: Ints
    fresh: npt.NDArray[np.bool_]
    live: Ints
    times: Floats
    values: Floats
    outcomes: Floats
    advance: Ints
    counts: Ints
    last: Floats
    rms: Floats
    unit: Floats
    inputs: Floats
    experts: Floats
    forecasts: Floats
    settled: Floats
    settled_baselines: Floats

    def __len__(self) -> int:
        return len(self.slots)


Array = npt.NDArray[Any]
