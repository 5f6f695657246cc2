"""Finding one's way in a journal: by bisection where it is long, through the entries of other lineages."""

from collections.abc import Iterator

import pytest

from streamrnn.events.columns import Partition
from streamrnn.transport.journal import MOST_RUNS, Journal, Place, encode

HERE = Partition("events", 0)


class Kept:
    """Entries at every third place, and how often they were looked at."""

    def __init__(self, entries: list[bytes], start: int = 0) -> None:
        self._entries = {3 * i: entry for i, entry in enumerate(entries)}
        self._start = start
        self.read = 0

    def journal_span(self, partition: Partition) -> tuple[int, int]:
        return self._start, 3 * len(self._entries)

    def read_journal(self, partition: Partition, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        for at in range(max(self._start, start), end):
            if at in self._entries:
                self.read += 1
                yield at, self._entries[at]


def stretch(lineage: str, place: Place, count: int) -> list[bytes]:
    """Entries of two events and a label each."""
    made = []
    for _ in range(count):
        [entry] = encode(lineage, place, [2, 1])
        made.append(entry)
        place = place.after(0, 2).after(1, 1)
    return made


def test_a_position_is_found_in_few_looks() -> None:
    source = Kept([*stretch("old", Place(0, 0), 2000), *stretch("new", Place(100, 40), 3000)])
    found = {140: Place(100, 40), 141: Place(100, 40), 143: Place(102, 41), 9001: Place(6006, 2993)}
    for position, begins in found.items():
        source.read = 0
        entry = next(Journal(source, HERE, "new").follow(position))
        assert entry.place == begins
        assert source.read < 200
    assert list(Journal(source, HERE, "new").follow(140 + 9000)) == []
    assert len(list(Journal(source, HERE, "new").follow(140))) == 3000


@pytest.mark.parametrize(
    ("start", "found"),
    [
        (Place(0, 0), Place(100, 40)), (Place(105, 0), Place(106, 43)), (Place(0, 51), Place(122, 51)),
        (Place(99999, 0), None),
    ],
)  # fmt: skip
def test_the_oldest_entry_needs_nothing_that_is_gone(start: Place, found: Place | None) -> None:
    source = Kept([*stretch("old", Place(0, 0), 2000), *stretch("new", Place(100, 40), 3000)])
    assert Journal(source, HERE, "new").oldest(start) == found


def test_of_a_journal_that_was_shortened_the_rest_is_found() -> None:
    source = Kept(stretch("new", Place(0, 0), 1000), start=2000)
    assert Journal(source, HERE, "new").oldest(Place(0, 0)) == Place(2 * 667, 667)
    assert Journal(source, HERE, "other").oldest(Place(0, 0)) is None


def test_a_long_stretch_is_told_in_several_entries_that_follow_one_another() -> None:
    runs = [1] * (2 * MOST_RUNS + 3)
    source = Kept(encode("x", Place(7, 9), runs))
    entries = list(Journal(source, HERE, "x").follow(16))
    assert [len(entry.runs) for entry in entries] == [MOST_RUNS, MOST_RUNS, 3]
    assert entries[0].place == Place(7, 9)
    assert [entry.end for entry in entries[:-1]] == [entry.place for entry in entries[1:]]
    assert entries[-1].end.position == 16 + len(runs)
