"""How a file of events is to be read, what was noticed in it, and what is wrong when it cannot be read."""

from dataclasses import dataclass, field

from streamrnn.events.labels import LabelFields
from streamrnn.events.traits import TraitFields


class SourceError(Exception):
    """The file cannot be read as events; the message names the remedy."""


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


@dataclass(slots=True)
class Findings:
    """What a reader noticed, filled as it reads.

    Attributes
    ----------
    remarks : sentences for the person who gave the file
    fields : that the first JSON lines have; empty for a table, which is checked for its columns
    missing : how a missing value is written, in words
    """

    remarks: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    missing: str = "null or not there"
