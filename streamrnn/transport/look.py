"""What a start would find in a directory log, without making, locking or changing anything."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from streamrnn.events.columns import Partition, Records
from streamrnn.transport.base import Committed
from streamrnn.transport.commits import Entry, read_commits, refuse_locked
from streamrnn.transport.directory import NOTHING, find_partitions, open_tail, refuse_no_folder
from streamrnn.transport.lines import lines_between
from streamrnn.transport.output import refuse_short, refuse_strangers
from streamrnn.transport.tail import Tail


class DirectoryLook:
    """A directory log as `DirectoryLog` would open it, only looked at.

    Parameters
    ----------
    root, input, predictions, dead_letters, labels, journal : as of `DirectoryLog`

    Raises
    ------
    TransportError
        What `DirectoryLog` would raise when it is made, or (from `partitions`) at its first look for partitions.
    """

    #: A file is named by its first line.
    named_at_once = False

    def __init__(
        self, root: Path, input: str, predictions: str, dead_letters: str,
        labels: str | None = None, journal: str | None = None,
    ) -> None:  # fmt: skip
        self._folders = {topic: root / topic for topic in (input, labels) if topic is not None}
        self._input = input
        self._outputs = (root / predictions, root / dead_letters)
        self._journal = None if journal is None else root / journal
        for folder in self._folders.values():
            refuse_no_folder(folder)
        refuse_locked(root)
        self._entries = read_commits(root)

    def partitions(self) -> dict[Partition, Committed | None]:
        """All partitions in order, each with its last commit."""
        found: dict[Partition, Committed | None] = {}
        for partition in [
            each for folder in self._folders.values() for each in find_partitions(folder, self._entries)
        ]:
            entry = self._entries.get(str(partition))
            found[partition] = self.committed(partition)
            name = f"{partition.number}.jsonl"
            with closing(self._tail(partition, entry or NOTHING)):
                if partition.topic == self._input:
                    self._refuse_outputs(name, entry)
        return found

    def committed(self, partition: Partition) -> Committed | None:
        """The partition's last commit."""
        entry = self._entries.get(str(partition))
        return None if entry is None else Committed(entry.position, entry.lineage)

    def log_end(self, partition: Partition) -> int | None:
        """None, as of `DirectoryLog`."""
        return None

    def journal_span(self, partition: Partition) -> tuple[int, int]:
        """Bytes that are committed."""
        return 0, self._entries.get(str(partition), NOTHING).journal_bytes

    def read_journal(self, partition: Partition, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """As of `DirectoryLog`."""
        assert self._journal is not None
        return lines_between(self._journal / f"{partition.number}.jsonl", start, end)

    def log_start(self, partition: Partition) -> int:
        """Always 0, as of `DirectoryLog`."""
        return 0

    def identity(self, partition: Partition) -> str:
        """Digest of the first line, as of `DirectoryLog`."""
        with closing(self._tail(partition, NOTHING)) as tail:
            return tail.identity()

    def next_records(self, partition: Partition, limit: int) -> Records:
        """Up to ``limit`` records from the committed position on."""
        entry = self._entries.get(str(partition), NOTHING)
        with closing(self._tail(partition, entry)) as tail:
            tail.seek(entry.position)
            values: list[bytes | None] = list(tail.read(limit))
        first, n = entry.position, len(values)
        return Records(
            partition, list(range(first, first + n)), [None] * n, values, [math.nan] * n, next_offset=first + n
        )

    def _tail(self, partition: Partition, entry: Entry) -> Tail:
        return open_tail(self._folders[partition.topic] / f"{partition.number}.jsonl", entry)

    def _refuse_outputs(self, name: str, entry: Entry | None) -> None:
        """Raise where the outputs of a partition are not those of its commit."""
        outputs = self._outputs if self._journal is None else (*self._outputs, self._journal)
        if entry is None:
            for folder in outputs:
                refuse_strangers(folder / name)
            return
        lengths = (entry.predictions_bytes, entry.dead_letters_bytes, entry.journal_bytes)
        for folder, length in zip(outputs, lengths, strict=False):
            refuse_short(folder / name, length)
