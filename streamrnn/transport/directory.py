"""A log in a folder of JSON lines files: followed as it grows, with outputs and positions committed together."""

from __future__ import annotations

import logging
import math
import re
import time
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from streamrnn.events.columns import Output, Partition, Records
from streamrnn.events.dead_letter import LETTER_BYTES, encode_dead_letter
from streamrnn.transport.base import Assignment, Committed, OneLog, TransportError
from streamrnn.transport.commits import CommitFile, Entry
from streamrnn.transport.failures import READ, explained
from streamrnn.transport.lines import MAX_LINE_BYTES, lines_between
from streamrnn.transport.output import OutputFile, refuse_strangers
from streamrnn.transport.tail import Tail

logger = logging.getLogger(__name__)

_FILE = re.compile(r"(0|[1-9][0-9]*)\.jsonl")
#: Seconds between two looks for new lines while nothing comes.
_PAUSE = 0.01
#: What is committed of a partition before its first commit.
NOTHING = Entry(0, 0, "", "", 0, 0)


def partition_files(folder: Path) -> dict[int, Path]:
    """The partitions of a topic's folder by number: regular files named <number>.jsonl, all else is passed over."""
    found = ((_FILE.fullmatch(file.name), file) for file in folder.iterdir())
    return {int(match[1]): file for match, file in found if match and file.is_file()}


def find_partitions(folder: Path, entries: dict[str, Entry]) -> list[Partition]:
    """The partitions of a topic's folder in order, if all that were committed are there."""
    with explained("read", folder, READ):
        found = [Partition(folder.name, number) for number in sorted(partition_files(folder))]
    known = {str(partition) for partition in found}
    for name in entries:
        topic, _, number = name.rpartition("-")
        if topic == folder.name and name not in known:  # it would end up silently unread
            raise TransportError(
                f"{folder / number}.jsonl is gone, but was committed: put it back, or start a new lineage "
                "with another transport.path and snapshots.path"
            )
    return found


def pairs_among(partitions: list[Partition]) -> tuple[list[Partition], set[Partition]]:
    """Those of which each of two topics has one of the same number, and the others."""
    numbers = Counter(partition.number for partition in partitions)
    whole = [partition for partition in partitions if numbers[partition.number] > 1]
    return whole, set(partitions) - set(whole)


def looked_in(path: Path) -> str:
    """Where a relative path was looked for: it goes by the working folder, not by that of the settings."""
    return "" if path.is_absolute() else f" (looked in {Path.cwd()}, the working folder)"


def refuse_no_folder(folder: Path) -> None:
    """Raise where there is no folder to read partitions from."""
    with explained("read", folder, READ):
        if not folder.is_dir():
            raise TransportError(
                f"{folder} is not a folder{looked_in(folder)}: make it and put files <number>.jsonl there, or set "
                "transport.path and transport.input (labels.topic) to where they are",
                "missing",
            )


def open_tail(path: Path, entry: Entry, max_line_bytes: int = MAX_LINE_BYTES) -> Tail:
    """The file of a partition, if it is the one that was committed."""
    tail = Tail(path, (entry.position, entry.byte), max_line_bytes)
    if entry.identity and tail.identity() != entry.identity:
        tail.close()
        raise TransportError(
            f"{path} begins with another line than when it was committed: put the original file back, or "
            "start a new lineage with another transport.path and snapshots.path"
        )
    return tail


class DirectoryLog(OneLog):
    """Reads ``<root>/<input>/<number>.jsonl`` and answers in ``<root>/<predictions>/<number>.jsonl``.

    A topic is a folder, a partition is a file of lines in it, and a line's offset is its number, from 0. Files are
    followed as they grow, and new files are taken up as they appear; the input folder is never written to. Every line
    holds an offset, an empty one too (the decoder refuses it). The last line counts once its line feed is there. Of a
    line longer than 16 MiB only so much is read, which the decoder refuses as too large. Lines have neither key nor
    timestamp.

    Where labels have a topic of their own, a pair of files of one number is taken up once both are there. Its journal
    is ``<root>/<journal>/<number>.jsonl``.

    A commit first appends the outputs of its partitions, then replaces ``<root>/commits.json``, which holds positions
    and output lengths. A start cuts the outputs back to these lengths, so after a crash there is one answer for each
    line. Someone who reads the outputs while they grow may see the last lines a moment before their commit.

    Parameters
    ----------
    root : folder of the log
    input, predictions, dead_letters : names of the topics
    poll_records : largest number of lines of one partition in one poll
    fsync : whether commits outlast a power failure; they outlast a crash of the process either way
    rescan : seconds between two looks for new partitions
    max_line_bytes : bytes of a line that are kept
    letter_bytes : bytes of a refused record that its dead letter keeps
    labels, journal : names of a second input topic and of its journal; None where there is one input

    Raises
    ------
    TransportError
        Where the input folder is missing, another process works in ``root``, files are not what they were at the
        last commit, or the system refuses. It may come from any method.
    """

    #: Whether a record's number stands in for its time, as these records have no timestamps.
    numbered_time = True
    #: Commits and records outlive the process.
    recoverable = True
    #: A file can always grow.
    finished = False
    #: A file is named by its first line.
    named_at_once = False

    def __init__(
        self,
        root: Path,
        input: str,
        predictions: str,
        dead_letters: str,
        poll_records: int = 1000,
        fsync: bool = True,
        rescan: float = 0.5,
        max_line_bytes: int = MAX_LINE_BYTES,
        letter_bytes: int = LETTER_BYTES,
        labels: str | None = None,
        journal: str | None = None,
    ) -> None:
        self._folders = {topic: root / topic for topic in (input, labels) if topic is not None}
        self._input, self._labels = input, labels
        self._outputs = (root / predictions, root / dead_letters)
        self._journal = None if journal is None else root / journal
        self._poll_records = poll_records
        self._fsync = fsync
        self._rescan = rescan
        self._max_line_bytes = max_line_bytes
        self._letter_bytes = letter_bytes
        self._next_scan = -math.inf
        self._tails: dict[Partition, Tail] = {}
        self._answers: dict[Partition, tuple[OutputFile, OutputFile]] = {}
        self._journals: dict[Partition, OutputFile] = {}
        self._paused: set[Partition] = set()
        self._halves: set[Partition] = set()  # those that waited for their other half, and were told of
        for folder in self._folders.values():
            refuse_no_folder(folder)
        self._commits = CommitFile(root, fsync)

    def changes(self) -> Assignment:
        """Files that are new since the last call. None is ever revoked."""
        now = time.monotonic()
        if now < self._next_scan:
            return Assignment()
        self._next_scan = now + self._rescan
        assigned = [partition for partition in self._present() if partition not in self._tails]
        for partition in assigned:
            self._open(partition)
        return Assignment(assigned=assigned)

    def partitions(self) -> list[Partition]:
        """The files that are there."""
        entries = self._commits.entries
        return [each for folder in self._folders.values() for each in find_partitions(folder, entries)]

    def committed(self, partition: Partition) -> Committed | None:
        """The partition's entry in the commit file."""
        entry = self._commits.entries.get(str(partition))
        return None if entry is None else Committed(entry.position, entry.lineage)

    def log_start(self, partition: Partition) -> int:
        """Always 0: a file begins with its first line."""
        return 0

    def log_end(self, partition: Partition) -> int | None:
        """None: a file that was cut is refused when it is opened."""
        return None

    def first(self, partition: Partition) -> int:
        """Where the log starts."""
        return self.log_start(partition)

    def identity(self, partition: Partition) -> str:
        """Digest of the first line; empty while there is none.

        It names the file by what it says, so it stays the same when a log is copied to another disk. A file made anew
        with the same first line goes unnoticed here, and mostly does not at the committed position.
        """
        return self._tails[partition].identity()

    def seek(self, partition: Partition, offset: int) -> None:
        """Make line ``offset`` the next one; quick at the commit, else by reading on from the nearest known line."""
        self._tails[partition].seek(offset)

    def poll(self, timeout: float) -> list[Records]:
        """New lines, up to ``poll_records`` of each partition, so that none waits for another."""
        deadline = time.monotonic() + timeout
        while True:
            flowing = [partition for partition in self._tails if partition not in self._paused]
            polled = [records for partition in flowing if len(records := self._read(partition))]
            left = deadline - time.monotonic()
            if polled or left <= 0:
                return polled
            time.sleep(min(_PAUSE, left))

    def publish(self, output: Output) -> None:
        """Keep lines for the commit of this partition. Keys are not written: the lines name their streams."""
        answers, letters = self._answers[output.partition]
        answers.append(output.predictions)
        letters.append([encode_dead_letter(letter, self._letter_bytes) for letter in output.dead_letters])

    def commit(self, positions: dict[Partition, Committed]) -> None:
        """Append the outputs of these partitions, then replace the commit file.

        Output of a partition that is not named stays uncommitted, for its position does.
        """
        changed = {}
        for partition, committed in positions.items():
            tail = self._tails[partition]
            answers, letters = self._answers.get(partition, (None, None))
            journal = self._journals.get(partition)
            changed[str(partition)] = Entry(
                position=committed.position,
                byte=tail.byte_of(committed.position),
                lineage=committed.lineage,
                identity=tail.identity(),
                predictions_bytes=0 if answers is None else answers.write(),
                dead_letters_bytes=0 if letters is None else letters.write(),
                journal_bytes=0 if journal is None else journal.write(),
            )
        self._commits.replace(changed)

    def pause(self, partition: Partition) -> None:
        """Leave its file alone."""
        self._paused.add(partition)

    def resume(self, partition: Partition) -> None:
        """Read on in its file."""
        self._paused.discard(partition)

    def write_journal(self, partition: Partition, entries: list[bytes]) -> None:
        """Keep them for the commit of this partition."""
        self._journals[partition].append(entries)

    def journal_span(self, partition: Partition) -> tuple[int, int]:
        """Bytes of the file."""
        return 0, self._journals[partition].length

    def read_journal(self, partition: Partition, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Lines, by where they begin in the file."""
        assert self._journal is not None
        return lines_between(self._journal / f"{partition.number}.jsonl", start, end)

    def lag(self, partition: Partition) -> int | None:
        """Whole lines not yet read; None while a long backlog is still being counted."""
        return self._tails[partition].lag()

    def out_of_touch(self) -> float | None:
        """None: there is no other side."""
        return None

    def close(self) -> None:
        """Let go of files and of the lock. Output that was not committed is lost."""
        for tail in self._tails.values():
            tail.close()
        for file in (*chain.from_iterable(self._answers.values()), *self._journals.values()):
            file.close()
        self._tails, self._answers, self._journals = {}, {}, {}
        self._commits.close()

    def _present(self) -> list[Partition]:
        """The files that are there; of pairs those that have both."""
        entries = {} if self._tails else self._commits.entries
        present = [each for folder in self._folders.values() for each in find_partitions(folder, entries)]
        if self._labels is None:
            return present
        whole, halves = pairs_among(present)
        for partition in sorted(halves - self._halves):
            missing = self._labels if partition.topic == self._input else self._input
            told = {"partition": str(partition), "waits_for": str(self._folders[missing] / f"{partition.number}.jsonl")}
            logger.warning("a partition waits for its other half", extra=told)
        self._halves |= halves
        return whole

    def _open(self, partition: Partition) -> None:
        entry = self._commits.entries.get(str(partition), NOTHING)
        name = f"{partition.number}.jsonl"
        tail = open_tail(self._folders[partition.topic] / name, entry, self._max_line_bytes)
        if partition.topic != self._input:
            self._tails[partition] = tail
            return
        outputs = self._outputs if self._journal is None else (*self._outputs, self._journal)
        if entry is NOTHING:
            for folder in outputs:
                refuse_strangers(folder / name)
        if self._journal is not None:
            self._journals[partition] = OutputFile(self._journal / name, entry.journal_bytes, self._fsync)
        lengths = (entry.predictions_bytes, entry.dead_letters_bytes)
        predictions, dead_letters = (
            OutputFile(folder / name, length, self._fsync)
            for folder, length in zip(self._outputs, lengths, strict=True)
        )
        self._answers[partition] = predictions, dead_letters
        self._tails[partition] = tail

    def _read(self, partition: Partition) -> Records:
        tail = self._tails[partition]
        first = tail.line
        values: list[bytes | None] = list(tail.read(self._poll_records))
        n = len(values)
        return Records(
            partition, list(range(first, first + n)), [None] * n, values, [math.nan] * n, next_offset=first + n
        )
