"""A model before its first record: its weights, and the lineage that it begins."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from streamrnn import __version__
from streamrnn.events.columns import Partition
from streamrnn.learned import Learned, few, networks_of
from streamrnn.shard import Shard
from streamrnn.snapshots.base import SnapshotStore
from streamrnn.snapshots.format import FORMAT, SnapshotError
from streamrnn.snapshots.frozen import Frozen
from streamrnn.snapshots.header import Header
from streamrnn.state_errors import StateError

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


@dataclass(slots=True)
class Opened:
    """A shard that stands where ``header`` says and must be silent up to ``committed``.

    Where it is not ``saved``, it must be before its first record; where its lineage is not the committed one, it must
    be committed after that. ``told`` says what it did not simply take over from its own last snapshot.
    """

    shard: Shard
    header: Header
    committed: int
    saved: bool = True
    told: str = ""

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


def first_of(settings: Settings, partition: Partition, start: int, log: str, given_up: list[str]) -> Opened:
    """A shard before its first record, under its name."""
    opened = drawn(settings, partition, start, log)
    before = " ".join(sorted({name for name in given_up if name}))
    saved = opened.shard.saved()
    weights = [saved[f"{name}_weights"] for name in networks_of(settings)]
    opened.shard.lineage = lineage_of(settings, partition, log, start, weights, before)
    opened.header = replace(opened.header, lineage=opened.shard.lineage)
    return opened


def drawn(settings: Settings, partition: Partition, start: int, log: str) -> Opened:
    """A shard before its first record, with the weights of ``model.start_from`` as far as they fit."""
    shard = Shard(settings, partition)
    header = _genesis(settings, shard, start, log)
    learned = starting_weights(settings)
    if learned is None:
        return Opened(shard, header, start)
    missing = learned.give(settings, shard.saved())
    return Opened(
        shard, replace(header, started_from=learned.header.origin), start, told=started(settings, learned, missing)
    )


def starting_weights(settings: Settings) -> Learned | None:
    """The networks of ``model.start_from``; None without it.

    Raises
    ------
    StateError
        The file cannot be used.
    """
    path = settings.model.start_from
    if path is None:
        return None
    try:
        return Learned.read(path)
    except SnapshotError as error:
        raise StateError(f"model.start_from: {error}; or set it to null, and weights are drawn") from error
    except OSError as error:
        raise StateError(
            f"model.start_from: {path}: {error.strerror or error}. Set it to a file that streamrnn export wrote, or to "
            f"null, and weights are drawn"
        ) from error


def started(settings: Settings, learned: Learned, missing: tuple[str, ...]) -> str:
    """What was taken from an exported network and what was not, in words."""
    origin = learned.header.origin
    told = (
        f"from {settings.model.start_from}, learned from {origin.records:,} records of {origin.partition} up to "
        f"{origin.position:,}"
    )
    return told + (f"; drawn anew: {few(missing)}" if missing else "; all of them fit")


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
        revision=settings.snapshots.revision or 0,
    )


def lineage_of(
    settings: Settings, partition: Partition, log: str, start: int, weights: list[npt.NDArray[Any]], before: str
) -> str:
    """Identity of a shard's history: settings that change state, seed, log, start, initial weights, build, and the
    lineages that were given up for it."""
    sha = hashlib.sha256()
    build = repr(sorted(versions().items()))
    for part in (settings.state_digest(), str(settings.seed), str(partition), log, str(start), build, before):
        sha.update(part.encode() + b"\0")
    for each in weights:
        sha.update(each.tobytes())
    return sha.hexdigest()[:16]
