"""Logs are one object a line for machines, one line for people, in UTC."""

import io
import json
import logging
from typing import Any

import numpy as np
import pytest

from streamrnn.observe.logs import Format, setup


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def logged(format: Format, message: str = "hello", stream: io.StringIO | None = None, **fields: Any) -> str:
    stream = stream or io.StringIO()
    setup("info", format, stream)
    logging.getLogger("streamrnn.daemon").info(message, extra=fields)
    return stream.getvalue()


def test_json_carries_the_fields() -> None:
    line = json.loads(logged("json", position=42, partition="events-0"))
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "streamrnn.daemon",
        "message": "hello",
        "position": 42,
        "partition": "events-0",
    }


def test_json_stays_json_whatever_the_fields() -> None:
    text = logged("json", nan=float("nan"), scalar=np.float32(0.5), odd={1, }, level="mine", line="a\nb")  # fmt: skip
    assert text.count("\n") == 1
    line = json.loads(text, parse_constant=pytest.fail)
    assert (line["nan"], line["scalar"], line["odd"], line["level"], line["level_"]) == (
        "nan",
        0.5,
        "{1}",
        "info",
        "mine",
    )


def test_text_is_one_line_of_time_level_logger_message_fields() -> None:
    time, level, rest = logged("text", skill=0.123456789, reason="two words").split(maxsplit=2)
    assert (level, rest) == ("INFO", 'daemon: hello skill=0.123457 reason="two words"\n')
    assert "T" in time and time.endswith("Z")


def test_a_hostile_message_cannot_forge_a_line() -> None:
    assert logged("text", "bad\nrecord", key="x\n2026 ERROR").count("\n") == 1


def test_auto_is_text_on_a_terminal_and_json_elsewhere() -> None:
    assert logged("auto", stream=Terminal()).endswith("daemon: hello\n")
    assert json.loads(logged("auto"))["message"] == "hello"


@pytest.mark.parametrize("format", ["json", "text"])
def test_an_exception_is_shown_with_its_stack(format: Format) -> None:
    stream = io.StringIO()
    setup("info", format, stream)
    try:
        raise ValueError("why")
    except ValueError:
        logging.getLogger("x").exception("failed")
    assert "Traceback" in stream.getvalue() and "ValueError: why" in stream.getvalue()


def test_the_level_is_kept_and_setup_replaces_the_last() -> None:
    first, second = io.StringIO(), io.StringIO()
    setup("info", "text", first)
    setup("warning", "text", second)
    logging.getLogger("x").info("quiet")
    logging.getLogger("x").warning("loud")
    assert first.getvalue() == "" and "loud" in second.getvalue() and "quiet" not in second.getvalue()
