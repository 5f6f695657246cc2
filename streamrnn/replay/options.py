"""How a file of events is to be read, and what is wrong when it cannot be."""

from dataclasses import dataclass


class SourceError(Exception):
    """The file cannot be read as events; the message names the remedy."""


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What the settings do not say about a file.

    Attributes
    ----------
    wide : every numeric column is a stream of its own
    no_header : a CSV without a line of names; its columns are then c0, c1, ...
    limit : events to read; None for all
    batch : rows read at once
    partition : of a directory log with several
    needed : columns that a table must have; without this, a missing stream or time column is made up
    """

    wide: bool = False
    no_header: bool = False
    limit: int | None = None
    batch: int = 2000
    partition: int | None = None
    needed: tuple[str, ...] = ()
