"""Why no predictions come, for ``streamrnn tail``: every record may have been refused."""

from __future__ import annotations

import time

from streamrnn.settings import Settings
from streamrnn.transport.base import TransportError
from streamrnn.transport.reader import BEGINNING, Reader, open_reader

PATIENCE_SECONDS = 2.0  # without any record before the first look; each further one waits twice as long
MOST = 10_000  # dead letters that are counted
POLL_SECONDS = 0.2
LOOK_SECONDS = 5.0  # that a count takes at most, of a log that does not answer or grows all the while


class Refusals:
    """Looks from time to time whether a log has dead letters, and no prediction at all.

    Parameters
    ----------
    settings : where the log is
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._patience = PATIENCE_SECONDS
        self._next = time.monotonic() + self._patience

    def told(self) -> str | None:
        """What to say of them; None where there is nothing to say yet."""
        if time.monotonic() < self._next:
            return None
        letters = self._count(True)
        self._patience *= 2.0
        self._next = time.monotonic() + self._patience
        if not letters or self._count(False):
            return None
        many = f"{letters:,} dead letter{'' if letters == 1 else 's'}{' or more' if letters == MOST else ''}"
        return f"no predictions yet; {many}: `streamrnn tail --dead-letters --from-beginning` tells why"

    def _count(self, dead_letters: bool) -> int:
        """Records of one of the two topics, as far as they are counted: of predictions one is enough."""
        try:
            last = BEGINNING if dead_letters else 1
            with open_reader(self._settings, dead_letters=dead_letters, last=last) as reader:
                return _all(reader, MOST if dead_letters else 1)
        except TransportError:
            return 0


def _all(reader: Reader, most: int) -> int:
    count, deadline = 0, time.monotonic() + LOOK_SECONDS
    while count < most and time.monotonic() < deadline:
        count += len(reader.read(POLL_SECONDS))
        if reader.caught_up():
            break
    return min(count, most)
