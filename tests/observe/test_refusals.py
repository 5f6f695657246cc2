"""Refusals are told when they begin, and not again."""

import logging

import pytest

from streamrnn.events.columns import DeadLetter, Partition
from streamrnn.observe.refusals import RefusalSensor
from tests.helpers import PARTITION


def letters(*reasons: str, first: int = 0) -> list[DeadLetter]:
    return [
        DeadLetter(reason, f"why {offset}", PARTITION, offset, None, b"?")
        for offset, reason in enumerate(reasons, start=first)
    ]


def test_the_first_of_each_reason_is_told_with_its_place_and_message(caplog: pytest.LogCaptureFixture) -> None:
    sensor = RefusalSensor()
    sensor.on_refused(PARTITION, letters("bad_time", "bad_time", "not_json"))
    sensor.on_refused(PARTITION, letters("bad_time", "late", first=10))
    told = [vars(record) for record in caplog.records]
    names = ("reason", "topic", "partition", "offset", "why")
    assert [tuple(record[name] for name in names) for record in told] == [
        ("bad_time", "events", 0, 0, "why 0"),
        ("not_json", "events", 0, 2, "why 2"),
        ("late", "events", 0, 11, "why 11"),
    ]
    assert {record["levelno"] for record in told} == {logging.WARNING}


def test_a_record_of_another_topic_is_told_as_such(caplog: pytest.LogCaptureFixture) -> None:
    letter = DeadLetter("late_label", "too late", Partition("labels", 0), 7, None, b"{}")
    RefusalSensor().on_refused(PARTITION, [letter])
    assert (vars(caplog.records[0])["topic"], vars(caplog.records[0])["offset"]) == ("labels", 7)
