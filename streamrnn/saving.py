"""When snapshots are taken: at their interval, before a partition is handed over, and at the end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING

from streamrnn.events.columns import Partition
from streamrnn.observe.sensor import Sensor
from streamrnn.partitions import Held
from streamrnn.snapshots.base import SnapshotStore
from streamrnn.snapshots.writer import SnapshotWriter

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

logger = logging.getLogger(__name__)

QUICK_REPLAY = 50_000  # records that a successor replays about as fast as it would load a snapshot
WAIT_SECONDS = 1.0  # between two signs of life while a snapshot is awaited


class Saving:
    """Begins snapshots of partitions that stand at their commit, one at a time, and reports how they ended.

    Parameters
    ----------
    settings, store, sensor : the daemon's
    recoverable : whether commits and records outlive the process, so that snapshots make sense
    alive : told while a snapshot is awaited
    busy : times what this costs the loop
    """

    def __init__(
        self,
        settings: Settings,
        store: SnapshotStore,
        sensor: Sensor,
        recoverable: bool,
        alive: Callable[[], None],
        busy: Callable[[str], AbstractContextManager[None]],
    ) -> None:
        self._settings = settings
        self._sensor = sensor
        self._writer = SnapshotWriter(store)
        self._recoverable = recoverable
        self._alive = alive
        self._busy = busy

    def due(self, held: Held) -> bool:
        """Whether a partition's interval has passed, and a snapshot could begin once it stands at its commit."""
        limits = self._settings.snapshots
        passed = time.monotonic() - held.snapshot_time >= limits.every_seconds
        return self._possible(held, 1 if passed else limits.every_records)

    def begin_due(self, held: Mapping[Partition, Held]) -> None:
        """Report the snapshot that ended, and begin the next one that is due."""
        self._report()
        # The one that has waited longest first: only one is written at a time.
        for partition, each in sorted(held.items(), key=lambda item: item[1].snapshot_time):
            if self.due(each) and each.settled:
                self._begin(partition, each)

    def leave(self, held: Mapping[Partition, Held], deadline: float, quick_replay: int = 0) -> bool:
        """Save partitions that another process may go on with, those that would replay longest first.

        Parameters
        ----------
        held : which
        deadline : of the monotonic clock; by then this returns
        quick_replay : partitions with no more records than this since their last snapshot are left out

        Returns
        -------
        bool
            Whether all are saved.
        """
        by_replay = sorted(held.items(), key=lambda item: item[1].snapshot_position - item[1].position)
        for partition, each in by_replay:
            if time.monotonic() >= deadline or not self._wait(deadline):
                return False
            self._report()
            if self._possible(each, quick_replay + 1) and each.settled:
                self._begin(partition, each)
        ended = self._wait(deadline)
        self._report()
        return ended

    def _possible(self, held: Held, least: int) -> bool:
        records = held.position - held.snapshot_position  # refused ones too: they are replayed as well
        return self._recoverable and records >= least and not self._writer.busy()

    def _begin(self, partition: Partition, held: Held) -> None:
        header = replace(held.header, position=held.position, records=held.shard.records, genesis=False)
        held.snapshot_position, held.snapshot_time = held.position, time.monotonic()
        with self._busy("snapshot"):
            self._writer.submit(partition, header, held.shard.freeze(), held.committed)

    def _report(self) -> None:
        result = self._writer.result()
        if result is None:
            return
        self._sensor.on_snapshot(result.partition, result.ok, result.seconds, result.size)
        if not result.ok:
            # The log still holds everything: a full disk costs a longer replay, not the service.
            logger.error("snapshot failed", extra={"partition": str(result.partition), "error": result.error})

    def _wait(self, deadline: float) -> bool:
        """Wait for the snapshot under way; False if it did not end in time."""
        while not self._writer.wait(min(WAIT_SECONDS, max(0.0, deadline - time.monotonic()))):
            self._alive()
            if time.monotonic() >= deadline:
                return False
        return True
