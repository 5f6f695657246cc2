"""A rolling restart of two members under load with another learning rate: nothing lost, doubled, or carried back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streamrnn.exits import ExitCode
from streamrnn.snapshots.header import Header
from streamrnn.snapshots.store import DirectoryStore
from tests.kafka.conftest import Running, Topics
from tests.kafka.test_log import by_stream, check_order, event

Start = Callable[..., Running]
OLD = ["snapshots.revision=1"]
NEW = ["snapshots.revision=2", "model.learning_rate=0.02"]


class Load:
    """Ten events a turn, until told to stop."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.sent = 0

    @contextmanager
    def flowing(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._end.set()
            self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(0.05):
            self._topics.produce([event(i) for i in range(10)], by_stream)
            self.sent += 10


def lineages(found: dict[int, list[Any]]) -> dict[int, list[tuple[str, int]]]:
    """Of each partition's answers, in their order, each lineage and the first offset that it answered."""
    runs: dict[int, list[tuple[str, int]]] = {}
    for number, records in found.items():
        told = [msgspec.json.decode(record.value) for record in records]
        grouped = groupby(told, key=lambda answer: answer["lineage"])
        runs[number] = [(lineage, next(answers)["source"]["offset"]) for lineage, answers in grouped]
    return runs


def newest(folder: Path, topics: Topics, number: int, lineage: str) -> Header:
    found = DirectoryStore(folder, 3).load_newest(f"{topics.name}-in-{number}", lineage, 2**62, lambda *_: None)
    assert found is not None
    return found[0]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("static", [True, False])
def test_a_rolling_restart_changes_the_lineage_of_each_partition_once(
    topics: Topics, start: Start, tmp_path: Path, static: bool
) -> None:
    def member(name: str, overrides: list[str]) -> Running:
        return start(*overrides, *([f"kafka.group_instance_id={name}"] if static else []))

    def answer(running: Running) -> None:
        """Wait for answers that nobody but this member, or its like, can have given."""
        topics.read_some("out", load.sent + 40)
        assert running.code is None

    load = Load(topics)
    with load.flowing():
        members = {name: member(name, OLD) for name in ("one", "two")}
        for running in members.values():
            answer(running)
        for name in members:
            assert members[name].stop() == ExitCode.OK
            members[name] = member(name, NEW)
            answer(members[name])
    found = topics.read("out", load.sent)
    for running in members.values():
        assert running.stop() == ExitCode.OK
    check_order(found)
    for number, runs in lineages(found).items():
        (old, first), (new, position) = runs
        header = newest(tmp_path / "snapshots", topics, number, new)
        (carried,) = header.carried_over
        assert (carried.origin.lineage, carried.origin.position, first) == (old, position, 0)
        assert carried.whole and carried.changed == ("model.learning_rate was 0.002 and is 0.02",)
        assert header.position == len(found[number]) and header.revision == 2


def test_a_member_that_is_behind_stops_and_leaves_its_partitions_to_those_ahead(
    topics: Topics, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    topics.produce([event(i) for i in range(100)], by_stream)
    old = start(*OLD)
    topics.read("out", 100)
    assert old.stop() == ExitCode.OK
    new = start(*NEW)
    topics.produce([event(i) for i in range(100)], by_stream)
    topics.read("out", 200)
    behind = start(*OLD)
    assert behind.wait() == ExitCode.STATE
    assert "if another member has newer settings" in caplog.text
    topics.produce([event(i) for i in range(100)], by_stream)
    found = topics.read("out", 300)
    assert new.code is None
    check_order(found)
    assert all(len(runs) == 2 for runs in lineages(found).values())
