"""How much of a processor the server may take, so that no client can slow down what the daemon is there for."""

from __future__ import annotations

import random
import selectors
import time
from collections.abc import Callable

SHARE = 0.03  # of one processor, in the long run
SEEN = 8  # at most of those that came, in a look where the allowance is tight
BURST = 0.25  # seconds of processor time that may be saved up
LOOK_SECONDS = 0.02  # between two looks, where the allowance is tight
LONGEST_PAUSE = 1.0  # after which the loop turns, for timers


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

    @property
    def tight(self) -> bool:
        """Whether less than half of what may be saved up is left."""
        return self._left < 0.5 * self._burst


class PacedSelector(selectors.DefaultSelector):
    """Lets an event loop see what came only when there is an allowance.

    Where the allowance is tight it looks seldom, for each look takes the interpreter from the daemon's thread, and sees
    a few of those that came, drawn at random: one turn of the loop must not run up a debt that takes long to pay.

    Parameters
    ----------
    budget : of the loop's thread
    """

    def __init__(self, budget: Budget) -> None:
        super().__init__()
        self._budget = budget
        self._next_look = 0.0
        self.hurry = False  # whoever stops the loop does not wait for an allowance

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        pause = self._budget.overdraft()
        if self._budget.tight:
            pause = max(pause, self._next_look - time.monotonic())
        if pause > 0.0 and not self.hurry:
            time.sleep(min(pause, LONGEST_PAUSE))
            if pause > LONGEST_PAUSE:  # only timers and other threads' calls have their turn
                return []
            timeout = None if timeout is None else max(0.0, timeout - pause)
        found: list[tuple[selectors.SelectorKey, int]] = super().select(timeout)
        self._next_look = time.monotonic() + LOOK_SECONDS
        if self._budget.tight and len(found) > SEEN:
            found = random.sample(found, SEEN)
        return found
