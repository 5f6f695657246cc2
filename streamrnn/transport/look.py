"""What a start would find in a directory log, without making, locking or changing anything."""

from __future__ import annotations

import math
from contextlib import closing
from pathlib import Path

from streamrnn.events.columns import Partition, Records
from streamrnn.transport.base import Committed
from streamrnn.transport.commits import read_commits, refuse_locked
from streamrnn.transport.directory import NOTHING, find_partitions, open_tail, refuse_no_folder
from streamrnn.transport.output import refuse_short, refuse_strangers


class DirectoryLook:
    """A directory log as `DirectoryLog` would open it, only looked at.

    Parameters
    ----------
    root, input, predictions, dead_letters : as of `DirectoryLog`

    Raises
    ------
    TransportError
        What `DirectoryLog` would raise when it is made, or (from `partitions`) at its first look for partitions.
    """

    def __init__(self, root: Path, input: str, predictions: str, dead_letters: str) -> None:
        self._input = root / input
        self._outputs = (root / predictions, root / dead_letters)
        refuse_no_folder(self._input)
        refuse_locked(root)
        self._entries = read_commits(root)

    def partitions(self) -> dict[Partition, Committed | None]:
        """All partitions in order, each with its last commit."""
        found: dict[Partition, Committed | None] = {}
        for partition in find_partitions(self._input, self._entries):
            entry = self._entries.get(str(partition))
            found[partition] = None if entry is None else Committed(entry.position, entry.lineage)
            name = f"{partition.number}.jsonl"
            with closing(open_tail(self._input / name, entry or NOTHING)):
                for folder in self._outputs if entry is None else ():
                    refuse_strangers(folder / name)
                if entry is not None:
                    refuse_short(self._outputs[0] / name, entry.predictions_bytes)
                    refuse_short(self._outputs[1] / name, entry.dead_letters_bytes)
        return found

    def log_start(self, partition: Partition) -> int:
        """Always 0, as of `DirectoryLog`."""
        return 0

    def identity(self, partition: Partition) -> str:
        """Digest of the first line, as of `DirectoryLog`."""
        with closing(open_tail(self._input / f"{partition.number}.jsonl", NOTHING)) as tail:
            return tail.identity()

    def next_records(self, partition: Partition, limit: int) -> Records:
        """Up to ``limit`` records from the committed position on."""
        entry = self._entries.get(str(partition), NOTHING)
        with closing(open_tail(self._input / f"{partition.number}.jsonl", entry)) as tail:
            tail.seek(entry.position)
            values: list[bytes | None] = list(tail.read(limit))
        first, n = entry.position, len(values)
        return Records(
            partition, list(range(first, first + n)), [None] * n, values, [math.nan] * n, next_offset=first + n
        )
