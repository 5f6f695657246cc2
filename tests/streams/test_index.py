"""Streams come, expire, are evicted and end by the log alone."""

import numpy as np

from streamrnn.streams.index import StreamIndex, saved_slot
from tests.helpers import events, settings


def assign(index: StreamIndex, streams: str, times: list[float] | None = None, **ends: bool):
    batch = events(np.zeros(len(streams)), list(streams), times)
    return index.assign(batch)


def test_a_stream_keeps_its_slot() -> None:
    assigned = assign(StreamIndex(settings()), "abab")
    assert assigned.slots.tolist() == [0, 1, 0, 1]
    assert assigned.fresh.tolist() == [True, True, False, False]
    assert assigned.live.tolist() == [1, 2, 2, 2]


def test_beyond_the_cap_the_stream_seen_longest_ago_goes() -> None:
    index = StreamIndex(settings("streams.max_live=2"))
    assigned = assign(index, "abacb")
    assert assigned.fresh.tolist() == [True, True, False, True, True]
    assert assigned.slots.tolist() == [0, 1, 0, 1, 0]
    assert assigned.expired == {"capacity": 2}


def test_a_silent_stream_expires_by_event_time() -> None:
    index = StreamIndex(settings("streams.expire_after=10"))
    assigned = assign(index, "abba", [0.0, 5.0, 11.0, 12.0])
    assert assigned.fresh.tolist() == [True, True, False, True]
    assert assigned.expired == {"time": 1}


def test_a_tombstone_ends_its_stream() -> None:
    index = StreamIndex(settings())
    batch = events([1.0, np.nan, 2.0])
    batch.ends[1] = True
    assigned = index.assign(batch)
    assert assigned.rows.tolist() == [0, 2]
    assert assigned.ended.tolist() == [1]
    assert assigned.fresh.tolist() == [True, True]


def test_late_events_are_processed_and_counted_or_dropped_as_settings_say() -> None:
    times = [10.0, 4.0, 9.0]
    processed = assign(StreamIndex(settings()), "aaa", times)
    assert processed.late == 2 and len(processed.rows) == 3
    dropped = assign(StreamIndex(settings("events.late=drop", "events.late_by=5")), "aaa", times)
    assert [(row, reason) for row, reason, _ in dropped.refused] == [(1, "late")]
    assert dropped.rows.tolist() == [0, 2] and dropped.late == 1


def test_an_event_far_ahead_of_the_clock_moves_nothing() -> None:
    index = StreamIndex(settings("events.max_ahead=100", "streams.expire_after=50"))
    assigned = assign(index, "abab", [0.0, 1e9, 1.0, 2.0])
    assert [(row, reason) for row, reason, _ in assigned.refused] == [(1, "ahead")]
    assert assigned.expired == {}
    assert len(index) == 2


def test_a_saved_index_goes_on_as_if_never_stopped() -> None:
    chosen = settings("streams.max_live=3", "streams.expire_after=20")
    rng = np.random.default_rng(0)
    streams = "".join(rng.choice(list("abcdefg"), 500))
    times = np.cumsum(rng.random(500) * 8).tolist()
    whole = StreamIndex(chosen)
    expected = assign(whole, streams, times)
    first = StreamIndex(chosen)
    assign(first, streams[:200], times[:200])
    second = StreamIndex(chosen)
    second.load(first.saved())
    rest = assign(second, streams[200:], times[200:])
    np.testing.assert_array_equal(rest.slots, expected.slots[200:])
    np.testing.assert_array_equal(rest.fresh, expected.fresh[200:])
    last = streams[-1]
    assert saved_slot(second.saved(), last) == whole.slot(last)
