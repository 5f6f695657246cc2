"""Whose state a snapshot holds, where in the log, and what became of it on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Origin:
    """Where in a log something was learned.

    Attributes
    ----------
    lineage, partition, position, records : as in `Header`
    """

    lineage: str
    partition: str
    position: int
    records: int


@dataclass(frozen=True, slots=True)
class CarriedOver:
    """A change of settings or build on the way of what was learned.

    Attributes
    ----------
    origin : what it was before, and where in the log the change took effect
    changed : what differs, in words
    whole : whether all state was carried over; else the networks' weights alone
    """

    origin: Origin
    changed: tuple[str, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Header:
    """Whose state a snapshot holds, and where in the log.

    Attributes
    ----------
    format : version of this file format
    partition : as ``str(Partition)``
    position : next offset to process
    records : accepted records so far
    lineage : identity of the shard's history
    settings_digest : digest of the settings that change state
    seed : of the shard's random numbers
    versions : of streamrnn and what it stands on, by name
    genesis : True for the snapshot taken before the lineage's first record
    log : identity of the log that it is a function of, see `Transport.identity`
    skipped : the pieces of it that were left out by a person's word, each from its first offset up to another
    settings : those that change state, by path, to name what differs; empty in snapshots of before they were kept
    started_from : of which lineage the first weights are, where they were not drawn
    carried_over : the changes of settings and build that its state went through, the oldest first
    revision : the highest ``snapshots.revision`` that it began or was carried over under; 0 without one
    """

    format: int
    partition: str
    position: int
    records: int
    lineage: str
    settings_digest: str
    seed: int
    versions: dict[str, str]
    genesis: bool
    log: str = ""
    skipped: tuple[tuple[int, int], ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    started_from: Origin | None = None
    carried_over: tuple[CarriedOver, ...] = ()
    revision: int = 0
