"""The columns that a batch of accepted records brings into the chain of loops, and those that the loops add."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from streamrnn.events.columns import Anomalies, Floats, Ints
from streamrnn.events.traits import Traits
from streamrnn.loops.label_batch import LabelBatch
from streamrnn.loops.token_batch import StepBatch, TokenBatch
from streamrnn.streams.gone import Gone


@dataclass(slots=True)
class Batch:
    """n accepted records of one shard in log order, T targets, H horizons, E experts, L levels, Q quantiles.

    Attributes
    ----------
    slots : int64[n], the row of each record's stream in every slab
    fresh : bool[n], the stream starts with this record: whoever has rows clears them
    live : int64[n], live streams after this record
    times : float64[n], event time in seconds
    values : float64[n, features], NaN where missing
    records : int64[n], records of the shard, with this one
    gone : streams that ended on the way
    before : records of the shard before the first of these
    offsets : int64[n], of the records in the log, see `Records`
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
    told : float64[n, T, ...], what the network says of the next step beside its forecast: its own Q quantiles, or
        location, scale and degrees of freedom (NaN for a Gaussian); NaN where it says nothing; of no width with a point
        head
    quantiles : float64[n, T, Q], rising, published quantiles of the next step; NaN where there are none
    base : float64[n, H, T], the forecast that the network corrects: the seasonal ridge's, or the last value
    spread : float64[n, H, T], running root mean square of the changes over each horizon; 0 before the first
    experts : float64[n, H, T, E], each expert's forecasts of the steps h ahead of this record; NaN where it has none
    forecasts : float64[n, H, T], what is published
    settled : float64[n, H, T], the published forecast of this step, made h steps before; NaN where none was pending or
        the outcome is missing
    settled_baselines : float64[n, H, T], the last value as it stood when that forecast was made
    drift : bool[n], the record raised its stream's alarm of drift, of one target at least
    low, high : float64[n, H, T, L], the interval around each forecast for each level; NaN where there is none
    settled_low, settled_high : float64[n, H, T, L], the published interval of this step; NaN as ``settled``, and where
        none was given
    anomalies : how anomalous each record is
    labels : columns of their own, in label modes
    traits : booleans and categories, where the settings name any
    tokens : what the events consist of, where that is tokens
    steps_of_tokens : of a batch of steps, what these are
    """

    slots: Ints
    fresh: npt.NDArray[np.bool_]
    live: Ints
    times: Floats
    values: Floats
    records: Ints
    gone: Gone = field(default_factory=Gone.none)
    before: int = 0
    offsets: Ints = field(init=False)
    outcomes: Floats = field(init=False)
    advance: Ints = field(init=False)
    steps: Ints = field(init=False)
    events: Ints = field(init=False)
    last: Floats = field(init=False)
    rms: Floats = field(init=False)
    unit: Floats = field(init=False)
    inputs: Floats = field(init=False)
    hidden: npt.NDArray[Any] = field(init=False)
    told: Floats = field(init=False)
    quantiles: Floats = field(init=False)
    base: Floats = field(init=False)
    spread: Floats = field(init=False)
    experts: Floats = field(init=False)
    forecasts: Floats = field(init=False)
    settled: Floats = field(init=False)
    settled_baselines: Floats = field(init=False)
    drift: npt.NDArray[np.bool_] = field(init=False)
    low: Floats = field(init=False)
    high: Floats = field(init=False)
    settled_low: Floats = field(init=False)
    settled_high: Floats = field(init=False)
    anomalies: Anomalies = field(init=False)
    labels: LabelBatch = field(init=False)
    traits: Traits = field(init=False)
    tokens: TokenBatch = field(init=False)
    steps_of_tokens: StepBatch = field(init=False)

    def __len__(self) -> int:
        return len(self.slots)
