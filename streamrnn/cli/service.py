"""The daemon with its status page: what ``run`` and ``demo`` share."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import typer

from streamrnn import endings
from streamrnn.daemon import Daemon
from streamrnn.events.columns import Partition
from streamrnn.exits import ExitCode
from streamrnn.genesis import versions
from streamrnn.observe.metrics import metrics_of
from streamrnn.observe.sensor import Sensor
from streamrnn.page.diary import Diary, DiaryHandler
from streamrnn.page.page import Page
from streamrnn.page.recent import Recent
from streamrnn.page.site import Site
from streamrnn.page.status import About
from streamrnn.partitions import NoPartitionError
from streamrnn.settings.engine import choose_engine
from streamrnn.settings.schema import Settings
from streamrnn.transport.base import TransportError
from streamrnn.web.access import Access
from streamrnn.web.budget import Budget
from streamrnn.web.server import HttpError, HttpServer


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
    new_lineage: bool = False,
    carry_over: bool = False,
    skip_to: Mapping[Partition, int] | None = None,
    remedy: str | None = None,
) -> Iterator[Service]:
    """Open the log and serve the status page while the block lasts.

    Parameters
    ----------
    settings, new_lineage, carry_over, skip_to : see `Daemon`
    sensors : told of everything, beside the metrics
    remedy : what to do where the status page's address is taken; None names the settings

    Raises
    ------
    typer.Exit
        After a message, where the log or the address cannot be had, or ``skip_to`` names what is not there.
    """
    build = versions() | {"engine": choose_engine(settings.model).name}
    metrics = metrics_of(settings, build)
    registry = metrics.families.registry
    http, diary, recent = settings.http, Diary(), Recent()
    watching = [diary, recent] if http.enabled else []
    try:
        daemon = Daemon(
            settings,
            [*metrics.sensors, *sensors, *watching],
            new_lineage=new_lineage,
            carry_over=carry_over,
            skip_to=skip_to,
        )
    except (TransportError, OSError, NoPartitionError) as error:
        ending = endings.by(error)
        ending.tell()
        raise typer.Exit(ending.code) from None
    if not http.enabled:
        yield Service(daemon, "")
        return
    budget, handler = Budget(), DiaryHandler(diary)
    page = Page(_about(settings, build), registry, daemon.lookup, diary, recent, daemon.not_ready, budget.charge)
    site = Site(Access(http), registry, daemon.not_live, daemon.not_ready, page)
    given = {} if remedy is None else {"remedy": remedy}
    server = HttpServer(http, site, budget=budget, **given)
    try:
        server.start()
    except HttpError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.SETTINGS) from None
    logging.getLogger().addHandler(handler)
    try:
        yield Service(daemon, server.address)
    finally:
        logging.getLogger().removeHandler(handler)
        server.stop()


def _task(settings: Settings) -> str:
    if settings.learns_labels:
        return "labels"
    return "next tokens" if settings.learns_tokens else "next values"


def _about(settings: Settings, build: Mapping[str, str]) -> About:
    """What the page says of this daemon."""
    kafka = settings.transport.kind == "kafka"
    name = settings.kafka.group_id if kafka else str(settings.transport.path)
    topics, task = ", ".join(settings.input_topics), _task(settings)
    return About(build["streamrnn"], build["engine"], name, f"learns {task} of {topics}", time.time())
