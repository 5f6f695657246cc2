"""Says what a command waits for, where nothing else would be seen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

AFTER_SECONDS = 3.0


@contextmanager
def told_waiting(settings: Settings, after: float = AFTER_SECONDS) -> Iterator[None]:
    """While the block lasts, say once on standard error that the brokers have yet to answer; it is to end with that.

    Parameters
    ----------
    settings : where they are, and how long they are waited for
    after : seconds before it is said
    """
    if settings.transport.kind != "kafka":
        yield
        return
    timer = threading.Timer(after, _tell, (settings,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _tell(settings: Settings) -> None:
    brokers, most = ", ".join(settings.kafka.bootstrap_servers), settings.kafka.request_timeout
    text = f"waits for the brokers at {brokers}, {most:g} s at most: start them, or correct kafka.bootstrap_servers"
    typer.echo(text, err=True)


def tell_silence(seconds: float) -> None:
    """Say on standard error that brokers which were there have gone."""
    text = f"no answer from the brokers for {seconds:.0f} s: waits for them, kafka.request_timeout at most"
    typer.echo(text, err=True)
