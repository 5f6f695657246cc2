"""What every transport promises, whatever it reads from."""

import json
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from streamrnn.events import Records
from streamrnn.transport import Committed, Transport
from streamrnn.transport.directory import DirectoryLog
from streamrnn.transport.script import ScriptLog
from streamrnn.transport.standard import StandardInput
from tests.helpers import output

LINES = [b"%d" % number for number in range(25)]


@dataclass
class Case:
    log: Transport
    answers: Callable[[], list[bytes]]
    letters: Callable[[], list[bytes]]
    clean_up: Callable[[], object] = lambda: None


def directory(folder: Path) -> Case:
    (folder / "events").mkdir()
    (folder / "events/0.jsonl").write_bytes(b"".join(line + b"\n" for line in LINES))

    def lines(topic: str) -> list[bytes]:
        return (folder / topic / "0.jsonl").read_bytes().splitlines()

    log = DirectoryLog(folder, "events", "predictions", "dead-letters", poll_records=10, fsync=False)
    return Case(log, lambda: lines("predictions"), lambda: lines("dead-letters"))


def standard(folder: Path) -> Case:
    (folder / "input").write_bytes(b"".join(line + b"\n" for line in LINES))
    descriptors = [os.open(folder / name, os.O_RDWR | os.O_CREAT) for name in ("input", "output", "errors")]
    log = StandardInput(10, *descriptors)
    return Case(
        log,
        lambda: (folder / "output").read_bytes().splitlines(),
        lambda: (folder / "errors").read_bytes().splitlines(),
        lambda: [os.close(descriptor) for descriptor in descriptors],
    )


def script(folder: Path) -> Case:
    log = ScriptLog(LINES, poll_records=10)
    [partition] = log.broker.log
    return Case(
        log,
        lambda: [value for _, value in log.broker.predictions[partition]],
        lambda: [value for _, value in log.broker.dead_letters[partition]],
    )


@pytest.fixture(params=[directory, standard, script])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    made: Case = request.param(tmp_path)
    yield made
    made.log.close()
    made.clean_up()


def read_all(log: Transport, count: int) -> list[Records]:
    polled: list[Records] = []
    for _ in range(100):
        polled += log.poll(0.05)
        if sum(map(len, polled)) >= count:
            break
    return polled


def test_the_first_changes_assign_and_the_next_say_nothing(case: Case) -> None:
    assert len(case.log.changes().assigned) == 1
    assert case.log.changes().assigned == []


def test_the_partitions_are_known_before_they_are_assigned(case: Case) -> None:
    before = case.log.partitions()
    assert case.log.changes().assigned == before == case.log.partitions()


def test_a_new_log_has_no_commit_and_starts_at_0(case: Case) -> None:
    [partition] = case.log.changes().assigned
    assert case.log.committed(partition) is None
    assert case.log.log_start(partition) == 0


def test_records_come_once_in_order_in_bounded_polls(case: Case) -> None:
    [partition] = case.log.changes().assigned
    case.log.seek(partition, 0)
    polled = read_all(case.log, len(LINES))
    assert [value for records in polled for value in records.values] == LINES
    assert [offset for records in polled for offset in records.offsets] == list(range(25))
    assert all(records.partition == partition and 0 < len(records) <= 10 for records in polled)
    assert all(records.next_offset == records.offsets[-1] + 1 for records in polled)
    assert all(len(records.keys) == len(records.timestamps) == len(records) for records in polled)
    assert all(math.isnan(time) for records in polled for time in records.timestamps)
    assert case.log.poll(0) == []


def test_output_shows_with_the_commit_and_not_before(case: Case) -> None:
    [partition] = case.log.changes().assigned
    read_all(case.log, len(LINES))
    case.log.publish(output(partition, b"p0", b"p1", refused=2))
    assert case.answers() == []
    assert case.letters() == []
    case.log.commit({partition: Committed(25, "lineage")})
    assert case.answers() == [b"p0", b"p1"]
    assert [json.loads(letter)["source"]["offset"] for letter in case.letters()] == [2]
    case.log.commit({partition: Committed(25, "lineage")})
    assert case.answers() == [b"p0", b"p1"]


def test_at_the_end_nothing_lags(case: Case) -> None:
    [partition] = case.log.changes().assigned
    read_all(case.log, len(LINES))
    case.log.poll(0.05)
    assert case.log.lag(partition) == 0


def test_identity_stays(case: Case) -> None:
    [partition] = case.log.changes().assigned
    before = case.log.identity(partition)
    read_all(case.log, len(LINES))
    assert case.log.identity(partition) == before
