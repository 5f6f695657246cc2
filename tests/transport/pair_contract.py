"""What every transport promises of two topics, whatever it reads from."""

from __future__ import annotations

import time
from collections.abc import Callable

from streamrnn.events.columns import Partition, origin
from streamrnn.transport.base import Committed
from streamrnn.transport.paired import PairedLog
from tests.helpers import output

WAIT = 30.0


def opened(log: PairedLog) -> Partition:
    """The pair of number 0, once it is assigned; the others are sought, as a client must that wants to poll."""
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        assigned = log.changes().assigned
        if assigned:
            for other in sorted(assigned)[1:]:
                committed = log.committed(other)
                log.seek(other, log.first(other) if committed is None else committed.position)
            return min(assigned)
        log.poll(0.05)
    raise AssertionError("nothing was assigned")


def read(log: PairedLog, partition: Partition, count: int) -> tuple[list[tuple[Partition, int]], list[int]]:
    """Where the next records stand, so many at least, and the positions behind each poll."""
    places: list[tuple[Partition, int]] = []
    ends: list[int] = []
    deadline = time.monotonic() + WAIT
    while len(places) < count and time.monotonic() < deadline:
        for records in log.poll(0.05):
            if records.partition == partition:
                assert records.beside is not None and records.positions == sorted(set(records.positions or []))
                places += [origin(partition, records.beside, offset) for offset in records.offsets]
                ends.append(records.next_offset)
    assert len(places) >= count
    return places, ends


def check_pair(open_log: Callable[[int], PairedLog], labels: str, count: int) -> None:
    """Two topics of ``count`` records each in partition 0, which were never read.

    What was committed comes again in the same order, cut as it may be; what was not may come in another; nothing is
    left out or comes twice.
    """
    log = open_log(7)
    partition = opened(log)
    beside = Partition(labels, partition.number)
    assert {partition, beside} <= set(log.partitions())
    assert log.committed(partition) is None
    start = log.first(partition)
    assert start == log.log_start(partition)
    log.commit({partition: Committed(start, "lineage")})
    log.seek(partition, start)
    before, ends = read(log, partition, 2 * count)
    assert sorted(before) == [(each, offset) for each in (partition, beside) for offset in range(count)]
    middle = len(ends) // 2
    log.publish(output(partition, b"answer"))
    log.commit({partition: Committed(ends[middle], "lineage")})
    log.close()

    log = open_log(1000)
    partition = opened(log)
    committed = log.committed(partition)
    assert committed == Committed(ends[middle], "lineage")
    assert log.log_start(partition) == start
    assert log.log_end(partition) in (None, start + 2 * count)
    log.seek(partition, ends[0])
    after, _ = read(log, partition, 2 * count - ends[0])
    assert len(set(after)) == len(after) and set(after) | set(before[: ends[0]]) == set(before)
    assert after[: ends[middle] - ends[0]] == before[ends[0] : ends[middle]]
    assert set(log.lags(partition).values()) == {0} and log.lag(partition) == 0
    log.commit({partition: Committed(2 * count, "lineage")})
    log.close()

    log = open_log(3)
    partition = opened(log)
    assert log.committed(partition) == Committed(2 * count, "lineage")
    log.seek(partition, ends[0])
    again, _ = read(log, partition, 2 * count - ends[0])
    assert again == after
    log.close()
