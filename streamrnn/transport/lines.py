"""Bytes as they arrive to whole lines, in bounded memory."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path

from streamrnn.transport.failures import READ, explained

#: Bytes of a line that are kept. One more than any setting of events.max_bytes allows, so a cut line is always refused.
MAX_LINE_BYTES = 16 * 1024 * 1024 + 1


class LineSplitter:
    """Joins blocks of bytes and cuts them at line feeds.

    A line is handed out once its line feed has come. Of one longer than ``max_line_bytes`` only that many bytes are
    kept: the record is then too large for the decoder, and becomes a dead letter.

    Parameters
    ----------
    line : number of the first line that will be handed out
    max_line_bytes : bytes of a line that are kept

    Examples
    --------
    >>> splitter = LineSplitter()
    >>> splitter.feed(b"one\\ntw"), splitter.feed(b"o\\n\\n")
    ([b'one'], [b'two', b''])
    """

    def __init__(self, line: int = 0, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self._max = max_line_bytes
        self._line = line
        self._torn = bytearray()
        self._lost = 0
        #: (number of a line that was cut, bytes that it lost); taken off by whoever counts bytes.
        self.cuts: deque[tuple[int, int]] = deque()

    def feed(self, block: bytes) -> list[bytes]:
        """The lines that this block completes, without their line feeds."""
        head, feed, rest = block.partition(b"\n")
        self._keep(head)
        if not feed:
            return []
        lines = rest.split(b"\n")
        torn = lines.pop()
        lines.insert(0, self._take())
        self._line += len(lines) - 1
        self._keep(torn)
        if any(len(line) > self._max for line in lines):
            lines = [self._cut(number, line) for number, line in enumerate(lines, self._line - len(lines))]
        return lines

    def finish(self) -> list[bytes]:
        """What stands after the last line feed, as a line of its own; nothing where nothing does."""
        return [self._take()] if self._torn else []

    def _keep(self, part: bytes) -> None:
        room = self._max - len(self._torn)
        self._torn += part[:room] if len(part) > room else part
        self._lost += max(0, len(part) - room)

    def _take(self) -> bytes:
        line = bytes(self._torn)
        if self._lost:
            self.cuts.append((self._line, self._lost))
        self._torn.clear()
        self._lost = 0
        self._line += 1
        return line

    def _cut(self, number: int, line: bytes) -> bytes:
        if len(line) > self._max:
            self.cuts.append((number, len(line) - self._max))
        return line[: self._max]


def lines_between(path: Path, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Whole lines of a file that begin at or after the byte ``start`` and before ``end``, each with where it begins."""
    if start >= end:
        return
    with explained("read", path, READ), path.open("rb") as file:
        if start:
            file.seek(start - 1)
            file.readline()
        at = file.tell()
        while at < end and (line := file.readline()).endswith(b"\n"):
            yield at, line[:-1]
            at += len(line)
