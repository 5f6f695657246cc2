"""Streams that ended while a batch went by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Gone:
    """Ends of g streams in log order: by tombstones, and as they expired or were evicted.

    Attributes
    ----------
    places : int64[g], the accepted records before which they ended; one more than there are is behind the last
    slots : int64[g], that they had
    live : int64[g], live streams then
    told : bool[g], by a tombstone, whose answer tells what there is to tell
    tombstones : int64[g], which one it was
    """

    places: npt.NDArray[np.int64]
    slots: npt.NDArray[np.int64]
    live: npt.NDArray[np.int64]
    told: npt.NDArray[np.bool_]
    tombstones: npt.NDArray[np.int64]

    @classmethod
    def of(cls, found: list[tuple[int, int, int, int]]) -> Gone:
        """From place, slot, live streams and number of the tombstone (-1: it was none) of each."""
        places, slots, live, tombstones = np.array(found, np.int64).reshape(-1, 4).T.copy()
        return cls(places, slots, live, tombstones >= 0, tombstones)

    @classmethod
    def none(cls) -> Gone:
        """No stream."""
        return cls.of([])
