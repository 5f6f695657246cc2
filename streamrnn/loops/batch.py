"""The columns that a batch of accepted records brings into the chain of loops, and those that the loops add."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Anomalies:
    """What was found in n records of T targets.

    Attributes
    ----------
    scores : float64[n, T], as of the newest closed block of 3 or 6 events; NaN where the record brought no outcome and
        while the stream is younger than 120 outcomes
    novelties : float64[n, T], distance of the stream's last stretch to the nearest remembered, in deviations; NaN where
        the score is
    tails : float64[n, T], estimated probability of a forecast error as large as this record's (one step ahead); NaN
        where there is no such error and for a stream's first 20
    alerts : bool[n, T], one for each excursion: the score reached the threshold and no alert is recent
    loudest : int64[n], the target with the largest score, -1 where none has one
    """

    scores: Floats
    novelties: Floats
    tails: Floats
    alerts: npt.NDArray[np.bool_]
    loudest: Ints


@dataclass(slots=True)
class Batch:
    """n accepted records of one shard in log order, T targets, H horizons, E experts, L levels.

    Attributes
    ----------
    slots : int64[n], the row of each record's stream in every slab
    fresh : bool[n], the stream starts with this record: whoever has rows clears them
    live : int64[n], live streams after this record
    times : float64[n], event time in seconds
    values : float64[n, features], NaN where missing
    records : int64[n], records of the shard, with this one
    outcomes : float64[n, T], the value that the record brings for each target, NaN where missing
    advance : int64[n], steps of the stream's grid since its record before: 1 without `forecast.interval` and where
        fresh; with it 0 for a further record of the same cell (or an older one), above 1 after empty cells
    steps : int64[n], the record's place on its stream's grid, counted from the stream's first
    events : int64[n], events of the stream, with this one
    last : float64[n, T], newest known value of each target, this record's included; NaN before there is one
    rms : float64[n, T], running root mean square of the target's changes plus a floor; 0 before the first change
    unit : float64[n, T], running mean absolute change plus a floor; 0 before the first change
    inputs : float64[n, inputs], what the networks see
    hidden : [n, hidden units], the network's state after each record, in its precision
    experts : float64[n, H, T, E], each expert's forecasts of the steps h ahead of this record; NaN where it has none
    forecasts : float64[n, H, T], what is published
    settled : float64[n, H, T], the published forecast of this step, made h steps before; NaN where none was pending or
        the outcome is missing
    settled_baselines : float64[n, H, T], the last value as it stood when that forecast was made
    low, high : float64[n, H, T, L], the interval around each forecast for each level; NaN where there is none
    settled_low, settled_high : float64[n, H, T, L], the published interval of this step; NaN as ``settled``, and where
        none was given
    anomalies : how anomalous each record is
    """

    slots: Ints
    fresh: npt.NDArray[np.bool_]
    live: Ints
    times: Floats
    values: Floats
    records: Ints
    outcomes: Floats = field(init=False)
    advance: Ints = field(init=False)
    steps: Ints = field(init=False)
    events: Ints = field(init=False)
    last: Floats = field(init=False)
    rms: Floats = field(init=False)
    unit: Floats = field(init=False)
    inputs: Floats = field(init=False)
    hidden: npt.NDArray[Any] = field(init=False)
    experts: Floats = field(init=False)
    forecasts: Floats = field(init=False)
    settled: Floats = field(init=False)
    settled_baselines: Floats = field(init=False)
    low: Floats = field(init=False)
    high: Floats = field(init=False)
    settled_low: Floats = field(init=False)
    settled_high: Floats = field(init=False)
    anomalies: Anomalies = field(init=False)

    def __len__(self) -> int:
        return len(self.slots)
