"""Places that a start needs, for ``streamrnn check``: folders to write to, a port, memory."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from errno import EADDRINUSE
from pathlib import Path
from typing import TYPE_CHECKING

from streamrnn.exits import ExitCode

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what, how it stands, and the exit code it would lead to (OK if it is fine).

    A warning leads to no other exit code, but to something that was hardly meant.
    """

    what: str
    text: str
    code: ExitCode = ExitCode.OK
    warning: bool = False

    def __str__(self) -> str:
        mark = "FAIL" if self.code != ExitCode.OK else "WARN" if self.warning else "ok"
        return f"{mark:<4}  {self.what}: {self.text}"


def writable(what: str, folder: Path, code: ExitCode) -> Finding:
    """Whether a folder can be written, or made; tells it by the nearest folder there is."""
    absolute = folder.absolute()
    nearest = next(path for path in (absolute, *absolute.parents) if os.path.lexists(path))
    if not nearest.is_dir():
        text = f"{nearest} is not a folder. Move it, or choose another path than {folder}."
        return Finding(what, text, code, warning=True)
    if not os.access(nearest, os.W_OK | os.X_OK):
        text = f"may not write in {nearest}. Give this user write access, or choose another path than {folder}."
        return Finding(what, text, code, warning=True)
    return Finding(what, f"{folder} can be {'written' if nearest == absolute else 'made'}")


def appendable(what: str, folder: Path, names: Iterable[str], code: ExitCode) -> Finding:
    """Whether these files in a folder can be written, or made."""
    there = {path: os.path.lexists(path) for path in (folder / name for name in names)}
    wrong = [path for path, is_there in there.items() if is_there and not (path.is_file() and os.access(path, os.W_OK))]
    if wrong:
        return Finding(what, f"may not write {wrong[0]}. Give this user write access, or move it.", code)
    if there and all(there.values()):
        return Finding(what, f"{folder} can be written")
    return writable(what, folder, code)


def port(settings: Settings) -> Finding:
    """Whether the status page's port is free. Binds without listening, so nobody can connect meanwhile."""
    if not settings.http.enabled:
        return Finding("http", "no status page")
    host, number = settings.http.host, settings.http.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # As servers do: what is left of an old connection is no obstacle.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        taken = ", maybe by a streamrnn that runs already" if error.errno == EADDRINUSE else ""
        text = f"cannot listen at {host}:{number}: {error.strerror}{taken}. Change http.host or http.port."
        return Finding("http", text, ExitCode.SETTINGS)
    return Finding("http", f"{host}:{number} is free" if number else f"{host}, any free port")


def memory(settings: Settings, partitions: int) -> Finding:
    """Whether the streams may come to need more memory than there is."""
    from streamrnn.memory import limit, needed, parts, readable, refusal

    refused = refusal(settings, partitions)
    if refused is not None:
        return Finding("memory", refused, ExitCode.SETTINGS)
    need, have = readable(needed(settings, partitions)), readable(limit(settings))
    made_of = ", ".join(f"{readable(size)} {words}" for words, size in parts(settings, partitions).items())
    text = f"{amount(partitions, 'partition')} may come to need {need} of the {have} allowed: {made_of}"
    return Finding("memory", text)


def amount(count: int, noun: str) -> str:
    """A number and its noun: ``1 partition``, ``2 partitions``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
