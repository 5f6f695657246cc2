"""Structured logs on the standard library's logging: text for a terminal, one JSON object a line for machines.

Fields travel in ``extra``::

    logger.info("restored", extra={"partition": str(partition), "position": 42})
"""

import json
import logging
import math
import sys
from datetime import UTC, datetime
from typing import Literal, TextIO

from streamrnn.observe.repeats import Repeats

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["auto", "text", "json"]
Plain = str | int | float | bool | None

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_OURS = frozenset(("time", "level", "logger", "message", "exception"))


def setup(level: Level = "info", format: Format = "auto", stream: TextIO | None = None) -> None:
    """Send all logs to one stream in one shape, replacing what was set up before.

    Parameters
    ----------
    level : the least severe level that is shown
    format : ``auto`` is text where the stream is a terminal and JSON lines otherwise
    stream : standard error if None
    """
    target = sys.stderr if stream is None else stream
    text = format == "text" or (format == "auto" and target.isatty())
    handler = logging.StreamHandler(target)
    handler.setFormatter(TextFormatter() if text else JsonFormatter())
    if level != "debug":
        handler.addFilter(Repeats("kafka"))  # a client for each partition, each of which tells of every try
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, the record's own fields, exception."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Plain] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name, value in _fields(record).items():
            line[f"{name}_" if name in _OURS else name] = value
        exception = _exception(self, record)
        if exception:
            line["exception"] = exception
        return json.dumps(line)


class TextFormatter(logging.Formatter):
    """``<time> LEVEL logger: message key=value``, on one line but for an exception's stack."""

    def format(self, record: logging.LogRecord) -> str:
        # A message or field may quote a hostile record: a line feed in it must not look like a line of ours.
        message = record.getMessage().replace("\r", "\\r").replace("\n", "\\n")
        line = f"{_time(record)} {record.levelname:<7} {record.name.removeprefix('streamrnn.')}: {message}"
        for name, value in _fields(record).items():
            line += f" {name}={_shown(value)}"
        exception = _exception(self, record)
        return f"{line}\n{exception}" if exception else line


def _fields(record: logging.LogRecord) -> dict[str, Plain]:
    return {name: _plain(value) for name, value in vars(record).items() if name not in _STANDARD}


def _plain(value: object) -> Plain:
    """The value as JSON can carry it; numpy's scalars as numbers, what is not finite as text."""
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def _shown(value: Plain) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    return text if text and text.isprintable() and not any(mark in text for mark in ' "=') else json.dumps(text)


def _exception(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = [formatter.formatException(record.exc_info)] if record.exc_info else []
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return "\n".join(parts)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
