"""Made-up events, or those of a file, onto the end of a directory log's first partition."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import chain, islice
from pathlib import Path

from streamrnn.transport.failures import WRITE, explained

_BEAT = 0.02  # seconds between two looks at how many are due
_MOST = 10_000  # lines of one write


def append(
    root: Path, topic_of: Callable[[bytes], str], topics: Sequence[str],
    batches: Iterator[list[bytes]], rate: float, total: int | None,
) -> Iterator[int]:  # fmt: skip
    """Append events to ``0.jsonl``; yields how many were written so far, some fifty times a second.

    Parameters
    ----------
    root : folder of the log
    topic_of : the topic of a line
    topics : all of them; their folders are made if they are not there
    batches : lines, each with its newline
    rate : events a second
    total : events to write; None for no end

    Raises
    ------
    TransportError
        The file cannot be written.
    """
    lines = islice(chain.from_iterable(batches), total)
    started, written = time.monotonic(), 0
    with explained("write", root, WRITE), ExitStack() as stack:
        files = {}
        for topic in topics:
            (root / topic).mkdir(parents=True, exist_ok=True)
            files[topic] = stack.enter_context((root / topic / "0.jsonl").open("ab"))
        while True:
            due = int(rate * (time.monotonic() - started)) + 1 - written
            piece = list(islice(lines, max(0, min(due, _MOST))))
            if due > 0 and not piece:
                return
            for topic, file in files.items():
                file.write(b"".join(line for line in piece if topic_of(line) == topic))
                file.flush()
            written += len(piece)
            yield written
            time.sleep(_BEAT if due <= _MOST else 0.0)
