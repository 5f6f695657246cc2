"""A look at a log finds what a start would find, and leaves no trace."""

from collections.abc import Callable
from pathlib import Path

import pytest

from streamrnn.events import Partition
from streamrnn.transport import Committed, TransportError
from streamrnn.transport.directory import DirectoryLog
from streamrnn.transport.look import DirectoryLook
from tests.helpers import output

P0, P1 = Partition("events", 0), Partition("events", 1)
Open = Callable[..., DirectoryLog]
Write = Callable[..., None]


def look(root: Path) -> DirectoryLook:
    return DirectoryLook(root, "events", "predictions", "dead-letters")


def test_it_finds_partitions_commits_and_the_next_records(open_log: Open, write: Write, root: Path) -> None:
    write(b"one\ntwo\nthree\n")
    log = open_log()
    log.changes()
    log.publish(output(P0, b"p1"))
    log.commit({P0: Committed(1, "L")})
    log.close()
    write(b"other\n", number=1)
    before = sorted(root.rglob("*"))
    found = look(root)
    assert found.partitions() == {P0: Committed(1, "L"), P1: None}
    records = found.next_records(P0, 10)
    assert (records.offsets, records.values, records.next_offset) == ([1, 2], [b"two", b"three"], 3)
    assert found.next_records(P0, 1).values == [b"two"]
    assert found.next_records(P1, 10).offsets == [0]
    assert sorted(root.rglob("*")) == before


def test_a_log_that_was_never_opened_stays_untouched(write: Write, root: Path) -> None:
    write(b"one\n")
    assert look(root).partitions() == {P0: None}
    assert sorted(path.name for path in root.rglob("*")) == ["0.jsonl", "events"]


def test_a_log_that_is_worked_on_is_refused_and_not_let_go(open_log: Open, root: Path) -> None:
    open_log()
    with pytest.raises(TransportError, match="another process"):
        look(root)
    with pytest.raises(TransportError, match="another process"):
        open_log()
