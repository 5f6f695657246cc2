"""Which snapshot a verb works on: one that is named, or one of those where the settings say."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from streamrnn.cli.explained import stop
from streamrnn.exits import ExitCode

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings
    from streamrnn.snapshots import Header
    from streamrnn.snapshots.base import SnapshotStore
    from streamrnn.snapshots.choice import Listed, Loaded, Name


def refuse_partition(partition: str | None) -> None:
    """Raise ``BadParameter`` where the word of ``--partition`` cannot be one."""
    if partition is not None and not partition.rpartition("-")[2].isdecimal():
        raise typer.BadParameter(f"{partition!r} is not a partition such as events-0", param_hint="--partition")


def newest_file(folder: Path) -> tuple[Path, int]:
    """The snapshot that was written last, in the folder or below it, and of how many."""
    files = sorted(folder.rglob("*.safetensors"), key=lambda file: (file.stat().st_mtime_ns, file.name))
    if not files:
        raise stop(f"{folder} holds no snapshot (*.safetensors): name the folder of snapshots.path", ExitCode.SETTINGS)
    return files[-1], len(files)


def listing(store: SnapshotStore, partition: str | None) -> list[Listed]:
    """The snapshots of a store, or of one partition; there is one at least."""
    listed = store.listing(partition)
    if not listed:
        of = "" if partition is None else f" of {partition}"
        problem = f"{store.place} holds no snapshot{of}: correct snapshots.{store.setting} or the settings"
        raise stop(problem, ExitCode.SETTINGS)
    return listed


def newest_with(store: SnapshotStore, listed: list[Listed], stream: str) -> Loaded:
    """Of the partitions' newest whole snapshots the one that has the stream."""
    found = find_with(store, listed, stream)
    if found is None:
        where = ", ".join(f"{name.partition} at {name.position:,}" for name in newest_of_each(listed))
        problem = (
            f"no stream {stream!r} in the newest whole snapshots ({where}): it came after them, or has expired; the "
            "daemon saves every snapshots.every_seconds, and at its end"
        )
        raise stop(problem, ExitCode.SETTINGS)
    return found


def find_with(store: SnapshotStore, listed: list[Listed], stream: str) -> Loaded | None:
    """The same; None where there is none."""
    from streamrnn.streams.index import saved_slot

    for name in newest_of_each(listed):
        found = store.read(name)
        if saved_slot(found[1], stream) is not None:
            return found
    return None


def newest_of_each(listed: list[Listed]) -> list[Name]:
    """The last written snapshot of each partition that seems whole."""
    newest: dict[str, Name] = {}
    for each in listed:
        if each.problem is None:
            newest.setdefault(each.name.partition, each.name)
    return list(newest.values())


def newest(settings: Settings, partition: str | None) -> Loaded:
    """The snapshot that was written last, of the only partition or of the one that is named."""
    from streamrnn.snapshots.factory import open_store

    with closing(open_store(settings)) as store:
        return newest_of_only(store, store.listing(partition))


def newest_of_only(store: SnapshotStore, listed: list[Listed]) -> Loaded:
    """The same among these."""
    names = newest_of_each(listed)
    if not names:
        raise stop(f"{store.place} holds no whole snapshot: correct snapshots.{store.setting}", ExitCode.SETTINGS)
    if len(names) > 1:
        partitions = ", ".join(sorted(name.partition for name in names))
        raise stop(f"there are snapshots of {partitions}: name one of them by --partition", ExitCode.SETTINGS)
    return store.read(names[0])


def made_with(header: Header, settings: Settings) -> Settings:
    """The settings that a snapshot was made with.

    Raises
    ------
    PastError
        They are not possible any more.
    """
    from streamrnn.settings.past import rebuilt

    return settings if header.settings_digest == settings.state_digest() else rebuilt(header.settings, settings)
