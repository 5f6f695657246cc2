"""What an engine does: a batch of records through the state, record by record, in log order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from streamrnn.engine.sizes import OUTPUTS
from streamrnn.engine.state import State


@dataclass(slots=True)
class Batch:
    """n accepted records with their slots, and room for the answers.

    Attributes
    ----------
    slots : int64[n]
    fresh : bool[n], the stream starts with this record
    live : int64[n], live streams after this record
    times : float64[n], event time in seconds
    values : float64[n, features], NaN where missing
    out : float64[n, 5 targets]: forecast, baseline, outcome, settled forecast, settled baseline
    counts : int64[n, 2]: events of the stream, records of the shard
    """

    slots: npt.NDArray[np.int64]
    fresh: npt.NDArray[np.bool_]
    live: npt.NDArray[np.int64]
    times: npt.NDArray[np.float64]
    values: npt.NDArray[np.float64]
    out: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]

    @classmethod
    def of(
        cls,
        slots: npt.NDArray[np.int64],
        fresh: npt.NDArray[np.bool_],
        live: npt.NDArray[np.int64],
        times: npt.NDArray[np.float64],
        values: npt.NDArray[np.float64],
        targets: int,
    ) -> Batch:
        """A batch with empty answers."""
        n = len(slots)
        return cls(slots, fresh, live, times, values, np.empty((n, OUTPUTS * targets)), np.empty((n, 2), np.int64))


class Engine(Protocol):
    """Predict, score and learn. The meaning is that of one record after the other, however they are batched."""

    def process(self, state: State, batch: Batch) -> None:
        """Advance the state by the batch, in place, and fill in the batch's answers."""
