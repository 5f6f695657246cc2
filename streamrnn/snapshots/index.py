"""What a partition of the snapshot topic holds: which snapshots, and at which offsets their pieces are."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field

import msgspec

from streamrnn.snapshots.choice import LINEAGE, Listed, Name, unnamable
from streamrnn.snapshots.format import Reason
from streamrnn.snapshots.header import Header

ROOT = "root"
_KEY = re.compile(
    rf"(?P<partition>[^/]+)/(?P<lineage>{LINEAGE})/(?P<position>\d{{20}})(?P<genesis>-genesis)?/(?P<part>{ROOT}|\d+)"
)


class Root(msgspec.Struct, frozen=True):
    """The record that makes chunks a snapshot.

    Attributes
    ----------
    size : bytes of all chunks together
    chunks : how many there are
    sha256 : the digest that the file made of them states, 64 hex characters
    header : the file's header, for a look that reads no chunk
    """

    size: int
    chunks: int
    sha256: str
    header: msgspec.Raw

    @classmethod
    def of(cls, header: Header, size: int, chunks: int, sha256: str) -> Root:
        """The root of a snapshot with this header."""
        return cls(size, chunks, sha256, msgspec.Raw(msgspec.json.encode(asdict(header))))

    def records(self) -> int | None:
        """Accepted records up to the snapshot; None where its header is of another format."""
        try:
            return msgspec.json.decode(self.header, type=Header).records
        except msgspec.MsgspecError:
            return None


def key(name: Name, part: int | str) -> bytes:
    """The key of a chunk, by its number from 0, or of the root; ``ValueError`` where the lineage cannot stand in it."""
    genesis = "-genesis" if name.genesis else ""
    text = f"{name.partition}/{name.lineage}/{name.position:020d}{genesis}/{part}"
    if not _KEY.fullmatch(text):
        raise unnamable(name, "a key")
    return text.encode()


@dataclass(slots=True)
class Parts:
    """What is there of one snapshot.

    Attributes
    ----------
    root : None where there is none, as of chunks whose writer died
    written : of the root, seconds since 1970
    chunks : offset of each, by number
    """

    root: bytes | None = None
    written: float = 0.0
    chunks: dict[int, int] = field(default_factory=dict)

    def decoded(self) -> Root | None:
        """The root; None where there is none that can be read."""
        try:
            return None if self.root is None else msgspec.json.decode(self.root, type=Root)
        except msgspec.MsgspecError:
            return None

    def problem(self) -> Reason | None:
        """Why this is no snapshot, as far as keys and root tell."""
        root = self.decoded()
        if root is None:
            return "torn" if self.root is None else "corrupt"
        return None if all(number in self.chunks for number in range(root.chunks)) else "torn"


class Index:
    """Made by looking at each record once, in the order of the log. Of a chunk it keeps the offset only.

    Attributes
    ----------
    next : offset of the next record to look at
    """

    def __init__(self) -> None:
        self.next = 0
        self._parts: dict[Name, Parts] = {}

    def see(self, offset: int, key: bytes | None, value: bytes | None, written: float) -> None:
        """Take in a record; one of another origin changes nothing."""
        self.next = offset + 1
        match = _KEY.fullmatch((key or b"").decode(errors="replace"))
        if match is None:
            return
        name = Name(match["partition"], match["lineage"], int(match["position"]), match["genesis"] is not None)
        parts = self._parts.setdefault(name, Parts())
        if match["part"] == ROOT:
            parts.root, parts.written = value, written
        elif value is None:
            parts.chunks.pop(int(match["part"]), None)
        else:
            parts.chunks[int(match["part"])] = offset
        if parts.root is None and not parts.chunks:
            del self._parts[name]

    def names(self, partition: str | None = None) -> list[Name]:
        """Of all of which a piece is there."""
        return [name for name in self._parts if partition in (None, name.partition)]

    def parts(self, name: Name) -> Parts:
        """What is there of a snapshot."""
        return self._parts.get(name) or Parts()

    def rooted(self, partition: str | None = None) -> list[Name]:
        """Of those that were finished, whatever has become of their chunks since."""
        return [name for name in self.names(partition) if self._parts[name].root is not None]

    def listing(self, partition: str | None) -> list[Listed]:
        """Those that were finished, in no order."""
        found = []
        for name in self.rooted(partition):
            parts = self._parts[name]
            root = parts.decoded()
            size, records = (0, None) if root is None else (root.size, root.records())
            found.append(Listed(name, parts.written, size, records, parts.problem()))
        return found
