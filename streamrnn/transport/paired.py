"""Two topics as one log: events, and labels in a topic of their own, in an order that is journalled as it is made."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from streamrnn.events.columns import Output, Partition, Records
from streamrnn.transport.base import Assignment, Committed, LogError, TwoTopics
from streamrnn.transport.journal import Entry, Journal, Place, encode
from streamrnn.transport.pairs import Pairs
from streamrnn.transport.weave import EVENTS, LABELS, Hands, by_journal, by_time

START = Place(0, 0)
PATIENCE_SECONDS = 0.5  # that events wait for labels which are in the log
HELD_SECONDS = 0.01  # longest wait for news while records are in hand


@dataclass(slots=True)
class _Course:
    """One pair on its way.

    Attributes
    ----------
    hands : records that were read and not handed out
    sought : whether it is known where to read
    place : up to where they were
    known : places by their position, from the last commit on
    lineage : whose order is written; empty until the first commit
    caught_up : next offset of events at which the labels in hand go out in any case; None while it is not known
    given : when records were handed out last, or none waited, on the monotonic clock
    entries : the journal from here on; None where it has ended
    runs : of the entry that is followed: whose turn it is, and up to which offset
    unwritten : stretches that wait for the lineage
    """

    hands: Hands
    sought: bool = False
    place: Place = START
    known: dict[int, Place] = field(default_factory=dict)
    lineage: str = ""
    caught_up: int | None = None
    given: float = 0.0
    entries: Iterator[Entry] | None = None
    runs: deque[tuple[int, int]] = field(default_factory=deque)
    unwritten: list[tuple[Place, list[int]]] = field(default_factory=list)


class PairedLog:
    """Shows each pair of partitions, one of events and one of labels, as one partition, that of the events.

    A position is the sum of both next offsets, so it grows with each record of either. The pair itself stands in the
    commits of both partitions. What was read up to a commit comes again in the order that the journal tells; from its
    end on the order is made, by time as far as both logs are at hand. A label that is later than all events at hand
    goes out once all events have that were in the log when it was read; an event that is later than all labels at hand
    waits for those in the log, and not for long.

    Parameters
    ----------
    log : of both topics
    input, labels : their names
    times : event times of records without timestamps, in seconds; NaN where one has none
    """

    ordered = False

    def __init__(self, log: TwoTopics, input: str, labels: str, times: Callable[[Records], list[float]]) -> None:
        self._log = log
        self._pairs = Pairs(log, input, labels)
        self._times = times
        self._courses: dict[Partition, _Course] = {}
        self._going: dict[Partition, _Course] = {}  # revoked, and of which a last commit is possible
        self._failed: LogError | None = None

    def changes(self) -> Assignment:
        """Pairs that changed hands."""
        changes = self._log.changes()
        whole = self._pairs.whole
        paired = Assignment(whole(changes.assigned), whole(changes.revoked), whole(changes.lost), changes.settled)
        self._going = {each: self._courses[each] for each in paired.revoked if each in self._courses}
        for partition in (*paired.revoked, *paired.lost):
            self._courses.pop(partition, None)
        for partition in paired.assigned:
            self._courses[partition] = _Course(Hands(*self._pairs.both(partition)))
        return paired

    def partitions(self) -> list[Partition]:
        """Those of both topics."""
        return self._log.partitions()

    def committed(self, partition: Partition) -> Committed | None:
        """What both were committed at, as one."""
        self._going.pop(partition, None)
        found = self._pairs.committed(partition)
        if found is None:
            return None
        place, lineage = found
        self._courses[partition].lineage = lineage
        return self._told(partition, place, lineage)

    def log_start(self, partition: Partition) -> int:
        """The oldest position from which both logs and the journal reach on; behind the commit where none does."""
        return self._know(partition, self._pairs.start(partition))

    def log_end(self, partition: Partition) -> int | None:
        """The sum of both ends; below the commit where either is."""
        end = self._pairs.end(partition)
        return None if end is None else end.position

    def first(self, partition: Partition) -> int:
        """Where both begin that were never committed."""
        return self._know(partition, Place(*map(self._log.first, self._pairs.both(partition))))

    def identity(self, partition: Partition) -> str:
        """Both topics' where they are known from the start, else that of the events."""
        return self._pairs.identity(partition)

    def seek(self, partition: Partition, offset: int) -> None:
        """Go on at a position, in the journal's order as far as that goes."""
        course = self._courses[partition]
        course.caught_up, course.unwritten = None, []
        course.hands.clear()
        course.entries, course.runs = Journal(self._log, partition, course.lineage).follow(offset), deque()
        first = self._open_entry(partition, course, None)
        known = course.known.get(offset)
        if first is not None and first.position <= offset:
            course.place = _skip_runs(first, course.runs, offset)
            if known is not None and known != course.place:
                raise LogError(f"the journal of {partition} tells another order than its commit at {known}", partition)
        elif known is not None and first is None:
            course.place = known
        else:
            raise LogError(
                f"the journal of {partition} does not tell how its logs went on from position {offset:,}: keep it "
                "longer than the oldest snapshot, and let labels.journal name the one that was written",
                partition,
            )
        course.known[offset], course.sought = course.place, True
        events, labels = self._pairs.both(partition)
        self._log.seek(events, course.place.events)
        self._log.seek(labels, course.place.labels)

    def poll(self, timeout: float) -> list[Records]:
        """New records of both logs, in one order for each pair."""
        held = any(course.hands for course in self._courses.values())
        self._read(min(timeout, HELD_SECONDS) if held else timeout)
        found = [
            records
            for partition, course in self._courses.items()
            if course.sought and (records := self._hand_out(partition, course)) is not None
        ]
        if self._failed is not None and not found:
            raise self._failed
        return found

    def publish(self, output: Output) -> None:
        """Keep it for the commit of the pair."""
        self._log.publish(output)

    def commit(self, positions: dict[Partition, Committed]) -> None:
        """Make output, the journal, and the positions of both logs the truth, together."""
        apart: dict[Partition, Committed] = {}
        courses = {partition: self._going.get(partition) or self._courses[partition] for partition in positions}
        for partition, committed in positions.items():
            course = courses[partition]
            place = course.known[committed.position]
            course.lineage = committed.lineage
            self._write(partition, course)
            events, labels = self._pairs.both(partition)
            apart[events] = Committed(place.events, committed.lineage)
            apart[labels] = Committed(place.labels, committed.lineage)
        self._log.commit(apart)
        for partition, committed in positions.items():
            course = courses[partition]
            course.known = {at: place for at, place in course.known.items() if at >= committed.position}

    def lag(self, partition: Partition) -> int | None:
        """The sum of both."""
        lags = list(self.lags(partition).values())
        return None if None in lags else sum(lag for lag in lags if lag is not None)

    def lags(self, partition: Partition) -> Mapping[Partition, int | None]:
        """Records of each log that were not handed out."""
        both, course = self._pairs.both(partition), self._courses.get(partition)
        if course is None:
            return dict.fromkeys(both)
        lags = {each: self._log.lag(each) for each in both}
        return {
            each: None if lag is None else lag + len(course.hands.held(turn))
            for turn, (each, lag) in enumerate(lags.items())
        }

    def target(self, partition: Partition, named: Mapping[Partition, int]) -> int | None:
        """The position where both logs have gone on as far as was named, from the commit, or the first place."""
        events, labels = self._pairs.both(partition)
        if not {events, labels} & named.keys():
            return None
        committed = self._pairs.committed(partition)
        place = committed[0] if committed is not None else Place(self._log.first(events), self._log.first(labels))
        place = Place(max(place.events, named.get(events, 0)), max(place.labels, named.get(labels, 0)))
        for each, offset in ((events, place.events), (labels, place.labels)):
            end = self._log.log_end(each)
            if each in named and end is not None and offset > end:
                raise LogError(f"--skip-to {each}:{offset} lies behind the log's end, {end}: name a place within it")
        return self._know(partition, place)

    @property
    def numbered_time(self) -> bool:
        """As of the log."""
        return self._log.numbered_time

    @property
    def recoverable(self) -> bool:
        """As of the log."""
        return self._log.recoverable

    @property
    def finished(self) -> bool:
        """Whether the log has ended, and nothing is in hand."""
        return self._log.finished and not any(course.hands for course in self._courses.values())

    def out_of_touch(self) -> float | None:
        """As of the log."""
        return self._log.out_of_touch()

    def close(self) -> None:
        """As of the log."""
        self._log.close()

    def _know(self, partition: Partition, place: Place) -> int:
        self._courses[partition].known[place.position] = place
        return place.position

    def _told(self, partition: Partition, place: Place, lineage: str) -> Committed:
        return Committed(self._know(partition, place), lineage)

    def _read(self, timeout: float) -> None:
        """Take what the log has into the hands of each pair."""
        if self._failed is not None:
            return
        try:
            polled = self._log.poll(timeout)
        except LogError as error:  # what came before it goes out first
            owner = None if error.partition is None else self._pairs.owner(error.partition)
            self._failed = LogError(str(error), owner)
            self._failed.__cause__ = error
            return
        for records in polled:
            course = self._courses.get(self._pairs.owner(records.partition))
            if course is not None:
                turn = self._pairs.turn(records.partition)
                course.hands.take(turn, records, course.place.labels if turn == LABELS else course.place.events)

    def _hand_out(self, partition: Partition, course: _Course) -> Records | None:
        """What is next of a pair; None where nothing is."""
        start = course.place
        events, labels = self._pairs.both(partition)
        if course.entries is not None:
            order = by_journal(course.hands, course.runs)
        elif course.lineage or self._log.identity(events):
            order = by_time(course.hands, self._times, *self._more(partition, course))
        else:  # the lineage is to be named after the first event
            return None
        records = None
        if len(order):
            records, runs, course.place = course.hands.give(order, start)
            course.given = time.monotonic()
            if not len(course.hands.held(LABELS)):
                course.caught_up = None
            course.known[course.place.position] = course.place
            if course.entries is None:
                course.unwritten.append((start, runs))
                self._write(partition, course)
        if course.entries is not None and not course.runs:
            self._open_entry(partition, course, course.place)
        for turn, each in ((EVENTS, events), (LABELS, labels)):
            (self._log.pause if len(course.hands.held(turn)) else self._log.resume)(each)
        return records

    def _more(self, partition: Partition, course: _Course) -> tuple[bool, bool]:
        """Whether the labels at hand wait for events, and events for labels.

        Labels do until all events are at hand that were in the log when they were read. Events do while labels are in
        the log, and not for long: they must be answered though labels cannot be read.
        """
        if self._failed is not None:
            return False, False
        events, labels = self._pairs.both(partition)
        held = course.hands.held(EVENTS)
        at_hand = held.next_offset if len(held) else course.place.events
        if len(course.hands.held(LABELS)) and course.caught_up is None:
            lag = self._log.lag(events)
            course.caught_up = None if lag is None else at_hand + lag
        if not len(held):
            course.given = time.monotonic()  # nothing waits
        patient = time.monotonic() - course.given < PATIENCE_SECONDS
        return course.caught_up is None or at_hand < course.caught_up, patient and self._log.lag(labels) != 0

    def _open_entry(self, partition: Partition, course: _Course, place: Place | None) -> Place | None:
        """Follow the next entry, which must begin at ``place`` unless that is None; where it begins, or None where the
        journal has ended."""
        assert course.entries is not None
        entry = next(course.entries, None)
        if entry is None:
            course.entries = None
            return None
        if place is not None and entry.place != place:
            raise LogError(
                f"the journal of {partition} has a hole: it goes on at {entry.place} where {place} was expected. Keep "
                "all that is written to labels.journal, and let nothing else write to it",
                partition,
            )
        at = entry.place
        for turn, count in enumerate(entry.runs):
            at = at.after(turn, count)
            if count:
                course.runs.append((turn % 2, at.labels if turn % 2 else at.events))
        return entry.place

    def _write(self, partition: Partition, course: _Course) -> None:
        """Tell the journal of what was handed out, once there is a lineage to tell it of."""
        if course.lineage:
            entries = [entry for place, runs in course.unwritten for entry in encode(course.lineage, place, runs)]
            course.unwritten = []
            if entries:
                self._log.write_journal(partition, entries)


def _skip_runs(place: Place, runs: deque[tuple[int, int]], position: int) -> Place:
    """Where a position lies along runs, which then begin there."""
    while place.position < position:
        turn, upto = runs[0]
        end = Place(place.events, upto) if turn == LABELS else Place(upto, place.labels)
        if end.position > position:
            return place.after(turn, position - place.position)
        runs.popleft()
        place = end
    return place
