"""Standard input to standard output: for a shell pipe, without recovery."""

from __future__ import annotations

import math
import queue
import sys
import threading
import time
from io import BufferedIOBase
from typing import BinaryIO, Protocol

from streamrnn.events.columns import Partition, Records
from streamrnn.transport.base import Assignment, Committed, TransportError
from streamrnn.transport.lines import LineSplitter

PARTITION = Partition("stdin", 0)
_BLOCK = 64 * 1024
#: Blocks that are read ahead; then the reader waits, and so does whoever writes into the pipe.
_AHEAD = 32


class StandardInput:
    """Reads lines from standard input and answers on standard output.

    There is one partition, ``stdin-0``; a line's offset is its number, from 0. Predictions go to standard output and
    dead letters to standard error, as JSON lines, with the commit. Nothing is remembered from one run to the next:
    no commit is ever found, and what was read cannot be read again.

    A thread reads ahead by 2 MiB at most, so that a pipe without data does not hold up the daemon.

    Parameters
    ----------
    poll_records : largest number of lines of one poll
    source, output, errors : byte streams; None takes the process's own
    """

    numbered_time = True
    recoverable = False
    #: What was read is gone: there is nothing to replay.
    recoverable = False

    def __init__(
        self,
        poll_records: int = 1000,
        source: BufferedIOBase | BinaryIO | None = None,
        output: BinaryIO | None = None,
        errors: BinaryIO | None = None,
    ) -> None:
        self._source: _Source = source if source is not None else sys.stdin.buffer  # type: ignore[assignment]
        self._output = output if output is not None else sys.stdout.buffer
        self._errors = errors if errors is not None else sys.stderr.buffer
        self._poll_records = poll_records
        self._queue: queue.Queue[list[bytes] | OSError | None] = queue.Queue(_AHEAD)
        self._waiting: list[bytes] = []
        self._position = 0
        self._assigned = self._ended = False
        self._closed = threading.Event()
        self._predictions: list[bytes] = []
        self._letters: list[bytes] = []
        threading.Thread(target=self._read_ahead, name="standard-input", daemon=True).start()

    def changes(self) -> Assignment:
        """The one partition, at the first call."""
        if self._assigned:
            return Assignment()
        self._assigned = True
        return Assignment(assigned=[PARTITION])

    def committed(self, partition: Partition) -> Committed | None:
        """Always None: nothing is remembered."""
        return None

    def log_start(self, partition: Partition) -> int:
        """The next line: those before it cannot be read again."""
        return self._position

    def identity(self, partition: Partition) -> str:
        """Empty: standard input has no name of its own."""
        return ""

    def seek(self, partition: Partition, offset: int) -> None:
        """Stay where it is.

        Raises
        ------
        TransportError
            For any other place.
        """
        if offset != self._position:
            raise TransportError(
                f"standard input stands at line {self._position} and cannot go to {offset}: to recover after a stop, "
                "write the events to files and set transport.kind: directory"
            )

    def poll(self, timeout: float) -> list[Records]:
        """New lines, up to ``poll_records`` of them."""
        deadline = time.monotonic() + timeout
        while len(self._waiting) < self._poll_records and not self._ended:
            left = 0.0 if self._waiting else deadline - time.monotonic()
            try:
                block = self._queue.get(timeout=left) if left > 0 else self._queue.get_nowait()
            except queue.Empty:
                break
            if isinstance(block, OSError):
                raise TransportError(f"standard input cannot be read: {block}") from block
            if block is None:
                self._ended = True
            else:
                self._waiting += block
        values: list[bytes | None] = list(self._waiting[: self._poll_records])
        del self._waiting[: self._poll_records]
        first, n = self._position, len(values)
        self._position += n
        records = Records(PARTITION, list(range(first, first + n)), [None] * n, values, [math.nan] * n, first + n)
        return [records] if n else []

    def publish(
        self,
        partition: Partition,
        predictions: list[bytes],
        keys: list[bytes],
        dead_letters: list[tuple[bytes | None, bytes]],
    ) -> None:
        """Keep lines for the commit."""
        self._predictions += predictions
        self._letters += [envelope for _, envelope in dead_letters]

    def commit(self, positions: dict[Partition, Committed]) -> None:
        """Write what was published."""
        try:
            for stream, lines in ((self._output, self._predictions), (self._errors, self._letters)):
                if lines:
                    stream.write(b"\n".join(lines) + b"\n")
                    stream.flush()
                    lines.clear()
        except BrokenPipeError as error:
            raise TransportError("whoever read the output is gone: keep the reader of the pipe running") from error

    def lag(self, partition: Partition) -> int | None:
        """None: a pipe does not tell how much waits in it. 0 at its end."""
        return 0 if self.finished else None

    @property
    def finished(self) -> bool:
        """True once the input has ended and all of it was polled."""
        return self._ended and not self._waiting

    def close(self) -> None:
        """Stop reading ahead. Output that was not committed is lost."""
        self._closed.set()

    def _read_ahead(self) -> None:
        splitter = LineSplitter()
        try:
            while block := self._source.read1(_BLOCK):
                lines = splitter.feed(block)
                splitter.cuts.clear()
                if lines and not self._put(lines):
                    return
            self._put(splitter.finish())
            self._put(None)
        except OSError as error:
            self._put(error)
        except ValueError:  # the stream was closed under the thread, as at the end of the process
            self._put(None)

    def _put(self, block: list[bytes] | OSError | None) -> bool:
        while not self._closed.is_set():
            try:
                self._queue.put(block, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False


class _Source(Protocol):
    def read1(self, size: int, /) -> bytes: ...
