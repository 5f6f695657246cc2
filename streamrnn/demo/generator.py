"""The fleet's reports as JSON lines, and a writer that appends them to a directory log."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from streamrnn.demo.fleet import Fleet, Trouble

_GARBLE = "sensor error 17"  # valid JSON, but not a number
_PAUSE = 0.005  # seconds between two looks at whether more may be written


class _Event(msgspec.Struct):
    stream: str
    time: float
    value: float | str | None


def events(seed: int, streams: int) -> Iterator[list[bytes]]:
    """Events without end, in time order: for each tick of the fleet one list of JSON lines.

    Parameters
    ----------
    seed : the same seed and number of streams give the same bytes
    streams : meters in the fleet

    Yields
    ------
    list of bytes
        ``{"stream": text, "time": seconds since 1970, "value": number, null, or (rarely) text}`` and a newline.

    Examples
    --------
    >>> next(events(seed=1, streams=1))
    [b'{"stream":"meter-000","time":1704067507.093,"value":23.784}\\n']
    """
    fleet = Fleet(seed, streams)
    encode = msgspec.json.Encoder().encode
    while True:
        tick = fleet.tick()
        values: list[float | str | None] = list(tick.values.round(3).tolist())
        for row in (tick.troubles >= Trouble.MISSING).nonzero()[0].tolist():
            values[row] = None if tick.troubles[row] == Trouble.MISSING else _GARBLE
        times = tick.times.round(3).tolist()
        yield [encode(_Event(*row)) + b"\n" for row in zip(tick.streams, times, values, strict=True)]


def write_events(
    folder: Path,
    partition: int,
    batches: Iterator[list[bytes]],
    *,
    stop: threading.Event,
    position: Callable[[], int],
    rate: float | None = None,
    total: int | None = None,
    ahead: int = 20_000,
) -> int:
    """Append lines to one partition of a directory log until all are written or ``stop`` is set.

    Parameters
    ----------
    folder : the topic's folder; made if it is not there
    partition : number of the partition, whose file is ``<partition>.jsonl``
    batches : lines, each with its newline
    stop : ends the writing early
    position : gives how many of these lines the reader has taken so far
    rate : lines a second; None for as fast as ``ahead`` allows
    total : lines to write; None for no end
    ahead : most lines between the writer and the reader, so that a slow reader does not fill the disk

    Returns
    -------
    int
        Lines written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    waiting: list[bytes] = []
    written = 0
    with (folder / f"{partition}.jsonl").open("ab") as file:
        while not stop.is_set() and (total is None or written < total):
            room = position() + ahead - written
            if rate is not None:
                room = min(room, int(rate * (time.monotonic() - started)) - written)
            if total is not None:
                room = min(room, total - written)
            if room <= 0:
                stop.wait(_PAUSE)
                continue
            if not waiting:
                waiting = next(batches, [])
                if not waiting:
                    break
            now, waiting = waiting[:room], waiting[room:]
            file.write(b"".join(now))
            file.flush()
            written += len(now)
    return written
