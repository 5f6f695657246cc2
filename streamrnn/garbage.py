"""When Python looks for cyclic garbage: between commits, not amid a batch."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

FULL_SECONDS = 60.0  # between two looks at all that lives long


class Garbage:
    """Takes the collector's turns into its own hand while a block lasts.

    By itself the collector starts anew at every few hundred objects, and each time it walks all that a batch keeps
    alive: of what is sent and not yet acknowledged there are thousands. Right after a commit hardly any are left.

    Parameters
    ----------
    clock : seconds that only go forward
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next_full = clock() + FULL_SECONDS
        self._was_enabled = True
        self._froze = False

    def collect(self) -> None:
        """Look at what is young; now and then at everything."""
        if self._clock() < self._next_full:
            gc.collect(1)
        else:
            gc.collect()
            self._next_full = self._clock() + FULL_SECONDS

    def __enter__(self) -> Self:
        self._was_enabled = gc.isenabled()
        self._froze = gc.get_freeze_count() == 0  # else whoever runs this process has seen to it
        if self._froze:
            gc.collect()
            gc.freeze()  # modules and settings live as long as the process
        gc.disable()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._froze:
            gc.unfreeze()
        if self._was_enabled:
            gc.enable()
