"""Made-up events onto the end of a directory log's first partition."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from streamrnn.transport.failures import WRITE, explained

_BEAT = 0.02  # seconds between two looks at how many are due
_MOST = 10_000  # lines of one write


def append(folder: Path, batches: Iterator[list[bytes]], rate: float, total: int | None) -> Iterator[int]:
    """Append events to ``0.jsonl``; yields how many were written so far, some fifty times a second.

    Parameters
    ----------
    folder : of the topic; made if it is not there
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
    with explained("write", folder, WRITE):
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "0.jsonl").open("ab") as file:
            while True:
                due = int(rate * (time.monotonic() - started)) + 1 - written
                piece = list(islice(lines, max(0, min(due, _MOST))))
                if due > 0 and not piece:
                    return
                file.write(b"".join(piece))
                file.flush()
                written += len(piece)
                yield written
                time.sleep(_BEAT if due <= _MOST else 0.0)
