"""JSON lines as batches of events, judged by the daemon's own decoder."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import msgspec

from streamrnn.events import reasons
from streamrnn.events.columns import DeadLetter, Events, Partition, Records
from streamrnn.events.decode import Decoder
from streamrnn.replay import guess, times
from streamrnn.replay.options import Findings, SourceOptions
from streamrnn.replay.table import detected
from streamrnn.settings.records import Events as EventSettings

_SAMPLE = 100  # lines that are looked at before decoding


def batches(
    file: Iterable[bytes], partition: Partition, settings: EventSettings, options: SourceOptions, findings: Findings
) -> Iterator[Events]:
    """Events of up to ``options.batch`` lines at a time."""
    rows = iter(file)
    decoder: Decoder | None = None
    start = 0
    while values := [line.rstrip(b"\r\n") for line in islice(rows, options.batch)]:
        if decoder is None:
            settings = _look(values[:_SAMPLE], settings, options, findings)
            decoder = Decoder(settings, True, options.labels, options.traits, options.tokens)
        count = len(values)
        offsets = list(range(start, start + count))
        start += count
        events = decoder.decode(
            Records(partition, offsets, [None] * count, list(values), [math.nan] * count, next_offset=start)
        )
        events.rejects = [_explained(letter, settings, findings) for letter in events.rejects]
        yield events


def _look(
    values: Sequence[bytes], settings: EventSettings, options: SourceOptions, findings: Findings
) -> EventSettings:
    """Note the fields of the first lines; the settings with the format in which their times are written."""
    objects = [found for value in values if isinstance(found := _object(value), dict)]
    findings.fields[:] = list(dict.fromkeys(name for found in objects for name in found))
    if not options.detect_time or settings.time is None:
        return settings
    time_format = times.recognised(found[settings.time] for found in objects if settings.time in found)
    if time_format is None or time_format == settings.time_format:
        return settings
    findings.remarks.append(detected(time_format))
    return settings.model_copy(update={"time_format": time_format})


def _object(value: bytes) -> Any:
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _explained(letter: DeadLetter, settings: EventSettings, findings: Findings) -> DeadLetter:
    """The same with its line and the remedy in the message."""
    message = f"line {letter.offset + 1}: {letter.message}{_remedy(letter.reason, settings, findings.fields)}"
    return replace(letter, message=message)


def _remedy(reason: str, settings: EventSettings, fields: Sequence[str]) -> str:
    match reason:
        case reasons.NOT_JSON | reasons.NOT_OBJECT:
            return ": write one JSON object a line"
        case reasons.NO_STREAM:
            return f", here with --stream; {_present(settings.stream, fields)}"
        case reasons.NO_TIME:
            present = _present(settings.time, fields)
            return f". Name the field with --time, or number the lines with --set events.time=null; {present}"
        case reasons.BAD_TIME:
            return ": seconds, milliseconds or iso8601"
        case reasons.BAD_BOOLEAN:
            return ". Write true and false without quotes"
        case reasons.NOT_A_NUMBER:
            return ". Write numbers without quotes"
    return ""


def _present(name: str | None, fields: Sequence[str]) -> str:
    hint = guess.nearest(name, fields) if name else ""
    return f"the first lines have {', '.join(fields)}{hint}" if fields else "the first lines have no fields"
