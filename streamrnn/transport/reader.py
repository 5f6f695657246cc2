"""The outputs of a log as their consumers read them: committed records only, nothing held, locked or changed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, Protocol

from streamrnn.events.answers import OutputRecord
from streamrnn.transport.base import TransportError

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

BEGINNING = -1  # as ``last``: all that there is

Which = Literal["predictions", "dead_letters"]


class Reader(Protocol):
    """Follows all partitions of one output topic."""

    @property
    def silence(self) -> float:
        """Seconds since the log's other side answered, where it does not; 0 where it does, or there is none."""

    def read(self, timeout: float) -> list[OutputRecord]:
        """New records, in order within each partition; empty after ``timeout`` seconds without."""

    def caught_up(self) -> bool:
        """Whether all that the log holds by now was read, as far as can be told."""

    def close(self) -> None:
        """Let go of files and connections."""


@contextmanager
def open_reader(settings: Settings, *, dead_letters: bool, last: int) -> Iterator[Reader]:
    """Follow the predictions, or the dead letters, of the log that the settings name.

    Parameters
    ----------
    settings : ``transport.kind`` is directory or kafka
    dead_letters : read these instead of predictions
    last : records of each partition, before its end, to begin with; `BEGINNING` begins with the first there is

    Raises
    ------
    TransportError
        From here and from the reader's methods, where the log is missing or cannot be read.
    """
    chosen = settings.transport
    which: Which = "dead_letters" if dead_letters else "predictions"
    reader: Reader
    if chosen.kind == "kafka":
        try:
            from streamrnn.transport.kafka.reader import KafkaReader
        except ModuleNotFoundError:
            raise TransportError("kafka-python is not installed: pip install '.[kafka]'") from None
        reader = KafkaReader(settings, which, last)
    else:
        from streamrnn.transport.committed import DirectoryReader

        reader = DirectoryReader(chosen.path, getattr(chosen, which), which, last)
    try:
        yield reader
    finally:
        reader.close()


def wait(deadline: float, pause: float) -> bool:
    """Sleep for ``pause`` seconds at most; whether there is time left before the deadline."""
    left = deadline - time.monotonic()
    if left <= 0:
        return False
    time.sleep(min(pause, left))
    return True
