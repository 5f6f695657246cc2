"""Records of two logs in one order: by time, or by what the journal says."""

import math
from collections import deque

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrnn.events.columns import Partition, Records, origin
from streamrnn.transport.base import LogError
from streamrnn.transport.journal import Entry, Place, encode
from streamrnn.transport.weave import EVENTS, LABELS, Hands, by_journal, by_time

PAIR = Partition("events", 0), Partition("labels", 0)


TIMES = st.sampled_from([*map(float, range(10)), math.nan])


def taken(turn: int, times: list[float], first: int = 0, step: int = 1) -> Records:
    n = len(times)
    offsets = list(range(first, first + n * step, step))
    values: list[bytes | None] = [b"%s%d" % (b"el"[turn : turn + 1], offset) for offset in offsets]
    return Records(PAIR[turn], offsets, [None] * n, values, times, offsets[-1] + 1 if n else first)


def hands(events: list[float], labels: list[float]) -> Hands:
    made = Hands(*PAIR)
    made.take(EVENTS, taken(EVENTS, events), 0)
    made.take(LABELS, taken(LABELS, labels), 0)
    return made


def woven(
    events: list[float], labels: list[float], more_events: bool = False, more_labels: bool = False
) -> list[bytes]:
    made = hands(events, labels)
    order = by_time(made, lambda records: records.timestamps, more_events, more_labels)
    return [] if not len(order) else made.give(order, Place(0, 0))[0].values  # type: ignore[return-value]


def test_records_go_by_time_and_of_the_same_time_events_first() -> None:
    assert woven([1, 2, 4], [2, 3, 9]) == [b"e0", b"e1", b"l0", b"l1", b"e2", b"l2"]


def test_what_comes_after_the_last_of_the_other_log_waits_while_there_will_be_more_of_that() -> None:
    assert woven([1, 2], [0, 3], more_events=True) == [b"l0", b"e0", b"e1"]
    assert woven([1, 5], [0, 3], more_labels=True) == [b"l0", b"e0", b"l1"]
    assert woven([], [1], more_events=True) == woven([1], [], more_labels=True) == []
    assert woven([], [1]) == [b"l0"]
    assert woven([1], []) == [b"e0"]


def test_a_record_without_a_time_goes_with_the_one_before_it_and_a_first_label_with_the_one_behind() -> None:
    assert woven([1, math.nan, 5], [3]) == [b"e0", b"e1", b"l0", b"e2"]
    assert woven([1, 2], [math.nan]) == [b"e0", b"e1", b"l0"]
    assert woven([1, 5], [math.nan, 3, 4]) == [b"e0", b"l0", b"l1", b"l2", b"e1"]


@given(events=st.lists(TIMES, max_size=12), labels=st.lists(TIMES, max_size=12), more=st.tuples(*[st.booleans()] * 2))
def test_each_log_keeps_its_own_order_whatever_the_times(
    events: list[float], labels: list[float], more: tuple[bool, bool]
) -> None:
    found = woven(events, labels, *more)
    for letter in (b"e", b"l"):
        of_one = [value for value in found if value.startswith(letter)]
        assert of_one == [letter + b"%d" % number for number in range(len(of_one))]
    assert any(more) or len(found) == len(events) + len(labels)


@given(
    steps=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    times=st.tuples(*[st.lists(TIMES, min_size=1, max_size=20)] * 2),
    cut=st.integers(0, 40),
)
def test_the_runs_of_an_order_give_that_order_again_however_the_records_come(
    steps: tuple[int, int], times: tuple[list[float], list[float]], cut: int
) -> None:
    start = Place(5, 3)
    both = [taken(turn, times[turn], first, steps[turn]) for turn, first in enumerate((5, 3))]
    made = Hands(*PAIR)
    for turn, records in enumerate(both):
        made.take(turn, records, 0)
    order = by_time(made, lambda records: records.timestamps, False, False)
    once, runs, end = made.give(order, start)
    assert not made and once.next_offset == end.position
    assert once.positions == sorted(set(once.positions or []))
    assert [origin(*PAIR, offset)[0] for offset in once.offsets].count(PAIR[1]) == len(times[1])

    [entry] = [msgspec.json.decode(each, type=Entry) for each in encode("x", start, runs)]
    assert (entry.place, entry.end) == (start, end)
    told: deque[tuple[int, int]] = deque()
    at = start
    for turn, count in enumerate(entry.runs):
        at = at.after(turn, count)
        if count:
            told.append((turn % 2, at.labels if turn % 2 else at.events))
    again: list[int] = []
    place = start
    for turn, records in ((0, both[0].split(cut)[0]), (1, both[1]), (0, both[0])):
        made.take(turn, records, place.labels if turn else place.events)
        order = by_journal(made, told)
        if len(order):
            piece, _, place = made.give(order, place)
            again += piece.offsets
    assert again == once.offsets and not told


def test_a_record_that_is_gone_is_missed() -> None:
    made = hands([1.0] * 3, [])
    made.clear()
    made.take(EVENTS, taken(EVENTS, [1.0] * 3, first=4), 0)
    with pytest.raises(LogError, match="no longer has its record at 2"):
        by_journal(made, deque([(EVENTS, 3)]))


def test_what_a_seek_has_overtaken_is_not_taken() -> None:
    made = Hands(*PAIR)
    made.take(EVENTS, taken(EVENTS, [1.0] * 5), 3)
    made.take(EVENTS, taken(EVENTS, [1.0] * 6), 3)
    assert made.held(EVENTS).offsets == [3, 4, 5]
    np.testing.assert_array_equal(by_time(made, lambda records: records.timestamps, True, False), np.arange(3))
