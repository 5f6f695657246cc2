"""The daemon with its status page: what ``run`` and ``demo`` share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import typer

from streamrnn import endings
from streamrnn.daemon import Daemon
from streamrnn.events.columns import Partition, Predictions
from streamrnn.exits import ExitCode
from streamrnn.observe.http import HttpError, HttpServer
from streamrnn.observe.metrics import metrics_of
from streamrnn.observe.sensor import Sensor
from streamrnn.partitions import NoPartitionError
from streamrnn.recovery import versions
from streamrnn.settings.engine import choose_engine
from streamrnn.settings.schema import Settings
from streamrnn.transport.base import TransportError


@dataclass(frozen=True, slots=True)
class Service:
    """A daemon that is ready to run, and the address of its status page (empty without one)."""

    daemon: Daemon
    address: str


@contextmanager
def serve(
    settings: Settings,
    sensors: Sequence[Sensor],
    *,
    tap: Callable[[Predictions], None] | None = None,
    new_lineage: bool = False,
    skip_to: Mapping[Partition, int] | None = None,
    remedy: str | None = None,
) -> Iterator[Service]:
    """Open the log and serve the status page while the block lasts.

    Parameters
    ----------
    settings, tap, new_lineage, skip_to : see `Daemon`
    sensors : told of everything, beside the metrics
    remedy : what to do where the status page's address is taken; None names the settings

    Raises
    ------
    typer.Exit
        After a message, where the log or the address cannot be had, or ``skip_to`` names what is not there.
    """
    build = versions() | {"engine": choose_engine(settings.model).name}
    metrics = metrics_of(settings, build)
    try:
        daemon = Daemon(settings, [*metrics.sensors, *sensors], tap, new_lineage=new_lineage, skip_to=skip_to)
    except (TransportError, OSError, NoPartitionError) as error:
        ending = endings.by(error)
        ending.tell()
        raise typer.Exit(ending.code) from None
    http = settings.http
    if not http.enabled:
        yield Service(daemon, "")
        return
    given = {} if remedy is None else {"remedy": remedy}
    server = HttpServer(http.host, http.port, metrics.families.registry, daemon.not_live, daemon.not_ready, **given)
    try:
        server.start()
    except HttpError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.SETTINGS) from None
    try:
        yield Service(daemon, server.address)
    finally:
        server.stop()
