"""A library that repeats itself is cut short, and others are not."""

import io
import json
import logging
from typing import Any

import pytest

from streamrnn.observe import logs
from streamrnn.observe.repeats import Repeats


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def out(restored_logging: None, now: list[float]) -> io.StringIO:
    out = io.StringIO()
    logs.setup("info", "json", out)
    (handler,) = logging.getLogger().handlers
    handler.filters[:] = [Repeats("kafka", 60, lambda: now[0])]
    return out


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def lost(connection: int) -> None:
    logging.getLogger("kafka.net.transport").error("%s: connection lost", connection)


def test_a_place_speaks_once_a_minute_and_counts_what_it_kept(out: io.StringIO, now: list[float]) -> None:
    for second in range(0, 125, 5):
        now[0] = second
        lost(second)
    told = [(line["message"], line.get("held_back")) for line in lines(out)]
    assert told == [("0: connection lost", None), ("60: connection lost", 11), ("120: connection lost", 11)]


def test_other_places_and_other_loggers_are_heard(out: io.StringIO) -> None:
    for _ in range(3):
        logging.getLogger("kafkaesque").error("three times")
        lost(1)
    logging.getLogger("kafka").error("once")
    assert [line["message"] for line in lines(out)].count("three times") == 3
    assert len(lines(out)) == 5


def test_an_error_of_the_system_loses_its_stack_and_a_bug_keeps_it(out: io.StringIO) -> None:
    for error in (ConnectionResetError(104, "reset"), ValueError("a bug")):
        try:
            raise error
        except Exception:
            if isinstance(error, OSError):
                logging.getLogger("kafka").exception("closing socket")
            else:
                logging.getLogger("kafka").exception("crashed")
    first, second = lines(out)
    assert first["error"] == "[Errno 104] reset" and "exception" not in first
    assert "a bug" in second["exception"]


@pytest.mark.parametrize(("level", "shown"), [("info", 1), ("debug", 3)])
def test_the_logs_hold_back_the_kafka_client_except_to_follow_a_problem(
    restored_logging: None, level: logs.Level, shown: int
) -> None:
    out = io.StringIO()
    logs.setup(level, "json", out)
    for _ in range(3):
        lost(1)
    assert len(lines(out)) == shown
