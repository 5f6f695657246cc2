"""A script plays its mishaps once each, and its broker outlasts them."""

import pytest

from streamrnn.events import Partition
from streamrnn.transport import Committed, TransportError
from streamrnn.transport.script import CRASH, EOF, REBALANCE, STALL, Record, ScriptCrash, ScriptLog
from tests.helpers import output

P0 = Partition("events", 0)


def started(log: ScriptLog) -> ScriptLog:
    log.changes()
    return log


def poll(log: ScriptLog) -> list[bytes | None]:
    return [value for records in log.poll(0) for value in records.values]


def test_events_come_in_order_and_then_the_log_ends() -> None:
    log = started(ScriptLog([b"one", (b"key", b"two"), {"stream": "a", "value": 1}]))
    [records] = log.poll(0)
    assert records.values == [b"one", b"two", b'{"stream":"a","value":1}']
    assert records.keys == [None, b"key", b"a"]
    assert not log.finished
    assert log.poll(0) == []
    assert log.finished


def test_poll_sizes_follow_the_script() -> None:
    sizes = [1, 3, 2]
    log = started(ScriptLog([b"%d" % n for n in range(10)], poll_records=sizes))
    assert [len(poll(log)) for _ in range(5)] == [1, 3, 2, 2, 2]
    asked = iter(sizes)
    log = started(ScriptLog([b"%d" % n for n in range(6)], poll_records=lambda: next(asked)))
    assert [len(poll(log)) for _ in range(3)] == sizes


def test_a_crash_loses_what_was_not_committed_and_the_next_client_goes_on() -> None:
    log = started(ScriptLog([b"one", b"two", CRASH, b"three"], poll_records=1))
    poll(log)
    log.publish(output(P0, b"p1", refused=1))
    log.commit({P0: Committed(1, "L")})
    poll(log)
    log.publish(output(P0, b"p2"))
    with pytest.raises(ScriptCrash):
        log.poll(0)
    again = started(ScriptLog(log.broker))
    assert again.committed(P0) == Committed(1, "L")
    assert again.broker.predictions[P0] == [(b"a", b"p1")]
    assert len(again.broker.dead_letters[P0]) == 1
    again.seek(P0, 1)
    assert poll(again) == [b"two"]
    assert poll(again) == [b"three"]


def test_a_crashed_client_can_do_nothing() -> None:
    log = started(ScriptLog([CRASH]))
    with pytest.raises(ScriptCrash):
        log.poll(0)
    with pytest.raises(TransportError, match="another one on its broker"):
        log.commit({P0: Committed(1, "L")})


def test_a_rebalance_takes_all_away_and_gives_it_back() -> None:
    log = started(ScriptLog([b"one", REBALANCE, b"two"]))
    poll(log)
    assert poll(log) == []
    assert poll(log) == []  # nothing comes until the change was taken note of
    changes = log.changes()
    assert changes.revoked == changes.assigned == [P0]
    log.seek(P0, 1)
    assert poll(log) == [b"two"]


def test_a_stall_is_one_empty_poll() -> None:
    log = started(ScriptLog([b"one", STALL, STALL, b"two"]))
    assert [poll(log) for _ in range(4)] == [[b"one"], [], [], [b"two"]]
    assert not log.finished


def test_after_eof_the_next_client_goes_on() -> None:
    log = started(ScriptLog([b"one", EOF, b"two"]))
    poll(log)
    assert poll(log) == []
    assert log.finished
    again = started(ScriptLog(log.broker))
    again.seek(P0, 1)
    assert not again.finished
    assert poll(again) == [b"two"]


def test_a_stream_stays_in_its_partition() -> None:
    events = [{"stream": f"s{n % 7}", "n": n} for n in range(50)]
    log = started(ScriptLog([*events, Record(b"mine", partition=2)], partitions=3))
    log.poll(0)
    homes: dict[bytes | None, set[int]] = {}
    for partition, records in log.broker.log.items():
        for record in records:
            homes.setdefault(record.key, set()).add(partition.number)
    assert all(len(home) == 1 for home in homes.values())
    assert homes[None] == {2}


def test_retention_is_the_broker_s() -> None:
    log = started(ScriptLog([b"one", b"two"]))
    poll(log)
    log.broker.log_start = 1
    assert log.log_start(P0) == 1
    with pytest.raises(TransportError, match="no offset 0"):
        log.seek(P0, 0)
