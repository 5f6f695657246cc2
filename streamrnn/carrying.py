"""What goes on of a shard's state where settings or build change, at one position of the log.

Where every changed setting is one of ``settings.schema.LIVE`` and every array has its shape, the whole state goes on.
Arrays that the snapshot does not have, of a loop that is new, begin cleared; those that have no place any more are left
out. In all other cases the streams begin anew, and the networks keep the weights that mean the same (see
`streamrnn.rows.weights`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from streamrnn.learned import Learned, few, networks_of
from streamrnn.rows.dues import ANSWERED, NEWEST
from streamrnn.settings.past import PastError, changed, rebuilt
from streamrnn.settings.schema import LIVE
from streamrnn.shard import Shard
from streamrnn.snapshots.format import FORMAT
from streamrnn.snapshots.header import CarriedOver, Header, Origin
from streamrnn.streams.index import cut_to

if TYPE_CHECKING:
    from streamrnn.events.columns import Partition
    from streamrnn.settings.schema import Settings

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Differences:
    """What sets a snapshot apart from the settings and the build that there are now.

    Attributes
    ----------
    settings : what differs, in words, by path
    build : the same of versions
    """

    settings: dict[str, str]
    build: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.settings or self.build)

    @property
    def words(self) -> tuple[str, ...]:
        """All of it."""
        return (*self.settings.values(), *self.build)

    @property
    def made_by(self) -> str:
        """What the snapshot was made by, for messages."""
        parts = []
        if self.settings:
            parts.append(f"with other settings ({few(list(self.settings.values()))})")
        if self.build:
            parts.append(f"by another build ({', '.join(self.build)})")
        return " and ".join(parts)


@dataclass(frozen=True, slots=True)
class Carried:
    """A shard that goes on from another's state.

    Attributes
    ----------
    shard, header : as it begins
    told : what was carried over and what was not, in words
    """

    shard: Shard
    header: Header
    told: str


def differences_from(header: Header, settings: Settings, build: dict[str, str]) -> Differences:
    """What differs; ``PastError`` where it cannot be known."""
    return Differences(
        changed(header.settings, header.settings_digest, settings),
        tuple(
            f"{name} {header.versions.get(name)} -> {build.get(name)}"
            for name in sorted(header.versions.keys() | build.keys())
            if header.versions.get(name) != build.get(name)
        ),
    )


def carry_over(
    settings: Settings, partition: Partition, header: Header, arrays: dict[str, Array], differ: Differences,
    build: dict[str, str],
) -> Carried:  # fmt: skip
    """Begin a lineage that goes on where a snapshot stands, by other settings or another build.

    It is a function of its arguments, so that a start that died on the way is made up for by the next.

    Parameters
    ----------
    settings, partition, build : of the shard to be
    header, arrays : the snapshot
    differ : what sets it apart from them

    Raises
    ------
    PastError
        The old settings cannot be known, so neither can what the weights mean.
    """
    found = _whole(settings, partition, arrays, differ) or _networks(settings, partition, header, arrays, differ)
    shard, whole, told = found
    shard.lineage = _lineage(settings, header, build, shard)
    origin = Origin(header.lineage, header.partition, header.position, header.records)
    after = replace(
        header,
        format=FORMAT,
        records=shard.records,
        lineage=shard.lineage,
        settings_digest=settings.state_digest(),
        seed=settings.seed,
        versions=build,
        genesis=False,
        settings=settings.state_settings(),
        carried_over=(*header.carried_over, CarriedOver(origin, differ.words, whole)),
        revision=max(header.revision, settings.snapshots.revision or 0),
    )
    return Carried(shard, after, told)


def _whole(
    settings: Settings, partition: Partition, arrays: dict[str, Array], differ: Differences
) -> tuple[Shard, bool, str] | None:
    """All state; None where a setting or an array means something else than before."""
    if not differ.settings.keys() <= LIVE.keys():
        return None
    anew = tuple(start for path in differ.settings if (start := LIVE[path]))
    try:
        shard = Shard(settings, partition, weights=arrays["network_weights"])
        kept, evicted = cut_to(settings.streams.max_live, arrays, shard.slab_names)
        expected = shard.blank(len(kept["index_times"]))
        cleared = sorted(name for name in expected if name not in kept or name.startswith(anew))
        shard.load(kept | {name: expected[name] for name in cleared})
    except (KeyError, ValueError):
        return None
    gone = sorted(name for name in kept.keys() - shard.saved().keys())
    told = "all state goes on"
    if evicted:
        told += f" but {evicted} streams, those seen longest ago"
        told += _lost(arrays, arrays["index_slots"][:evicted])
    if cleared:
        told += f"; these begin anew: {', '.join(cleared)}"
    if gone:
        told += f"; these are left out: {', '.join(gone)}"
    return shard, True, told


def _networks(
    settings: Settings, partition: Partition, header: Header, arrays: dict[str, Array], differ: Differences
) -> tuple[Shard, bool, str]:
    """The networks' weights alone, by what they mean."""
    shard = Shard(settings, partition)
    if not networks_of(settings):
        return shard, False, "nothing goes on, as model.kind says" + _lost(arrays, arrays["index_slots"])
    before = rebuilt(header.settings, settings) if differ.settings else settings
    try:
        learned = Learned.of(header, arrays, before)
    except (KeyError, ValueError) as error:
        raise PastError(f"its network cannot be told from its arrays ({error})") from error
    missing = learned.give(settings, shard.saved())
    told = "the networks' weights go on, and streams begin anew" + _lost(arrays, arrays["index_slots"])
    return shard, False, told + (f"; drawn anew: {few(missing)}" if missing else "")


def _lost(arrays: dict[str, Array], slots: Array) -> str:
    """What becomes of the answers that wait for later events in these rows, where any do."""
    if "due" not in arrays:
        return ""
    waiting = int((arrays["due"][slots, NEWEST] - arrays["due"][slots, ANSWERED]).sum())
    return f"; {waiting:,} answers that wait for later events are never given" if waiting else ""


def _lineage(settings: Settings, header: Header, build: dict[str, str], shard: Shard) -> str:
    """Identity of the history that goes on from another's: what it was, where, by which settings and build, and what
    its weights are there."""
    sha = hashlib.sha256()
    now = settings.state_digest(), str(settings.seed), repr(sorted(build.items()))
    for part in (header.lineage, str(header.position), *now):
        sha.update(part.encode() + b"\0")
    saved = shard.saved()
    for name in networks_of(settings):
        sha.update(np.ascontiguousarray(saved[f"{name}_weights"]).tobytes())
    return sha.hexdigest()[:16]
