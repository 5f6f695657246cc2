"""Standard input to standard output: for a shell pipe, without recovery."""

from __future__ import annotations

import math
import os
import select
import sys
import time

from streamrnn.events.columns import Output, Partition, Records
from streamrnn.events.dead_letter import LETTER_BYTES, encode_dead_letter
from streamrnn.transport.base import Assignment, Committed, OneLog, TransportError
from streamrnn.transport.failures import explained
from streamrnn.transport.lines import MAX_LINE_BYTES, LineSplitter

PARTITION = Partition("stdin", 0)
BLOCK = 64 * 1024
#: No more is read once so many bytes wait, so that long lines do not add up in memory.
READ_BYTES = 16 * 1024 * 1024
_NAMES = {0: "standard input", 1: "standard output", 2: "standard error"}


class StandardInput(OneLog):
    """Reads lines from standard input and answers on standard output.

    There is one partition, ``stdin-0``; a line's offset is its number, from 0. Predictions go to standard output and
    dead letters to standard error, as JSON lines, with the commit. Nothing is remembered from one run to the next:
    no commit is ever found, and what was read cannot be read again.

    It reads only when it is polled, and never waits longer than the poll: a pipe without data does not hold up the
    daemon, and whoever writes faster than the daemon learns has to wait. It works on the descriptors themselves, as no
    thread may hold a lock of Python's own streams when the process ends. Of a line longer than 16 MiB only so much is
    kept, which the decoder refuses as too large.

    Parameters
    ----------
    poll_records : largest number of lines of one poll
    source, output, errors : file descriptors
    max_line_bytes : bytes of a line that are kept

    Raises
    ------
    TransportError
        Where one of the three is closed, or reading or writing fails.
    """

    #: Whether a record's number stands in for its time, as lines have no timestamps.
    numbered_time = True
    #: What was read is gone: there is nothing to replay.
    recoverable = False

    def __init__(
        self,
        poll_records: int = 1000,
        source: int = 0,
        output: int = 1,
        errors: int = 2,
        max_line_bytes: int = MAX_LINE_BYTES,
        letter_bytes: int = LETTER_BYTES,
    ) -> None:
        for descriptor in (source, output, errors):
            _refuse_closed(descriptor)
        self._source = source
        self._outputs: dict[int, list[bytes]] = {output: [], errors: []}
        self._predictions, self._letters = self._outputs[output], self._outputs[errors]
        self._poll_records = poll_records
        self._letter_bytes = letter_bytes
        self._poll = select.poll()
        self._poll.register(source, select.POLLIN)
        self._splitter = LineSplitter(max_line_bytes=max_line_bytes)
        self._waiting: list[bytes] = []
        self._position = 0
        self._assigned = self._ended = False

    def changes(self) -> Assignment:
        """The one partition, at the first call."""
        if self._assigned:
            return Assignment()
        self._assigned = True
        return Assignment(assigned=[PARTITION])

    def partitions(self) -> list[Partition]:
        """The one that there is."""
        return [PARTITION]

    def committed(self, partition: Partition) -> Committed | None:
        """Always None: nothing is remembered."""
        return None

    def log_start(self, partition: Partition) -> int:
        """The next line: those before it cannot be read again."""
        return self._position

    def log_end(self, partition: Partition) -> int | None:
        """None: it is not known."""
        return None

    def first(self, partition: Partition) -> int:
        """Where the log starts."""
        return self.log_start(partition)

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
        held = sum(map(len, self._waiting))
        while len(self._waiting) < self._poll_records and held < READ_BYTES and not self._ended:
            left = 0.0 if self._waiting else max(0.0, deadline - time.monotonic())
            if not self._poll.poll(math.ceil(left * 1000)):
                break
            lines = self._read()
            self._waiting += lines
            held += sum(map(len, lines))
        values: list[bytes | None] = list(self._waiting[: self._poll_records])
        del self._waiting[: self._poll_records]
        first, n = self._position, len(values)
        self._position += n
        records = Records(PARTITION, list(range(first, first + n)), [None] * n, values, [math.nan] * n, first + n)
        return [records] if n else []

    def publish(self, output: Output) -> None:
        """Keep lines for the commit."""
        self._predictions += output.predictions
        self._letters += [encode_dead_letter(letter, self._letter_bytes) for letter in output.dead_letters]

    def commit(self, positions: dict[Partition, Committed]) -> None:
        """Write what was published."""
        for descriptor, lines in self._outputs.items():
            if lines:
                _write(descriptor, b"\n".join(lines) + b"\n")
                lines.clear()

    def lag(self, partition: Partition) -> int | None:
        """None: a pipe does not tell how much waits in it. 0 at its end."""
        return 0 if self.finished else None

    @property
    def finished(self) -> bool:
        """True once the input has ended and all of it was polled."""
        return self._ended and not self._waiting

    def out_of_touch(self) -> float | None:
        """None: there is no other side."""
        return None

    def close(self) -> None:
        """Read no more. Output that was not committed is lost; the descriptors stay open, as they are the process's."""
        self._ended = True
        self._waiting.clear()

    def _read(self) -> list[bytes]:
        """The lines that the next block completes; at the end of the input what stands after the last line feed."""
        with explained("read", "standard input", "Give it a pipe or a file."):
            block = os.read(self._source, BLOCK)
        if not block:
            self._ended = True
            return self._splitter.finish()
        lines = self._splitter.feed(block)
        self._splitter.cuts.clear()
        return lines


def _write(descriptor: int, content: bytes) -> None:
    """Write all of it."""
    rest = memoryview(content)
    with explained("write to", _NAMES.get(descriptor, f"descriptor {descriptor}"), "Give it a pipe or a file."):
        try:
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        except BrokenPipeError as error:
            raise TransportError("whoever read the output is gone: keep the reader of the pipe running") from error


def _refuse_closed(descriptor: int) -> None:
    """One that was closed before the start may be the number of another file by now."""
    stream = {0: sys.__stdin__, 1: sys.__stdout__, 2: sys.__stderr__}.get(descriptor, ...)
    if stream is None:
        raise TransportError(f"{_NAMES[descriptor]} is closed: give it a pipe or a file, such as /dev/null")
