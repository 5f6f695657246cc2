"""Whether the daemon does its work, for ``/readyz``."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamrnn.partitions import Partitions
    from streamrnn.settings.service import Http


class Readiness:
    """Judges from what the loop last told, and from how long ago that was; any thread may ask.

    Parameters
    ----------
    limits : the bounds, ``ready_*``
    partitions : those in hand
    clock : seconds that only go forward
    """

    def __init__(self, limits: Http, partitions: Partitions, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._partitions = partitions
        self._clock = clock
        self._looked = self._fresh = clock()
        self._silence: float | None = None
        self._lag: int | None = None
        self._proven = False

    def committed(self) -> None:
        """A commit succeeded."""
        self._fresh, self._proven = self._clock(), True

    def seen(self, lag: int | None, silence: float | None) -> None:
        """What the loop sees: records behind (None: not known yet), and seconds since the other side gave a sign of
        life (None: no side)."""
        now = self._clock()
        self._lag, self._silence, self._looked = lag, silence, now
        if lag == 0:
            self._fresh, self._proven = now, True  # nothing waits for a commit

    def refusal(self) -> str | None:
        """Why the daemon is not ready; None when it is."""
        partitions, now = self._partitions, self._clock()
        if partitions.restoring is not None:
            return f"restoring {partitions.restoring}"
        held = dict(partitions.held)
        replaying = [str(partition) for partition, each in held.items() if each.replaying]
        if replaying:
            return f"replaying {', '.join(replaying)}"
        if not held and not partitions.waiting:
            return "no partition is assigned"
        if held and not self._proven:
            return "nothing is answered yet since the start"
        limit = self._limits.ready_within
        if self._silence is not None and self._silence + now - self._looked > limit:
            return f"no sign of life from the brokers for {self._silence + now - self._looked:.0f} s"
        if now - self._fresh > limit:
            return f"no commit for {now - self._fresh:.0f} s while records wait"
        if self._limits.ready_lag is not None and (self._lag or 0) > self._limits.ready_lag:
            return f"{self._lag:,} records behind"
        return None
