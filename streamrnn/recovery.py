"""How a partition's shard comes to life: genesis at the log's start, or a snapshot and a silent replay."""

from __future__ import annotations

import hashlib
import logging
import platform
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from streamrnn import __version__
from streamrnn.events.columns import Partition
from streamrnn.settings.differences import differences
from streamrnn.shard import Shard
from streamrnn.snapshots.base import SnapshotStore
from streamrnn.snapshots.format import FORMAT, Header, SnapshotError
from streamrnn.snapshots.frozen import Frozen
from streamrnn.transport.base import Committed, Transport

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

logger = logging.getLogger(__name__)


ANEW = "start once with --new-lineage: a new model then goes on from the committed position, or the log's start"


class StateError(Exception):
    """The saved state and the log do not fit together; the message names the remedy."""


class AnotherLogError(StateError):
    """What was committed and saved is of another log than the one that is here."""


@dataclass(slots=True)
class Opened:
    """A shard that stands where ``header`` says and must be silent up to ``committed``.

    Where it is not ``saved``, it must be before its first record.
    """

    shard: Shard
    header: Header
    committed: int
    saved: bool = True

    def save(self, store: SnapshotStore) -> None:
        """Write it as it stands."""
        store.write(self.header, Frozen.of(self.shard.saved()), self.header.position)


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


def begin(
    settings: Settings,
    store: SnapshotStore,
    transport: Transport,
    partition: Partition,
    start: int,
    instead_of: str | None = None,
) -> Opened:
    """A new lineage: commit its start, then write its genesis snapshot.

    In this order, for a commit without a genesis can be told from lost commits (see `restore`), and a genesis without
    a commit could not.

    Parameters
    ----------
    settings, store, transport, partition : whose shard, and where it is kept
    start : next offset to process
    instead_of : the lineage that a person gave up for this one, "" where its name is not known; None where there
        should be none

    Raises
    ------
    StateError
        Where snapshots are found but no commit: the outputs that they stood on are gone.
    """
    log = transport.identity(partition)
    if not transport.recoverable:
        shard = Shard(settings, partition)
        return Opened(shard, _genesis(settings, shard, start, log), start)
    if instead_of is None:
        refuse_strangers(store, partition, log)
    # Named after all that were given up before it, so that it can never be taken for one of them.
    given_up = [] if instead_of is None else [*store.lineages(partition), instead_of]
    opened = _first(settings, partition, start, log, given_up)
    transport.commit({partition: Committed(start, opened.shard.lineage)})
    opened.save(store)
    logger.info("a new model begins", extra=_told(partition, position=start, lineage=opened.shard.lineage))
    return opened


def refuse_strangers(store: SnapshotStore, partition: Partition, log: str) -> None:
    """Raise ``StateError`` where a partition without a commit has snapshots."""
    if store.lineages(partition):
        then = _log_of_newest(store, partition)
        if then not in (None, log) and log:
            raise AnotherLogError(
                f"{_changed(partition, str(then), log)}, and its commits went with the old one, whose snapshots are "
                f"still in {store.place}. If that is meant, {ANEW}"
            )
        raise StateError(
            f"{partition} has snapshots in {store.place} but no committed position. If they are another log's, set "
            f"snapshots.{store.setting} to a place of this log's own. If the commits of this log were lost or have "
            f"expired, {ANEW}"
        )


def restore(
    settings: Settings, store: SnapshotStore, partition: Partition, committed: Committed, oldest: int, log: str
) -> Opened:
    """A shard with a commit: the newest whole snapshot of its lineage at or below it.

    Parameters
    ----------
    settings, store, partition, committed : whose shard, and where it is kept
    oldest : the first offset that the log can still give
    log : identity of the log, see `Transport.identity`

    Raises
    ------
    StateError
        Where there is none, it belongs to other settings, or the log no longer reaches back to it.
    """

    def refused(place: Path | str, error: SnapshotError) -> None:
        logger.error("snapshot refused", extra={"path": str(place), "reason": error.reason, "error": str(error)})

    try:
        found = store.load_newest(partition, committed.lineage, settings.state_digest(), committed.position, refused)
    except SnapshotError as error:
        differ = "; ".join(differences(error.settings, settings.state_settings()))
        made = f"other settings ({differ})" if differ else "other settings or another version"
        raise StateError(f"{error}. These snapshots were made with {made}: go back to those, or {ANEW}") from error
    if found is None:
        begun = _begun(settings, store.lineages(partition), partition, committed, log)
        if begun is not None:
            return begun
        raise StateError(
            f"{partition} is committed at {committed.position} in lineage {committed.lineage}, and no whole snapshot "
            f"of that lineage lies at or below it in {store.place}: set snapshots.{store.setting} to where they are, "
            f"or {ANEW}"
        )
    header, arrays = found
    if header.log != log:
        raise AnotherLogError(
            f"{_changed(partition, header.log, log)}: it is not the log that its model learned from. If that is meant, "
            f"{ANEW}"
        )
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
    if header.position == committed.position < oldest:
        raise StateError(
            f"{partition} is committed at {committed.position} and saved there, but its log now starts at {oldest}: "
            f"what lay between is gone, unanswered. To go on with what was learned, start once with --skip-to "
            f"{partition}:{oldest}"
        )
    if header.position < oldest:
        raise StateError(
            f"the snapshot of {partition} stands at {header.position}, but its log now starts at {oldest}: the records "
            f"between are gone. Keep the log, and with labels.topic both and their journal, longer than the oldest "
            f"snapshot. To go on, {ANEW}"
        )
    shard = Shard(settings, partition, header.lineage, arrays["network_weights"])
    try:
        shard.load(arrays)
    except (KeyError, ValueError) as error:
        raise StateError(f"the snapshot of {partition} at {header.position} does not fit: {error}") from error
    replays = committed.position - header.position
    told = _told(partition, position=header.position, committed=committed.position, replays=replays)
    logger.info("goes on from a snapshot", extra=told)
    # Those of the digest that was just compared, also where an older version kept none.
    return Opened(shard, replace(header, settings=settings.state_settings()), committed.position)


def skipped(header: Header, start: int, end: int) -> Header:
    """The header of the lineage that goes on from ``header``'s at ``end``, without the records from ``start`` on."""
    name = hashlib.sha256(f"{header.lineage} without {start} to {end}".encode()).hexdigest()[:16]
    return replace(header, lineage=name, position=end, genesis=False, skipped=(*header.skipped, (start, end)))


def _begun(
    settings: Settings, lineages: Mapping[str, bool], partition: Partition, committed: Committed, log: str
) -> Opened | None:
    """A lineage whose process died between its first commit and its genesis: made again, if its name proves that it is
    the same."""
    for given_up in ([], list(lineages)):
        opened = _first(settings, partition, committed.position, log, given_up)
        if opened.shard.lineage == committed.lineage and committed.lineage not in lineages:
            return replace(opened, saved=False)
    return None


def _log_of_newest(store: SnapshotStore, partition: Partition) -> str | None:
    """Identity of the log that the newest snapshot that can be read was taken of."""
    for listed in store.listing(partition):
        with suppress(SnapshotError):
            return store.read(listed.name)[0].log
    return None


def _changed(partition: Partition, then: str, now: str) -> str:
    """What sets two identities of a log apart, see `Transport.identity`."""
    (of_then, _, count_then), (of_now, _, count_now) = then.rpartition("/"), now.rpartition("/")
    if of_then and of_then == of_now:
        return f"topic {partition.topic} has {count_now} partitions, and had {count_then}, so that streams have moved"
    return f"{partition} was made anew under the same name (then {then}, now {now})"


def _first(settings: Settings, partition: Partition, start: int, log: str, given_up: list[str]) -> Opened:
    """A shard before its first record."""
    shard = Shard(settings, partition)
    before = " ".join(sorted({name for name in given_up if name}))
    shard.lineage = lineage_of(settings, partition, log, start, shard.saved()["network_weights"], before)
    return Opened(shard, _genesis(settings, shard, start, log), start)


def _genesis(settings: Settings, shard: Shard, start: int, log: str) -> Header:
    return Header(
        format=FORMAT,
        partition=str(shard.partition),
        position=start,
        records=0,
        lineage=shard.lineage,
        settings_digest=settings.state_digest(),
        seed=settings.seed,
        versions=versions(),
        genesis=True,
        log=log,
        settings=settings.state_settings(),
    )


def lineage_of(
    settings: Settings, partition: Partition, log: str, start: int, weights: npt.NDArray[Any], before: str
) -> str:
    """Identity of a shard's history: settings that change state, seed, log, start, initial weights, build, and the
    lineages that were given up for it."""
    sha = hashlib.sha256()
    build = repr(sorted(versions().items()))
    for part in (settings.state_digest(), str(settings.seed), str(partition), log, str(start), build, before):
        sha.update(part.encode() + b"\0")
    sha.update(weights.tobytes())
    return sha.hexdigest()[:16]


def _told(partition: Partition, **fields: object) -> dict[str, object]:
    return {"partition": str(partition), **fields}
