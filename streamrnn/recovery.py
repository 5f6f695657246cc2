"""How a partition's shard comes to life: genesis at the log's start, or a snapshot and a silent replay."""

from __future__ import annotations

import hashlib
import logging
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from streamrnn import __version__
from streamrnn.events.columns import Partition
from streamrnn.shard import Shard
from streamrnn.snapshots.format import FORMAT, Header, SnapshotError
from streamrnn.snapshots.frozen import Frozen
from streamrnn.snapshots.store import DirectoryStore
from streamrnn.transport.base import Committed, Transport

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

logger = logging.getLogger(__name__)


ANEW = "start once with --new-lineage: a new model then goes on from the committed position, or the log's start"


class StateError(Exception):
    """The saved state and the log do not fit together; the message names the remedy."""


@dataclass(slots=True)
class Opened:
    """A shard that stands at ``position`` of its log and must be silent up to ``committed``."""

    shard: Shard
    position: int
    committed: int


def versions() -> dict[str, str]:
    """What else, beside settings and log, decides the bits of the state."""
    from streamrnn.kernels import target

    return {
        "streamrnn": __version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "target": target.name(),
        "kernels": target.digest(),
    }


def make_header(
    settings: Settings, partition: Partition, position: int, records: int, lineage: str, genesis: bool = False
) -> Header:
    """The header of a snapshot of this partition."""
    return Header(
        format=FORMAT,
        partition=str(partition),
        position=position,
        records=records,
        lineage=lineage,
        settings_digest=settings.state_digest(),
        seed=settings.seed,
        versions=versions(),
        genesis=genesis,
    )


def begin(
    settings: Settings,
    store: DirectoryStore,
    transport: Transport,
    partition: Partition,
    start: int,
    instead_of: str | None = None,
) -> Opened:
    """A new lineage: write its genesis snapshot and commit its start.

    Parameters
    ----------
    settings, store, transport, partition : whose shard, and where it is kept
    start : next offset to process
    instead_of : the lineage that a person gave up for this one, "" where its name is not known; None where there
        should be none

    Raises
    ------
    StateError
        Where snapshots of an earlier life are found but no commit: the outputs that they stood on are gone.
    """
    if not transport.recoverable:
        return Opened(Shard(settings, partition), start, start)
    if instead_of is None:
        refuse_strangers(settings, store, partition)
    shard = Shard(settings, partition)
    arrays = shard.saved()
    identity = transport.identity(partition)
    # Named after all that were given up before it, so that it can never be taken for one of them.
    given_up = "" if instead_of is None else " ".join(sorted({*store.lineages(partition), instead_of}))
    shard.lineage = lineage_of(settings, partition, identity, start, arrays["weights"], given_up)
    header = make_header(settings, partition, start, 0, shard.lineage, genesis=True)
    store.write(header, Frozen.of(arrays), start)
    transport.commit({partition: Committed(start, shard.lineage)})
    logger.info("a new model begins", extra=_told(partition, position=start, lineage=shard.lineage))
    return Opened(shard, start, start)


def refuse_strangers(settings: Settings, store: DirectoryStore, partition: Partition) -> None:
    """Raise ``StateError`` where a partition without a commit has snapshots that went beyond their genesis."""
    if any(store.lineages(partition).values()):
        raise StateError(
            f"{partition} has snapshots in {settings.snapshot_folder} but no committed position. If they are another "
            f"log's, set snapshots.path to a folder of this log's own. If the commits of this log were lost, {ANEW}"
        )


def restore(
    settings: Settings, store: DirectoryStore, partition: Partition, committed: Committed, oldest: int
) -> Opened:
    """A shard with a commit: the newest whole snapshot of its lineage at or below it.

    ``oldest`` is the first offset that the log can still give.

    Raises
    ------
    StateError
        Where there is none, it belongs to other settings, or the log no longer reaches back to it.
    """

    def refused(path: Path, error: SnapshotError) -> None:
        logger.error("snapshot refused", extra={"path": str(path), "reason": error.reason, "error": str(error)})

    try:
        found = store.load_newest(partition, committed.lineage, settings.state_digest(), committed.position, refused)
    except SnapshotError as error:
        raise StateError(
            f"{error}. These snapshots were made with other settings or another version: go back to those, or {ANEW}"
        ) from error
    except OSError as error:
        remedy = f"{error.strerror}; give this user access, or set snapshots.path to another folder"
        raise OSError(error.errno, remedy, error.filename) from error
    if found is None:
        raise StateError(
            f"{partition} is committed at {committed.position} in lineage {committed.lineage}, and no whole snapshot "
            f"of that lineage lies at or below it in {settings.snapshot_folder}: set snapshots.path to where they are, "
            f"or {ANEW}"
        )
    header, arrays = found
    build = versions()
    if header.versions != build:
        changed = ", ".join(
            f"{name} {header.versions.get(name)} -> {build.get(name)}"
            for name in sorted(header.versions.keys() | build.keys())
            if header.versions.get(name) != build.get(name)
        )
        raise StateError(
            f"the snapshot of {partition} was made by another build ({changed}), whose replay may give other bits: "
            f"run that build again, or {ANEW}"
        )
    if header.position < oldest:
        raise StateError(
            f"the snapshot of {partition} stands at {header.position}, but its log now starts at {oldest}: the records "
            f"between are gone. Keep the log longer than the oldest snapshot. To go on, {ANEW}"
        )
    shard = Shard(settings, partition, header.lineage, arrays["weights"])
    try:
        shard.load(arrays)
    except (KeyError, ValueError) as error:
        raise StateError(f"the snapshot of {partition} at {header.position} does not fit: {error}") from error
    replays = committed.position - header.position
    told = _told(partition, position=header.position, committed=committed.position, replays=replays)
    logger.info("goes on from a snapshot", extra=told)
    return Opened(shard, header.position, committed.position)


def lineage_of(
    settings: Settings, partition: Partition, identity: str, start: int, weights: npt.NDArray[Any], before: str
) -> str:
    """Identity of a shard's history: settings that change state, seed, log, start, initial weights, build, and the
    lineages that were given up for it."""
    sha = hashlib.sha256()
    build = repr(sorted(versions().items()))
    for part in (settings.state_digest(), str(settings.seed), str(partition), identity, str(start), build, before):
        sha.update(part.encode() + b"\0")
    sha.update(weights.tobytes())
    return sha.hexdigest()[:16]


def _told(partition: Partition, **fields: object) -> dict[str, object]:
    return {"partition": str(partition), **fields}
