"""When ``/readyz`` says no, and why."""

from types import SimpleNamespace
from typing import Any

import pytest

from streamrnn.observe.readiness import Readiness
from streamrnn.settings.logs import Kafka
from streamrnn.settings.service import Http
from tests.helpers import Clock


def partitions(replaying: bool = False, held: int = 1, restoring: str | None = None) -> Any:
    shards = {f"events-{number}": SimpleNamespace(replaying=replaying) for number in range(held)}
    return SimpleNamespace(held=shards, waiting=set(), restoring=restoring)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def readiness(clock: Clock, of: Any = None, **limits: Any) -> Readiness:
    return Readiness(Http(ready_within=10.0, **limits), of or partitions(), clock)


def test_it_is_ready_with_partitions_that_keep_up(clock: Clock) -> None:
    ready = readiness(clock)
    ready.seen(0, None)
    assert ready.refusal() is None


def test_it_is_not_ready_before_the_first_answers_where_records_may_wait(clock: Clock) -> None:
    ready = readiness(clock)
    for lag in (None, 5):
        ready.seen(lag, None)
        assert ready.refusal() == "nothing is answered yet since the start"
    ready.committed()
    assert ready.refusal() is None
    ready.seen(None, None)
    assert ready.refusal() is None


def test_it_is_not_ready_while_it_restores_or_replays_or_has_nothing(clock: Clock) -> None:
    assert readiness(clock, partitions(restoring="events-0")).refusal() == "restoring events-0"
    assert readiness(clock, partitions(replaying=True)).refusal() == "replaying events-0"
    assert readiness(clock, partitions(held=0)).refusal() == "no partition is assigned"


def test_a_commit_is_stale_only_while_records_wait(clock: Clock) -> None:
    ready = readiness(clock)
    ready.seen(0, None)
    clock.now = 11
    ready.seen(0, None)
    assert ready.refusal() is None
    clock.now = 20
    ready.seen(5, None)
    assert ready.refusal() is None
    clock.now = 22
    ready.seen(5, None)
    assert ready.refusal() == "no commit for 11 s while records wait"
    ready.committed()
    assert ready.refusal() is None


def test_silence_grows_while_the_loop_itself_is_held_up(clock: Clock) -> None:
    ready = readiness(clock)
    ready.seen(0, 2.0)
    ready.committed()
    clock.now = 8.5
    ready.committed()
    assert ready.refusal() == "no sign of life from the brokers for 10 s"


def test_lag_counts_only_above_its_bound(clock: Clock) -> None:
    for bound, reason in ((None, None), (100, None), (99, "100 records behind")):
        ready = readiness(clock, ready_lag=bound)
        ready.committed()
        ready.seen(100, None)
        assert ready.refusal() == reason


def test_by_default_it_says_no_long_before_an_outage_ends_the_process() -> None:
    assert Http().ready_within <= Kafka().request_timeout / 2
