"""What happened is told in few words, and in bounded room."""

import logging

import pytest

from streamrnn.events.columns import DeadLetter, Partition
from streamrnn.page.diary import MOST_ERRORS, MOST_MARKS, Diary, DiaryHandler, Trouble
from tests.helpers import Clock

HERE = Partition("events", 3)


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)


@pytest.fixture
def diary(clock: Clock) -> Diary:
    return Diary(clock)


def test_marks_tell_what_and_when(diary: Diary, clock: Clock) -> None:
    diary.on_state("running")
    clock.now += 2
    diary.on_snapshot(HERE, True, 0.25, 1_234_567)
    diary.on_snapshot(HERE, False, 0.25, 0)
    diary.on_assignment(HERE, 4, "revoked")
    diary.on_failure("fenced")
    assert [(each.time, each.kind, each.text) for each in diary.marks] == [
        (1000.0, "state", "running"),
        (1002.0, "snapshot", "events-3, 1,234,567 bytes in 0.25 s"),
        (1002.0, "snapshot failed", "events-3"),
        (1002.0, "rebalance", "events-3 revoked"),
        (1002.0, "failure", "fenced"),
    ]
    assert diary.state == "running"


def test_what_happens_to_many_partitions_at_once_is_one_mark(diary: Diary, clock: Clock) -> None:
    for number in range(300):
        diary.on_assignment(Partition("events", number), number, "assigned")
    clock.now += 5
    diary.on_assignment(HERE, 3, "lost")
    assert [(each.times, each.text) for each in diary.marks] == [(300, "events-299 assigned"), (1, "events-3 lost")]


def test_a_dead_letter_is_told_with_its_place_and_never_with_its_bytes(diary: Diary) -> None:
    letter = DeadLetter("not_json", "expected a value " + "x" * 1000, HERE, 77, b"secret-key", b"secret-value")
    diary.on_refused(HERE, [letter])
    (told,) = diary.errors
    assert (told.kind, told.topic, told.partition, told.offset) == ("not_json", "events", 3, 77)
    assert len(told.text) == 300 and "secret" not in told.text


def test_a_flood_is_bounded(diary: Diary, clock: Clock) -> None:
    letters = [DeadLetter("late", "late", HERE, offset, None, None) for offset in range(10_000)]
    diary.on_refused(HERE, letters)
    assert [each.offset for each in diary.errors] == list(range(10_000 - MOST_ERRORS, 10_000))
    for _ in range(3 * MOST_MARKS):
        clock.now += 2
        diary.on_state("running")
    assert len(diary.marks) == MOST_MARKS


def test_the_logs_warnings_are_among_the_errors(diary: Diary) -> None:
    logger = logging.Logger("streamrnn.test")
    logger.addHandler(DiaryHandler(diary))
    logger.info("nothing to see")
    logger.warning("state given up", extra={"partition": "events-3"})
    logger.error("refused", extra={"topic": "events", "partition": 1, "offset": 5})
    assert [(each.kind, each.text, each.topic, each.partition, each.offset) for each in diary.errors] == [
        ("warning", "state given up", "events", 3, -1),
        ("error", "refused", "events", 1, 5),
    ]
    assert isinstance(diary.errors[0], Trouble)
