"""The output files of a directory log, read as far as they are committed."""

from __future__ import annotations

import os
import time
from pathlib import Path

from streamrnn.events.answers import OutputRecord
from streamrnn.transport.base import TransportError
from streamrnn.transport.commits import Entry, read_commits
from streamrnn.transport.directory import looked_in
from streamrnn.transport.failures import explained
from streamrnn.transport.lines import LineSplitter
from streamrnn.transport.reader import BEGINNING, Which, wait

BLOCK = 1 << 20  # bytes of one partition in one read
PAUSE = 0.05  # seconds between two looks for a commit
_REMEDY = "Set transport.path and transport.{} to where the daemon writes."


class DirectoryReader:
    """Follows ``<root>/<topic>/<number>.jsonl`` up to what the commit file says of them.

    What lies beyond is no record yet: a restart of the daemon may cut it off.

    Parameters
    ----------
    root : folder of the log
    topic : name of the output topic
    which : whether it is that of the predictions or of the dead letters
    last : lines of each file, before its end, to begin with; `BEGINNING` begins with the first
    """

    #: There is no other side.
    silence = 0.0

    def __init__(self, root: Path, topic: str, which: Which, last: int) -> None:
        self._root, self._topic, self._which = root, topic, which
        self._remedy = _REMEDY.format(which)
        if not (root / topic).is_dir():
            place = f"{root / topic}{looked_in(root)}"
            raise TransportError(f"there is no folder {place}: start the daemon once. {self._remedy}", "missing")
        self._files: dict[int, _File] = {}
        for number, end in self._ends().items():
            self._open(number).begin(end, last)

    def read(self, timeout: float) -> list[OutputRecord]:
        """Lines that were committed since the last call."""
        deadline = time.monotonic() + timeout
        while True:
            found = [
                record
                for number, end in self._ends().items()
                for record in (self._files.get(number) or self._open(number)).read(end)
            ]
            if found or not wait(deadline, PAUSE):
                return found

    def caught_up(self) -> bool:
        """Whether all committed lines were read."""
        return all(number in self._files and self._files[number].byte >= end for number, end in self._ends().items())

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()

    def _ends(self) -> dict[int, int]:
        """Committed bytes of each partition's file that holds any."""
        entries = read_commits(self._root)
        lengths = ((int(name.rpartition("-")[2]), self._length(entry)) for name, entry in entries.items())
        return dict(sorted(each for each in lengths if each[1]))  # the labels' entry of a pair has none

    def _length(self, entry: Entry) -> int:
        return entry.predictions_bytes if self._which == "predictions" else entry.dead_letters_bytes

    def _open(self, number: int) -> _File:
        self._files[number] = _File(self._root / self._topic / f"{number}.jsonl", self._remedy)
        return self._files[number]


class _File:
    """One file of lines; ``byte`` is where the next read begins."""

    def __init__(self, path: Path, remedy: str) -> None:
        self._path = path
        self._remedy = remedy
        self._splitter = LineSplitter()
        self.byte = 0
        self._line = 0  # number of the next line, from where reading began
        self._line_byte = 0  # where it begins
        with explained("read", path, remedy):
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def begin(self, end: int, last: int) -> None:
        """Go to ``last`` lines before the committed end."""
        if last == BEGINNING:
            return
        feeds, at = last + 1, end  # the first line feed from behind closes the last line
        while at > 0 and feeds > 0:
            size = min(BLOCK, at)
            block = self._pread(size, at - size)
            cut = len(block)
            while feeds > 0 and (cut := block.rfind(b"\n", 0, cut)) >= 0:
                feeds -= 1
            at -= size
            if feeds == 0:
                at += cut + 1
        self.byte = self._line_byte = at

    def read(self, end: int) -> list[OutputRecord]:
        """Lines up to the committed end, or a block of them."""
        if end < self.byte:
            raise TransportError(f"{self._path} is shorter than it was: the log was begun anew. Start again to read it")
        if end == self.byte:
            return []
        block = self._pread(min(BLOCK, end - self.byte), self.byte)
        if not block:
            raise TransportError(f"{self._path} is shorter than its commit says: put back the file. {self._remedy}")
        self.byte += len(block)
        return [self._record(line) for line in self._splitter.feed(block)]

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def _record(self, line: bytes) -> OutputRecord:
        record = OutputRecord(f"{self._path}, byte {self._line_byte}", None, line, None)
        self._line_byte += len(line) + 1
        cuts = self._splitter.cuts
        if cuts and cuts[0][0] == self._line:
            self._line_byte += cuts.popleft()[1]
        self._line += 1
        return record

    def _pread(self, size: int, byte: int) -> bytes:
        with explained("read", self._path, self._remedy):
            return os.pread(self._file, size, byte)
