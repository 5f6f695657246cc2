"""How a file of events is to be read, what was noticed in it, and what is wrong when it cannot be read."""

import csv
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from streamrnn.events.labels import LabelFields
from streamrnn.events.tokens import TokenFields
from streamrnn.events.traits import TraitFields
from streamrnn.replay.cells import Column


class SourceError(Exception):
    """The file cannot be read as events; the message names the remedy."""


@contextmanager
def read_to_its_end(path: Path) -> Iterator[None]:
    """Make a ``SourceError`` of what a torn file, or one that is no text, raises as it is read."""
    try:
        yield
    except (EOFError, zlib.error, UnicodeDecodeError, csv.Error, gzip.BadGzipFile) as error:
        raise SourceError(f"{path} cannot be read to its end: {error}. Is it whole, and text in UTF-8?") from None


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What the settings do not say about a file.

    Attributes
    ----------
    wide : every numeric column is a stream of its own
    no_header : a CSV without a line of names; its columns are then c0, c1, ...
    delimiter : what parts the cells of a CSV; None finds out
    limit : events to read; None for all
    batch : rows read at once
    partition : of a directory log with several
    stream_needed, time_needed : whether a table must have that column; else a missing one is made up
    detect_time : whether the way times are written is found out, whatever events.time_format says
    labels : which fields hold labels, in label modes
    traits : which fields hold booleans and categories
    tokens : which field holds tokens
    keep : whether `Findings` keeps the cells of the newest batch of a table, and says
        nothing of how times are written
    """

    wide: bool = False
    no_header: bool = False
    delimiter: str | None = None
    limit: int | None = None
    batch: int = 2000
    partition: int | None = None
    stream_needed: bool = False
    time_needed: bool = False
    detect_time: bool = False
    labels: LabelFields | None = None
    traits: TraitFields | None = None
    tokens: TokenFields | None = None
    keep: bool = False


@dataclass(slots=True)
class Findings:
    """What a reader noticed, filled as it reads.

    Attributes
    ----------
    remarks : sentences for the person who gave the file
    fields : that the first JSON lines have; empty for a table, which is checked for its columns
    missing : how a missing value is written, in words
    newest : number of the newest batch's first row, and its cells by column, where `SourceOptions.keep` asks for it
    """

    remarks: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    missing: str = "null or not there"
    newest: tuple[int, dict[str, Column]] = (0, {})
