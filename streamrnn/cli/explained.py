"""What cannot be read or done, as a line and an exit code, for verbs that look at snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from streamrnn.exits import ExitCode


@contextmanager
def explained() -> Iterator[None]:
    """Turn what goes wrong with snapshots into the end of the verb."""
    from streamrnn.snapshots import SnapshotError
    from streamrnn.transport.base import TransportError

    try:
        yield
    except (SnapshotError, OSError) as error:
        raise stop(str(error), ExitCode.STATE) from error
    except TransportError as error:
        raise stop(str(error), ExitCode.TRANSPORT) from error


def stop(message: str, code: ExitCode) -> typer.Exit:
    """Say why, and give what to raise."""
    typer.echo(message, err=True)
    return typer.Exit(code)
