"""A log that follows a script, for tests: events, crashes, rebalances and pauses in a fixed order."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from itertools import repeat
from typing import Any, Final

import msgspec

from streamrnn.events.columns import Output, Partition, Records
from streamrnn.events.dead_letter import LETTER_BYTES, encode_dead_letter
from streamrnn.transport.base import Assignment, Committed, OneLog, TransportError


class Token(Enum):
    """What a script can do beside bringing events. Each takes effect once, when all before it was polled."""

    CRASH = "the process dies within poll"
    REBALANCE = "all partitions are revoked and assigned again"
    LOST = "all partitions are lost, with what was not committed, and assigned again"
    EOF = "the log ends, for this client"
    STALL = "one poll comes back empty"


CRASH: Final = Token.CRASH
REBALANCE: Final = Token.REBALANCE
LOST: Final = Token.LOST
EOF: Final = Token.EOF
STALL: Final = Token.STALL


class ScriptCrash(BaseException):
    """The process is to die here. No ``except Exception`` holds it up, as none would hold up a kill."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record with all that a log can give it; ``partition`` None goes by the key (or the value without one).

    One of ``labels`` goes to the broker's second topic.
    """

    value: bytes | None
    key: bytes | None = None
    timestamp: float = math.nan
    partition: int | None = None
    labels: bool = False


Item = Token | Record | bytes | Mapping[str, Any] | tuple[bytes | None, bytes | None]
PollSizes = int | Sequence[int] | Callable[[], int]


@dataclass
class Broker:
    """What outlasts a crash: the script's rest, the log, the commits and the outputs that readers see.

    Attributes
    ----------
    predictions, dead_letters : committed output of each partition, as (key, value)
    committed : committed positions
    labels : a second topic to read, which makes a journal for each pair of partitions
    journal : its entries, of each pair
    log_start : oldest offset of every partition that can be read; raise it to play retention
    starts : the same of single partitions
    journal_start : the same of every journal
    identity : name of the topic as created; change it to play a topic that was made anew
    """

    script: Sequence[Item]
    partitions: int = 1
    topic: str = "events"
    labels: str | None = None
    identity: str = "script"
    log_start: int = 0
    starts: dict[Partition, int] = field(default_factory=dict)
    journal_start: int = 0
    next: int = 0
    log: dict[Partition, list[Record]] = field(default_factory=dict)
    committed: dict[Partition, Committed] = field(default_factory=dict)
    predictions: dict[Partition, list[tuple[bytes, bytes]]] = field(default_factory=dict)
    dead_letters: dict[Partition, list[tuple[bytes | None, bytes]]] = field(default_factory=dict)
    journal: dict[Partition, list[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number in range(self.partitions):
            partition = Partition(self.topic, number)
            self.log[partition], self.predictions[partition], self.dead_letters[partition] = [], [], []
            if self.labels is not None:
                self.log[Partition(self.labels, number)], self.journal[partition] = [], []

    @property
    def ended(self) -> bool:
        """Whether the script has nothing more."""
        return self.next >= len(self.script)

    @property
    def at_token(self) -> bool:
        """Whether no event comes next; at the end stands EOF."""
        return self.ended or isinstance(self.script[self.next], Token)

    def take_event(self) -> bool:
        """Bring the script's next item to the log's end; False where it is no event."""
        if self.at_token:
            return False
        item = self.script[self.next]
        assert not isinstance(item, Token)
        self._append(_record(item))
        self.next += 1
        return True

    def take_token(self) -> Token:
        """The token that the script stands at; EOF at its end."""
        item = EOF if self.ended else self.script[self.next]
        assert isinstance(item, Token), "events come first"
        self.next += 1
        return item

    def _append(self, record: Record) -> None:
        number = record.partition
        if number is None:
            # Not a CRC: those of s0, s1, s2 ... agree in their last bits.
            number = sha256(record.key or record.value or b"").digest()[0] % self.partitions
        topic = self.topic if self.labels is None or not record.labels else self.labels
        self.log[Partition(topic, number)].append(record)


class ScriptLog(OneLog):
    """A client of a scripted log; it keeps the promises of `Transport` and plays the script's mishaps.

    Parameters
    ----------
    script : events (a mapping becomes JSON; bytes; a pair of key and value; a `Record`) and tokens, or the broker that
        a crashed client left, to go on after the token
    partitions : how many there are; an event goes by the hash of its key, or of its value without a key
    poll_records : largest number of records of one partition in one poll: a number, numbers in turn (the last one
        stays), or a function that is asked each time

    Examples
    --------
    >>> log = ScriptLog([b"one", b"two", CRASH, b"three"], poll_records=1)
    >>> [partition] = log.changes().assigned
    >>> [log.poll(0)[0].values for _ in range(2)]
    [[b'one'], [b'two']]
    >>> log.publish(Output(partition, ["a"], [0], [1], [b"answer"], []))
    >>> log.poll(0)
    Traceback (most recent call last):
        ...
    streamrnn.transport.script.ScriptCrash
    >>> again = ScriptLog(log.broker)
    >>> again.broker.predictions[partition], again.committed(partition)
    ([], None)
    """

    numbered_time = True
    #: Commits and records outlive the process.
    recoverable = True
    #: The broker names its topics.
    named_at_once = True

    def __init__(self, script: Sequence[Item] | Broker, partitions: int = 1, poll_records: PollSizes = 1000) -> None:
        self.broker = script if isinstance(script, Broker) else Broker(script, partitions)
        self._sizes = _sizes(poll_records)
        self._positions: dict[Partition, int] = {}
        self._rebalance: Token | None = REBALANCE
        self._dead = self._finished = False
        self._predictions: list[tuple[Partition, bytes, bytes]] = []
        self._letters: list[tuple[Partition, bytes | None, bytes]] = []
        self._entries: list[tuple[Partition, bytes]] = []
        self._paused: set[Partition] = set()

    def changes(self) -> Assignment:
        """All partitions at first; after a rebalance all are revoked, or lost, and assigned."""
        self._live()
        token, self._rebalance = self._rebalance, None
        if token is None:
            return Assignment()
        before = list(self._positions)
        self._positions = {partition: self.log_start(partition) for partition in self.broker.log}
        assigned = list(self._positions)
        self._paused.clear()
        if token is LOST:
            self._predictions, self._letters, self._entries = [], [], []
            return Assignment(assigned=assigned, lost=before, settled=True)
        return Assignment(assigned=assigned, revoked=before, settled=True)

    def partitions(self) -> list[Partition]:
        """The broker's."""
        return list(self.broker.log)

    def committed(self, partition: Partition) -> Committed | None:
        """The broker's."""
        self._live()
        return self.broker.committed.get(partition)

    def log_start(self, partition: Partition) -> int:
        """The broker's."""
        return self.broker.starts.get(partition, self.broker.log_start)

    def log_end(self, partition: Partition) -> int | None:
        """The broker's, as far as the script has come."""
        return len(self.broker.log[partition])

    def first(self, partition: Partition) -> int:
        """Where the log starts."""
        return self.log_start(partition)

    def identity(self, partition: Partition) -> str:
        """The broker's."""
        return self.broker.identity

    def seek(self, partition: Partition, offset: int) -> None:
        """Any offset from the log's start to its end."""
        self._live()
        if not self.log_start(partition) <= offset <= len(self.broker.log[partition]):
            raise TransportError(f"{partition} has no offset {offset}: seek between the log's start and its end")
        self._positions[partition] = offset
        self._paused.discard(partition)

    def poll(self, timeout: float) -> list[Records]:
        """What is in the log already, else the script's next events, else its next token. Never waits.

        Raises
        ------
        ScriptCrash
            At CRASH; the client is dead then.
        """
        self._live()
        size = next(self._sizes)
        if self._rebalance or self._finished:
            return []
        flowing = [partition for partition in self._positions if partition not in self._paused]
        if not any(self.lag(partition) for partition in flowing):
            for _ in range(size):
                if not self.broker.take_event():
                    break
        polled = [records for partition in flowing if len(records := self._read(partition, size))]
        if not polled and self.broker.at_token and not any(map(self.lag, self._positions)):
            self._act(self.broker.take_token())
        return polled

    def pause(self, partition: Partition) -> None:
        """Hold its records back."""
        self._paused.add(partition)

    def resume(self, partition: Partition) -> None:
        """Let them come again."""
        self._paused.discard(partition)

    def write_journal(self, partition: Partition, entries: list[bytes]) -> None:
        """Keep them for the next commit."""
        self._live()
        self._entries += [(partition, entry) for entry in entries]

    def journal_span(self, partition: Partition) -> tuple[int, int]:
        """Entries by their number."""
        return self.broker.journal_start, len(self.broker.journal[partition])

    def read_journal(self, partition: Partition, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """The broker's."""
        yield from zip(range(start, end), self.broker.journal[partition][start:end], strict=True)

    def publish(self, output: Output) -> None:
        """Keep it for the next commit."""
        self._live()
        keyed = zip(output.streams, output.predictions, strict=True)
        self._predictions += [(output.partition, stream.encode(), value) for stream, value in keyed]
        self._letters += [
            (output.partition, letter.key, encode_dead_letter(letter, LETTER_BYTES)) for letter in output.dead_letters
        ]

    def commit(self, positions: dict[Partition, Committed]) -> None:
        """All that was published and these positions, in one step, as a Kafka transaction does."""
        self._live()
        for partition, key, value in self._predictions:
            self.broker.predictions[partition].append((key, value))
        for partition, letter_key, value in self._letters:
            self.broker.dead_letters[partition].append((letter_key, value))
        for partition, entry in self._entries:
            self.broker.journal[partition].append(entry)
        self._predictions, self._letters, self._entries = [], [], []
        self.broker.committed |= positions

    def lag(self, partition: Partition) -> int | None:
        """Records of the log after the next one to read; what the script has yet to bring does not count."""
        return len(self.broker.log[partition]) - self._positions[partition]

    @property
    def finished(self) -> bool:
        """True after EOF or the script's end."""
        return self._finished

    def out_of_touch(self) -> float | None:
        """None: there is no other side."""
        return None

    def close(self) -> None:
        """The client is dead; what it did not commit is gone."""
        self._dead = True
        self._predictions, self._letters, self._entries = [], [], []

    def _live(self) -> None:
        if self._dead:
            raise TransportError("this client has crashed or was closed: make another one on its broker")

    def _act(self, token: Token) -> None:
        if token is CRASH:
            self.close()
            raise ScriptCrash
        self._rebalance = token if token in (REBALANCE, LOST) else None
        self._finished = token is EOF

    def _read(self, partition: Partition, size: int) -> Records:
        first = self._positions[partition]
        found = self.broker.log[partition][first : first + size]
        self._positions[partition] = first + len(found)
        return Records(
            partition,
            list(range(first, first + len(found))),
            [record.key for record in found],
            [record.value for record in found],
            [record.timestamp for record in found],
            first + len(found),
        )


def _record(item: Record | bytes | Mapping[str, Any] | tuple[bytes | None, bytes | None]) -> Record:
    if isinstance(item, Record):
        return item
    if isinstance(item, bytes):
        return Record(item)
    if isinstance(item, tuple):
        return Record(item[1], key=item[0])
    stream = item.get("stream")
    key = None if stream is None else str(stream).encode()
    return Record(msgspec.json.encode(item), key)


def _sizes(poll_records: PollSizes) -> Iterator[int]:
    if callable(poll_records):
        while True:
            yield poll_records()
    elif isinstance(poll_records, int):
        yield from repeat(poll_records)
    else:
        yield from poll_records
        yield from repeat(poll_records[-1])
