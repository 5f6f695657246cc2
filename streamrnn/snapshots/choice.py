"""Which snapshots to try, in what order, and which ones no restart can need: the same for every store."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from streamrnn.snapshots.format import Reason, SnapshotError
from streamrnn.snapshots.header import Header

LINEAGE = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"  # of what a lineage may be made, so that it can stand in names and keys
_PASSED_OVER = ("torn", "corrupt")  # the others call for a person

Loaded = tuple[Header, dict[str, npt.NDArray[Any]]]


@dataclass(frozen=True, slots=True)
class Name:
    """What tells a snapshot from all others: two with the same name hold the same state."""

    partition: str
    lineage: str
    position: int
    genesis: bool

    @classmethod
    def of(cls, header: Header) -> Name:
        """The name of the snapshot with this header."""
        return cls(header.partition, header.lineage, header.position, header.genesis)


def unnamable(name: Name, where: str) -> ValueError:
    """The error for a name that cannot stand in a file's name or a record's key."""
    return ValueError(
        f"lineage {name.lineage!r} or position {name.position} cannot stand in {where}: "
        "use letters, digits, '_', '.' and '-', and a position from 0"
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """A snapshot as it is found without reading all of it.

    Attributes
    ----------
    name : whose state, and where in the log
    written : seconds since 1970
    size : bytes
    records : accepted records so far; None where its header cannot be read
    problem : why it must not be used, as far as can be told; None: nothing was found
    """

    name: Name
    written: float
    size: int
    records: int | None
    problem: Reason | None


def newest_first(names: Iterable[Name], lineage: str, at_most: int) -> list[Name]:
    """A lineage's snapshots at or below a position, genesis last among equals."""
    usable = [name for name in names if name.lineage == lineage and name.position <= at_most]
    return sorted(usable, key=lambda name: (name.position, not name.genesis), reverse=True)


def dispensable(names: Iterable[Name], lineage: str, committed: int, keep: int) -> list[Name]:
    """Snapshots that no restart can need.

    Kept are the lineage's newest ``keep`` snapshots at or below ``committed``, all beyond it, and its genesis.
    Other lineages but those that it has outlived are left alone: they may belong to another log, and a person began
    the new one.
    """
    return [name for name in newest_first(names, lineage, committed) if not name.genesis][keep:]


def outlived(header: Header) -> set[str]:
    """Lineages that this snapshot's was carried over from, once it is beyond where it took their place."""
    carried = header.carried_over
    if not carried or header.position <= carried[-1].origin.position:
        return set()
    return {each.origin.lineage for each in carried}


def first_whole(
    names: Iterable[Name], load: Callable[[Name], Loaded | None], on_refused: Callable[[Name, SnapshotError], None]
) -> Loaded | None:
    """The first snapshot that can be used; None if there is none.

    Parameters
    ----------
    names : in the order to try them
    load : reads and checks one; None where it was pruned meanwhile
    on_refused : told of each that is torn or corrupt

    Raises
    ------
    SnapshotError
        With reason foreign, newer or older: another shard or another format calls for a person.
    """
    for name in names:
        try:
            found = load(name)
        except SnapshotError as error:
            if error.reason not in _PASSED_OVER:
                raise
            on_refused(name, error)
        else:
            if found is not None:
                return found
    return None


def refuse_misnamed(header: Header, name: Name, place: object, remedy: str) -> None:
    """Raise ``SnapshotError`` where a snapshot is not what its name says: it might be ahead of the commit."""
    if Name.of(header) != name:
        raise SnapshotError("corrupt", str(place), f"holds position {header.position}, not the one in its name", remedy)
