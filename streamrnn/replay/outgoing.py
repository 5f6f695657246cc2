"""A file's events as the JSON records that the daemon's settings read, to bring a history into a log."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from streamrnn.events.columns import Events
from streamrnn.events.labels import LabelFields
from streamrnn.events.tokens import TokenFields
from streamrnn.events.traits import TraitFields
from streamrnn.replay import cells
from streamrnn.replay.intake import Intake
from streamrnn.replay.options import SourceError, SourceOptions, read_to_its_end
from streamrnn.replay.source import is_lines, open_source, plain_lines
from streamrnn.settings.records import Events as EventSettings

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

_LINES = 2000  # of a batch
_SIGNS = {1.0: True, -1.0: False, 0.0: None}


class Outgoing:
    """Batches of lines, each with its line feed. Rows that ``replay`` would refuse are left out and counted; JSON lines
    go as they are, as the daemon judges them itself.

    Parameters
    ----------
    path : CSV, JSON lines or Parquet
    settings : the daemon's: they name the fields that are written
    stream, time, features : columns of the table, where they are named otherwise than these fields

    Attributes
    ----------
    intake : what was missing and refused in a table

    Raises
    ------
    SourceError
        The file cannot be read like that. Some of it only shows as the batches are read.
    """

    def __init__(
        self, path: Path, settings: Settings, stream: str | None = None, time: str | None = None,
        features: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        named, usual = settings.events, EventSettings()
        if features and len(features) != len(named.features):
            raise SourceError(
                f"--feature names {len(features)} columns, and events.features {len(named.features)} fields "
                f"({', '.join(named.features)}): name as many, in their order"
            )
        columns = {"stream": stream, "time": time, "features": features}
        self._read = named.model_copy(update={name: value for name, value in columns.items() if value})
        self._settings, self._path = settings, path
        self._fields = TraitFields.from_settings(settings)
        self._labels = LabelFields.from_settings(settings)
        self._tokens = TokenFields.from_settings(settings)
        self.intake = Intake()
        self._source = None
        if path.is_dir():
            raise SourceError(f"{path} is a folder: name a file")
        if is_lines(path):
            if stream or time or features:
                text = "has JSON lines, which go as they are: name their fields in the settings"
                raise SourceError(f"{path.name} {text}")
            return
        options = SourceOptions(
            stream_needed=stream is not None or named.stream != usual.stream,
            time_needed=time is not None or named.time != usual.time,
            labels=self._labels, traits=self._fields, tokens=self._tokens, keep=True,
        )  # fmt: skip
        self._source = open_source(path, self._read, replace(options, detect_time=True))
        self.intake = Intake(self._read.features, self._source.findings)

    def __iter__(self) -> Iterator[list[bytes]]:
        """The lines, a batch at a time."""
        try:
            with read_to_its_end(self._path):
                if self._source is None:
                    yield from plain_lines(self._path, _LINES)
                    return
                for events in self._source:
                    self.intake.add(events)
                    yield [msgspec.json.encode(record) + b"\n" for record in self._records(events)]
        except OSError as error:  # as such it would be taken for one of the log
            raise SourceError(f"{self._path} cannot be read: {error.strerror or error}. Check --from-file") from None

    def _records(self, events: Events) -> Iterator[dict[str, Any]]:
        assert self._source is not None
        first, raw = self._source.findings.newest
        named = self._settings.events
        rows = (events.offsets - first).tolist()
        columns: dict[str, list[Any]] = {named.stream or "stream": events.streams}
        if named.time is not None:
            columns[named.time] = [written(seconds, named.time_format) for seconds in events.times.tolist()]
        for place, name in enumerate(named.features):
            columns[name] = [None if math.isnan(value) else value for value in events.features[:, place].tolist()]
        if self._fields is not None and events.traits is not None:
            for place, name in enumerate(self._fields.booleans):
                columns[name] = list(map(_SIGNS.__getitem__, events.traits.booleans[:, place].tolist()))
        for name, texts in self._texts(raw).items():
            columns[name] = [texts[row] for row in rows]
        if self._labels is not None and self._labels.end is not None and events.labels is not None:
            columns[self._labels.end] = events.labels.ends.tolist()
        if self._tokens is not None and self._tokens.end is not None and events.tokens is not None:
            columns[self._tokens.end] = events.tokens.ends.tolist()
        for values in zip(*columns.values(), strict=True):
            yield dict(zip(columns, values, strict=True))

    def _texts(self, raw: dict[str, cells.Column]) -> dict[str, list[Any]]:
        """Categories, labels, ids and texts, of which the events keep no more than codes."""
        names = [] if self._fields is None else [category.field for category in self._fields.categories]
        found: dict[str, list[Any]] = {}
        if self._tokens is not None:
            names.append(self._tokens.field)
        if self._labels is not None:
            names += [name for name in (self._labels.id,) if name is not None]
            if self._labels.number:
                values, _ = cells.numbers(raw[self._labels.field])
                found[self._labels.field] = [None if math.isnan(value) else value for value in values.tolist()]
            else:
                names.append(self._labels.field)
        return found | {name: cells.texts(raw[name]) for name in names}


def written(seconds: float, time_format: str) -> float | str:
    """A time as a record holds it in this format of ``events.time_format``."""
    if time_format == "iso8601":
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    return round(1000.0 * seconds, 3) if time_format == "milliseconds" else seconds
