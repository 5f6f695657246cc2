"""What the system refuses, as errors that name the remedy."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streamrnn.transport.base import TransportError

READ = "Check the disk and that this user may read it, or set transport.path and transport.input to another folder."
WRITE = "Check the disk and that this user may write there, or set transport.path to another folder."

_OTHER_REMEDIES = {
    errno.ENOSPC: "Make room on the disk.",
    errno.EDQUOT: "Make room within the quota.",
    errno.EMFILE: "Raise the limit of open files (ulimit -n).",
    errno.ENFILE: "Raise the system's limit of open files.",
}


@contextmanager
def explained(doing: str, place: Path | str, remedy: str) -> Iterator[None]:
    """Turn an ``OSError`` of the block into a ``TransportError``.

    Parameters
    ----------
    doing, place : what the block does, and with what: ``read``, ``var/log/events/0.jsonl``
    remedy : a sentence for a person, `READ` or `WRITE`; another one takes its place where the disk is full or too many
        files are open
    """
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise TransportError(
            f"cannot {doing} {place}: {why}. {_OTHER_REMEDIES.get(error.errno or 0, remedy)}"
        ) from error
