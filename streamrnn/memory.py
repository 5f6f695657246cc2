"""What the streams may come to need, and what there is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from streamrnn.loops.chain import bytes_per_stream, bytes_shared

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

INDEX_BYTES = 160  # of a stream in the key index, without its id
_CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def needed(settings: Settings, partitions: int) -> int:
    """Bytes that these partitions need once each has ``streams.max_live`` streams."""
    return sum(parts(settings, partitions).values())


def parts(settings: Settings, partitions: int) -> dict[str, int]:
    """What makes up `needed`, in bytes by its name in words.

    One snapshot at a time is written, and of its partition all rows may change meanwhile: a copy of one partition.
    """
    live = settings.streams.max_live
    slabs = live * sum(bytes_per_stream(settings).values())
    index = live * (INDEX_BYTES + settings.events.max_key_bytes)
    shared = bytes_shared(settings)
    return {
        "streams as in the table below": partitions * slabs,
        "their names at their longest": partitions * index,
        "what the streams of a partition share": partitions * shared,
        "one partition's copy while a snapshot is written": slabs + shared,
    }


def limit(settings: Settings) -> int:
    """Bytes that may be used: ``daemon.memory_limit``, or what the container or the machine has."""
    if settings.daemon.memory_limit is not None:
        return int(settings.daemon.memory_limit)
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for path in _CGROUP_LIMITS:
        try:
            text = path.read_text().strip()
        except OSError:
            continue
        if text.isdigit():
            found.append(int(text))
    return min(found)


def refusal(settings: Settings, partitions: int) -> str | None:
    """Why so many partitions cannot be taken, with the remedy; None where they can."""
    need, have = needed(settings, partitions), limit(settings)
    if need <= have:
        return None
    which = "daemon.memory_limit" if settings.daemon.memory_limit is not None else "this machine or container"
    return (
        f"{partitions} x {settings.streams.max_live} streams may come to need {readable(need)}, and {which} allows "
        f"{readable(have)}: lower streams.max_live, events.max_key_bytes, forecast.season, model.k2, "
        "model.hidden_size, model.lookahead, labels.within, tokens.vocabulary or tokens.cells, or set "
        "daemon.memory_limit to what there is"
    )


def readable(size: int) -> str:
    """A size as people read it: ``1.5 GiB``."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"
