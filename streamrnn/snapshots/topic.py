"""Snapshots in a compacted Kafka topic: the bytes of the file format in chunks, and a root that makes them one.

A chunk has the key ``<topic>-<number>/<lineage>/<position, 20 digits>[-genesis]/<chunk number>``, and the root
``.../root``. The root is sent once every chunk is acknowledged, and goes first when a snapshot is pruned: what has no
root is no snapshot, and its chunks are taken away at the partition's next prune.

There is no fencing, and none is needed. State is a function of the log, so a process that was taken for dead and
writes late writes the same bytes under the same keys. Where it is late for a prune, what it brings back is a whole
snapshot of the right lineage, or a torn one, which is passed over; the next prune takes it away again.

A partition's snapshots stand in the topic's partition of the same number, modulo how many it has. More partitions
given to the topic later move that place, as they move the streams of an input.
"""

from __future__ import annotations

import errno
import os
import tempfile
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from streamrnn.events.columns import Partition
from streamrnn.snapshots.brokers import Reader, Sender
from streamrnn.snapshots.choice import (
    Listed,
    Loaded,
    Name,
    dispensable,
    first_whole,
    newest_first,
    outlived,
    refuse_misnamed,
)
from streamrnn.snapshots.format import SnapshotError, read_snapshot, seal, stated_digest, write_unsealed
from streamrnn.snapshots.frozen import Frozen
from streamrnn.snapshots.header import Header
from streamrnn.snapshots.index import ROOT, Index, Root, key
from streamrnn.transport.base import TransportError

if TYPE_CHECKING:
    from streamrnn.settings.logs import Kafka

CHUNK = 900_000  # bytes; with its key within the 1 MiB that brokers and client allow a record
_INSTEAD = "the next snapshot takes it away; an older one and the log give the same state"


class TopicStore:
    """Snapshots of any number of partitions in one topic, as `SnapshotStore` says.

    Parameters
    ----------
    kafka : how to reach the brokers
    topic : its name
    keep : how many snapshots at or below the committed position to keep for each partition
    chunk : bytes of a snapshot in one record
    """

    def __init__(self, kafka: Kafka, topic: str, keep: int, chunk: int = CHUNK) -> None:
        self._topic, self._keep, self._chunk = topic, keep, chunk
        self._sender, self._reader = Sender(kafka, topic), Reader(kafka, topic)
        self._lock = threading.Lock()  # of all below: the writing thread prunes while the daemon's restores
        self._indexes: dict[int, Index] = {}
        self._partitions: int | None = None
        self._under_way: set[Name] = set()

    @property
    def place(self) -> str:
        """The topic, as messages name it."""
        return f"topic {self._topic}"

    @property
    def setting(self) -> str:
        """The key in the section ``snapshots`` that says where."""
        return "topic"

    def close(self) -> None:
        """Let go of connections; a snapshot under way fails."""
        self._sender.close()
        if self._lock.acquire(timeout=1.0):
            try:
                self._reader.close()
            finally:
                self._lock.release()

    def write(self, header: Header, state: Frozen, committed: int) -> int:
        """Write a snapshot; ``OSError`` too where it is written and older ones cannot be taken away."""
        name = Name.of(header)
        try:
            key(name, ROOT)  # or a ValueError, before anything is done
            with self._writing(name):
                size = self._write(name, header, state)
                self._prune(name, committed, outlived(header))
        finally:
            state.release()
        return size

    def load_newest(
        self,
        partition: Partition | str,
        lineage: str,
        at_most: int,
        on_refused: Callable[[str, SnapshotError], None],
    ) -> Loaded | None:
        """The newest snapshot of a lineage at or below a position that is whole; None if there is none."""
        with self._lock:
            number = self._number(partition)
            names = newest_first(self._look(number).rooted(str(partition)), lineage, at_most)
            return first_whole(
                names,
                lambda name: self._read(number, name),
                lambda name, error: on_refused(self._place(name), error),
            )

    def lineages(self, partition: Partition | str) -> dict[str, bool]:
        """Every lineage that has snapshots here, and whether it went beyond its genesis."""
        found: dict[str, bool] = {}
        with self._lock:
            for name in self._look(self._number(partition)).rooted(str(partition)):
                found[name.lineage] = found.get(name.lineage, False) or not name.genesis
        return found

    def listing(self, partition: Partition | str | None = None) -> list[Listed]:
        """All snapshots, or those of one partition, the one that was written last first."""
        with self._lock:
            numbers = range(self._reader.partitions()) if partition is None else [self._number(partition)]
            only = None if partition is None else str(partition)
            found = [each for number in numbers for each in self._look(number).listing(only)]
        return sorted(found, key=lambda each: (each.written, each.name.position), reverse=True)

    def read(self, name: Name) -> Loaded:
        """Check every byte of a snapshot and read it."""
        with self._lock:
            number = self._number(name.partition)
            self._look(number)
            return self._read(number, name)

    def _write(self, name: Name, header: Header, state: Frozen) -> int:
        with self._temporary() as file:
            size = write_unsealed(file.fileno(), header, state)
            digest = seal(file.fileno())
            chunks = -(-size // self._chunk)
            with self._lock:
                number = self._number(name.partition)
            self._send(number, ((key(name, each), self._piece(file, each)) for each in range(chunks)))
            # All of them are acknowledged by now.
            self._send(number, [(key(name, ROOT), msgspec.json.encode(Root.of(header, size, chunks, digest)))])
        return size

    def _piece(self, file: IO[bytes], each: int) -> bytes:
        return os.pread(file.fileno(), self._chunk, each * self._chunk)

    def _prune(self, name: Name, committed: int, outlived: Collection[str]) -> None:
        """Take away what no restart can need of this snapshot's lineage, what is no whole snapshot, and all of the
        lineages that are outlived."""
        with self._lock:
            number = self._number(name.partition)
            index = self._look(number)
            here = [each for each in index.names(name.partition) if each.lineage == name.lineage]
            whole = {each for each in here if index.parts(each).problem() is None}
            dead = dispensable(whole, name.lineage, committed, self._keep)
            dead += [each for each in here if each not in whole and each not in self._under_way]
            dead += [each for each in index.names(name.partition) if each.lineage in outlived]
            parts = {each: list(index.parts(each).chunks) for each in dead}
        for each in dead:
            self._send(number, [(key(each, ROOT), None)])
            self._send(number, ((key(each, chunk), None) for chunk in parts[each]))

    def _send(self, number: int, records: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Send records and wait for them. Where nobody else wrote meanwhile they need not be read for the index."""
        for sent in self._sender.send(number, records):
            with self._lock:
                index = self._indexes.get(number)
                if index is not None and index.next == sent.offset:
                    index.see(sent.offset, sent.key, sent.value, sent.written)

    def _look(self, number: int) -> Index:
        """The index of one of the topic's partitions, as of now."""
        index, end = self._indexes.setdefault(number, Index()), self._reader.end(number)
        if end < index.next:  # the topic was made anew, or the brokers lost its end
            index = self._indexes[number] = Index()
        for record in self._reader.records(number, index.next, end):
            index.see(record.offset, record.key, record.value, record.timestamp / 1000)
        index.next = max(index.next, end)  # the last records may have been compacted away
        return index

    def _read(self, number: int, name: Name) -> Loaded:
        """Put the chunks together in a file, and read that as any other."""
        place, parts = self._place(name), self._indexes[number].parts(name)
        root = parts.decoded()
        if root is None:
            raise SnapshotError("corrupt" if parts.root else "torn", place, "has no root that can be read", _INSTEAD)
        with self._temporary() as file:
            for each in range(root.chunks):
                file.write(self._chunk_of(number, name, each, parts.chunks.get(each)))
            file.flush()
            if stated_digest(file.fileno()) != root.sha256:
                raise SnapshotError("corrupt", place, "has chunks that are not its root's", _INSTEAD)
            header, arrays = read_snapshot(
                Path(f"/dev/fd/{file.fileno()}"),  # the only name of a file without one
                place,
                partition=name.partition,
                lineage=name.lineage,
            )
        refuse_misnamed(header, name, place, _INSTEAD)
        return header, arrays

    def _chunk_of(self, number: int, name: Name, each: int, offset: int | None) -> bytes:
        record = None if offset is None else self._reader.record(number, offset)
        if record is None or record.offset != offset or record.key != key(name, each) or record.value is None:
            raise SnapshotError("torn", self._place(name), f"lacks chunk {each}", _INSTEAD)
        return bytes(record.value)

    def _place(self, name: Name) -> str:
        return f"{key(name, ROOT).decode().removesuffix('/' + ROOT)} in {self.place}"

    def _number(self, partition: Partition | str) -> int:
        """The topic's partition where an input partition's snapshots are."""
        if self._partitions is None:
            self._partitions = self._reader.partitions()
        return int(str(partition).rpartition("-")[2]) % self._partitions

    @contextmanager
    def _writing(self, name: Name) -> Iterator[None]:
        with self._lock:
            self._under_way.add(name)
        try:
            yield
        except TransportError as error:
            raise OSError(errno.EIO, str(error), self._place(name)) from error
        finally:
            with self._lock:
                self._under_way.discard(name)

    @contextmanager
    def _temporary(self) -> Iterator[IO[bytes]]:
        """A file that vanishes with the process, whatever becomes of it."""
        try:
            with tempfile.TemporaryFile() as file:
                yield file
        except OSError as error:
            remedy = "make room in the folder for temporary files, or set the variable TMPDIR to another"
            raise OSError(error.errno, f"{error.strerror or error}; {remedy}", self.place) from error
