"""How a partition's shard comes to life: a new lineage, or a snapshot and a silent replay."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from streamrnn.carrying import Differences, carry_over, differences_from
from streamrnn.events.columns import Partition
from streamrnn.genesis import Opened, drawn, first_of, versions
from streamrnn.settings.past import PastError
from streamrnn.shard import Shard
from streamrnn.snapshots.base import SnapshotStore
from streamrnn.snapshots.format import SnapshotError
from streamrnn.snapshots.header import Header
from streamrnn.state_errors import ANEW, CARRY, AnotherLogError, ChangedError, StateError
from streamrnn.transport.base import Committed, Transport

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

logger = logging.getLogger(__name__)


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
        opened = drawn(settings, partition, start, log)
        if opened.told:
            logger.info("a new model begins", extra=_told(partition, position=start, weights=opened.told))
        return opened
    if instead_of is None:
        refuse_strangers(store, partition, log)
    # Named after all that were given up before it, so that it can never be taken for one of them.
    given_up = [] if instead_of is None else [*store.lineages(partition), instead_of]
    opened = first_of(settings, partition, start, log, given_up)
    transport.commit({partition: Committed(start, opened.shard.lineage)})
    opened.save(store)
    begun = {"position": start, "lineage": opened.shard.lineage} | ({"weights": opened.told} if opened.told else {})
    logger.info("a new model begins", extra=_told(partition, **begun))
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
    settings: Settings,
    store: SnapshotStore,
    partition: Partition,
    committed: Committed,
    oldest: int,
    log: str,
    carry: bool = False,
) -> Opened:
    """A shard with a commit: the newest whole snapshot of its lineage at or below it.

    Where that was made by other settings or another build and stands at the commit, a new lineage may go on from it.

    Parameters
    ----------
    settings, store, partition, committed : whose shard, and where it is kept
    oldest : the first offset that the log can still give
    log : identity of the log, see `Transport.identity`
    carry : whether a person said that what was learned goes on whatever changed; else ``snapshots.revision`` says

    Raises
    ------
    StateError
        Where there is none, it cannot go on with these settings, or the log no longer reaches back to it.
    """

    def refused(place: Path | str, error: SnapshotError) -> None:
        logger.error("snapshot refused", extra={"path": str(place), "reason": error.reason, "error": str(error)})

    try:
        found = store.load_newest(partition, committed.lineage, committed.position, refused)
    except SnapshotError as error:
        raise StateError(f"{error}; or {ANEW}") from error
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
    differ = _differences(settings, header)
    if differ:
        _refuse_change(settings, header, differ, carry)
    if header.log != log:
        raise AnotherLogError(
            f"{_changed(partition, header.log, log)}: it is not the log that its model learned from. If that is meant, "
            f"{ANEW}"
        )
    if differ and header.position != committed.position:
        raise StateError(
            f"the snapshot of {partition} was made {differ.made_by}. It stands at {header.position} and the commit at "
            f"{committed.position}: what lies between must be replayed by what answered it, before something else goes "
            f"on. Start that once more and end it with SIGTERM, which saves at the commit, then start this; or {ANEW}"
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
    if differ:
        return _carried(settings, header, arrays, differ, partition, committed)
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


def _differences(settings: Settings, header: Header) -> Differences:
    try:
        return differences_from(header, settings, versions())
    except PastError as error:
        raise StateError(
            f"the snapshot of {header.partition} was made with other settings, and {error}; or go back to the old "
            f"settings; or {ANEW}"
        ) from error


def _refuse_change(settings: Settings, header: Header, differ: Differences, carry: bool) -> None:
    """Raise ``ChangedError`` where nobody said that other settings or another build may go on from a snapshot."""
    made = f"the snapshot of {header.partition} was made {differ.made_by}"
    revision = settings.snapshots.revision
    if not carry and revision is None:
        raise ChangedError(f"{made}: go back to that; or {CARRY}; or {ANEW}")
    if not carry and revision is not None and revision <= header.revision:
        raise ChangedError(
            f"{made} under snapshots.revision {header.revision}, and this start has {revision}: if another member has "
            f"newer settings, start this one with those; if these are meant, raise snapshots.revision above "
            f"{header.revision}, or {CARRY}"
        )


def _carried(
    settings: Settings,
    header: Header,
    arrays: dict[str, npt.NDArray[Any]],
    differ: Differences,
    partition: Partition,
    committed: Committed,
) -> Opened:
    try:
        found = carry_over(settings, partition, header, arrays, differ, versions())
    except PastError as error:
        raise StateError(f"the snapshot of {partition} cannot be carried over, for {error}; or {ANEW}") from error
    return Opened(found.shard, found.header, committed.position, saved=False, told=found.told)


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
        try:
            opened = first_of(settings, partition, committed.position, log, given_up)
        except StateError:  # without the file of its first weights nothing can be proven
            return None
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


def _told(partition: Partition, **fields: object) -> dict[str, object]:
    return {"partition": str(partition), **fields}
