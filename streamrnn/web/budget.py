"""How much of a processor the server may take, so that no client can slow down what the daemon is there for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

SHARE = 0.05  # of one processor, in the long run
BURST = 1.0  # seconds of processor time that may be saved up


class Budget:
    """Processor time of the thread that uses it, paid from an allowance that grows with time.

    Parameters
    ----------
    share : seconds of processor time for each second
    burst : seconds that may be saved up
    spent : processor time of this thread so far, in seconds
    clock : seconds that only go forward
    """

    def __init__(
        self,
        share: float = SHARE,
        burst: float = BURST,
        spent: Callable[[], float] = time.thread_time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._share = share
        self._burst = burst
        self._spent = spent
        self._clock = clock
        self._left = burst
        self._at: tuple[float, float] | None = None  # begins with the first question, which the server's thread asks

    def overdraft(self) -> float:
        """Seconds until there is an allowance again; 0 where there is."""
        now, spent = self._clock(), self._spent()
        then, before = self._at or (now, spent)
        self._left = min(self._burst, self._left + (now - then) * self._share) - (spent - before)
        self._at = now, spent
        return max(0.0, -self._left / self._share)

    def charge(self, seconds: float) -> None:
        """Count processor time that another thread spent on its behalf."""
        self._left -= seconds

    async def wait(self) -> None:
        """Come back when there is an allowance."""
        while seconds := self.overdraft():
            await asyncio.sleep(min(seconds, 1.0))
