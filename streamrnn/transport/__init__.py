"""Logs to read events from and to write predictions to: a directory of files, standard input, a script for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamrnn.transport.base import Assignment, Committed, Transport, TransportError
from streamrnn.transport.directory import DirectoryLog
from streamrnn.transport.standard import StandardInput

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

__all__ = [
    "Assignment",
    "Committed",
    "DirectoryLog",
    "StandardInput",
    "Transport",
    "TransportError",
    "open_transport",
]


def open_transport(settings: Settings) -> Transport:
    """The log that the settings name.

    Raises
    ------
    TransportError
        Where it cannot be opened, or another process holds it.
    """
    names = settings.transport
    if names.kind == "standard":
        return StandardInput(poll_records=names.poll_records)
    return DirectoryLog(names.path, names.input, names.predictions, names.dead_letters, names.poll_records)
