"""One growing file of lines, followed from any line number."""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from pathlib import Path

from streamrnn.transport.base import TransportError
from streamrnn.transport.failures import READ, explained
from streamrnn.transport.lines import MAX_LINE_BYTES, LineSplitter

BLOCK = 1024 * 1024
#: One read goes no further once it holds this many bytes, so that long lines do not add up in memory.
READ_BYTES = 16 * 1024 * 1024
IDENTITY_BYTES = 4096
#: Newly counted bytes of one call of `lag`, so that a long backlog does not hold up the loop (about 3 ms).
COUNT_BYTES = 8 * BLOCK
MAX_MARKS = 1024

_REMEDY = (
    "Lines may only be appended. Put the original file back, or start a new lineage with another transport.path and "
    "snapshots.path"
)


class Tail:
    """Reads a file of lines as it grows; a line without its line feed is not there yet.

    The file is read in blocks and never held whole. Where some lines begin is remembered (at most 1024 of them, evenly
    spread), so that going back reads a small part of the file only.

    Parameters
    ----------
    path : the file, which must exist
    mark : a known (line, byte) beside (0, 0), such as a commit's
    max_line_bytes : bytes of a line that are kept, see `LineSplitter`

    Raises
    ------
    TransportError
        From any method, where the file shrank, was replaced, is gone or cannot be read.
    """

    def __init__(self, path: Path, mark: tuple[int, int] = (0, 0), max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self.path = path
        self._max = max_line_bytes
        with explained("read", path, READ):
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._marks = sorted({(0, 0), mark})
        self._stride = 10_000
        self._counted = (0, 0)
        self._ready: list[bytes] = []
        self._next = 0
        self._jump(0, 0)
        if self._size() < mark[1] or (mark[1] and self._pread(1, mark[1] - 1) != b"\n"):
            raise TransportError(
                f"{path} is not the file it was: line {mark[0]} does not begin at byte {mark[1]}. {_REMEDY}"
            )

    def identity(self) -> str:
        """Digest of the first line (4 KiB of it at most); empty while there is none."""
        head, feed, _ = self._pread(IDENTITY_BYTES, 0).partition(b"\n")
        return hashlib.sha256(head).hexdigest()[:16] if feed or len(head) == IDENTITY_BYTES else ""

    def read(self, limit: int) -> list[bytes]:
        """Up to ``limit`` further lines, without their line feeds; fewer where they are very long."""
        held = sum(map(len, self._ready[self._next :]))
        while len(self._ready) - self._next < limit and held < READ_BYTES and self._fill():
            held = sum(map(len, self._ready))
        lines = self._ready[self._next : self._next + limit]
        self._next += len(lines)
        if self._next >= len(self._ready):
            self._ready, self._next = [], 0
        if lines:
            self._remember(self.line, self.byte)
        self.line += len(lines)
        self.byte += sum(map(len, lines)) + len(lines)
        cuts = self._splitter.cuts
        while cuts and cuts[0][0] < self.line:
            self.byte += cuts.popleft()[1]
        return lines

    def seek(self, line: int) -> None:
        """Make ``line`` the next one that is read."""
        if line != self.line:
            self._jump(line, self.byte_of(line))

    def byte_of(self, line: int) -> int:
        """Where a line begins. It, or all lines before it, must be in the file."""
        if line == self.line:
            return self.byte
        known = [*self._marks, (self.line, self.byte)] if self.line < line else self._marks
        at, byte = max(mark for mark in known if mark[0] <= line)
        while at < line:
            block = self._pread(BLOCK, byte)
            if not block:
                raise TransportError(f"{self.path} has {at} lines; line {line} was asked for. {_REMEDY}")
            feeds = block.count(b"\n")
            if at + feeds < line:
                at, byte = at + feeds, byte + len(block)
                continue
            end = 0
            for _ in range(line - at):
                end = block.index(b"\n", end) + 1
            at, byte = line, byte + end
        self._remember(line, byte)
        return byte

    def lag(self) -> int | None:
        """Whole lines after the next one to read; None while the file's end has not been counted yet."""
        line, byte = max(self._counted, (self._split_line, self._split_byte))
        budget = COUNT_BYTES
        while budget > 0:
            block = self._pread(BLOCK, byte)
            whole = block.rfind(b"\n") + 1
            if not whole:
                return line - self.line if len(block) < BLOCK else None
            line, byte, budget = line + block.count(b"\n"), byte + whole, budget - BLOCK
            self._counted = line, byte
        return None

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    @property
    def _split_line(self) -> int:
        return self.line + len(self._ready) - self._next

    @property
    def _split_byte(self) -> int:
        waiting = self._ready[self._next :]
        return self.byte + sum(map(len, waiting)) + len(waiting) + sum(lost for _, lost in self._splitter.cuts)

    def _jump(self, line: int, byte: int) -> None:
        self.line, self.byte = line, byte
        self._read_to = byte
        self._splitter = LineSplitter(line, self._max)
        self._ready, self._next = [], 0

    def _fill(self) -> bool:
        block = self._pread(BLOCK, self._read_to)
        if not block:
            self._check()
            return False
        self._read_to += len(block)
        lines = self._splitter.feed(block)
        self._ready = self._ready[self._next :] + lines if self._next < len(self._ready) else lines
        self._next = 0
        return True

    def _check(self) -> None:
        """Nothing new came: is it still the same file, and as long as it was?"""
        if self._size() < self._read_to:
            raise TransportError(f"{self.path} shrank below byte {self._read_to}, which was read. {_REMEDY}")
        try:
            same = os.path.samestat(os.stat(self.path), os.fstat(self._file))
        except FileNotFoundError:
            same = False
        if not same:
            raise TransportError(f"{self.path} was moved away or replaced. {_REMEDY}")

    def _pread(self, size: int, byte: int) -> bytes:
        with explained("read", self.path, READ):
            return os.pread(self._file, size, byte)

    def _size(self) -> int:
        return os.fstat(self._file).st_size

    def _remember(self, line: int, byte: int) -> None:
        at = bisect_right(self._marks, (line, byte))
        before, after = self._marks[at - 1], self._marks[at] if at < len(self._marks) else None
        if line - before[0] < self._stride or (after is not None and after[0] - line < self._stride):
            return
        self._marks.insert(at, (line, byte))
        if len(self._marks) > MAX_MARKS:
            self._marks = self._marks[::2]
            self._stride *= 2
