"""A shard's state at one record, held still while the shard goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

BLOCK = 1 << 22  # bytes of a slab that are copied at once; each costs the writing thread a few turns at the lock
SHELF = 4096  # rows in each array of a pool: a pool that grows moves nothing


class Frozen:
    """State to be written by one thread while another changes the slabs.

    What is small is copied at once. Slabs are copied a block at a time as they are written; before a row that is not
    yet copied changes, ``keep`` saves it as it was. So neither the pause nor the memory grows with the slabs, but with
    the rows that change meanwhile.

    Parameters
    ----------
    small : makes the small arrays, from copies that nobody changes; called by the writing thread
    slabs : live arrays with a row for each slot, equally long
    """

    def __init__(self, small: Callable[[], Mapping[str, Array]], slabs: Mapping[str, Array]) -> None:
        self._small = small
        self._slabs = dict(slabs)
        self._rows = min((len(slab) for slab in slabs.values()), default=0)
        self._copied = 0  # rows before it are safe; moved by the writing thread alone
        self._place = np.full(self._rows, -1, np.int64)  # where each row that was saved stands in the pools
        self._pools: dict[str, list[Array]] = {name: [] for name in self._slabs}  # SHELF rows an array
        self._kept = 0

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> Frozen:
        """State that does not change any more."""
        return cls(lambda: arrays, {})

    def small(self) -> Mapping[str, Array]:
        """The arrays that are not slabs."""
        return self._small()

    def slabs(self) -> Mapping[str, Array]:
        """The live slabs, for their shapes; their values come from ``blocks``."""
        return self._slabs

    @property
    def kept(self) -> int:
        """Rows that had to be saved before they changed."""
        return self._kept

    def release(self) -> None:
        """Nothing more will be read: save no more rows, and let go of those saved."""
        self._copied = self._rows
        self._pools = {}

    def keep(self, slots: npt.NDArray[np.int64]) -> None:
        """Save the rows of these slots as they are, where they are not safe yet. Call it before they change."""
        ours = slots[(slots >= self._copied) & (slots < self._rows)]
        rows = np.unique(ours[self._place[ours] < 0])
        pools = self._pools  # the writing thread may release them meanwhile
        if not len(rows) or not pools:
            return
        place = np.arange(self._kept, self._kept + len(rows))
        self._kept += len(rows)
        for name, slab in self._slabs.items():
            pool = pools[name]
            while len(pool) * SHELF < self._kept:
                pool.append(np.empty((SHELF, *slab.shape[1:]), slab.dtype))
            for shelf in range(place[0] // SHELF, place[-1] // SHELF + 1):
                here = place // SHELF == shelf
                pool[shelf][place[here] % SHELF] = slab[rows[here]]
        # Last, for the writing thread looks here first.
        self._place[rows] = place

    def blocks(self) -> Iterator[tuple[str, int, Array]]:
        """Each slab's name, first row and rows as they were when frozen, block after block."""
        row_bytes = max((slab[:1].nbytes for slab in self._slabs.values()), default=1)
        step = max(1, BLOCK // max(1, row_bytes))
        pools = self._pools
        for start in range(0, self._rows, step):
            end = min(start + step, self._rows)
            copies = {name: slab[start:end].copy() for name, slab in self._slabs.items()}
            # A row that changed before or during the copy was saved before it changed, so its place is known by now.
            place = self._place[start:end].copy()
            self._copied = end
            changed = np.flatnonzero(place >= 0)
            for name, copy in copies.items():
                _fill(copy, changed, pools[name], place[changed])
                yield name, start, copy
        self.release()


def _fill(rows: Array, which: Array, pool: list[Array], place: Array) -> None:
    """rows[which] = what stands at these places of the pool."""
    for shelf in np.unique(place // SHELF).tolist():
        here = place // SHELF == shelf
        rows[which[here]] = pool[shelf][place[here] % SHELF]
