"""How many may look at once, and how often they are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from streamrnn.web.message import RefusedError

MOST = 16


class Watchers:
    """Places for those who keep a connection open.

    Parameters
    ----------
    most : how many there are
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self.there = 0

    def refuse_if_full(self) -> None:
        """Raise ``RefusedError`` where no place is free."""
        if self.there >= self._most:
            reason = f"{self._most} look already: close one of the open pages, or read /v1/status"
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, reason, Retry_After="10")

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place while the block lasts. Raises ``RefusedError`` as above."""
        self.refuse_if_full()
        self.there += 1
        try:
            yield
        finally:
            self.there -= 1
