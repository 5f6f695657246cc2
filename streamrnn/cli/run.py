"""``streamrnn run``: the daemon."""

from __future__ import annotations

import logging
import os
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from streamrnn.cli.options import ConfigOption, SetOption

if TYPE_CHECKING:
    from streamrnn.events.columns import Partition
    from streamrnn.observe.sensor import Sensor
    from streamrnn.settings.schema import Settings

_logger = logging.getLogger(__name__)


def run(
    config: ConfigOption = None,
    overrides: SetOption = None,
    new_lineage: Annotated[
        bool,
        typer.Option(
            "--new-lineage",
            help="Where the saved state does not fit the log or the settings, begin a new model at the committed "
            "position rather than stop.",
        ),
    ] = False,
    carry_over: Annotated[
        bool,
        typer.Option(
            "--carry-over",
            help="Where the saved state was made with other settings or by another version, go on with what was "
            "learned, as far as it fits, rather than stop. See streamrnn check for what that is.",
        ),
    ] = False,
    skip_to: Annotated[
        list[str] | None,
        typer.Option(
            "--skip-to",
            metavar="TOPIC-N:OFFSET",
            help="Go on at this offset of a partition that cannot be read where it stands, and leave out what lies "
            "between. May be given again for others.",
        ),
    ] = None,
    summary: Annotated[
        float, typer.Option(metavar="SECONDS", help="Time between two progress lines in the log.", min=1)
    ] = 10.0,
) -> None:
    """Learn from the log and publish predictions, until SIGTERM or Ctrl-C; a second signal ends at once.

    \b
    Examples:
    streamrnn run --config config.yaml
    streamrnn run --set transport.path=var/log --set http.port=0
    generate | streamrnn run --set transport.kind=standard > predictions.jsonl
    """
    from streamrnn.cli.service import serve
    from streamrnn.loops.ready import compile_first, load_ahead, must_compile
    from streamrnn.observe import logs
    from streamrnn.observe.absent import AbsentFeatureSensor
    from streamrnn.observe.drift import DriftSensor
    from streamrnn.observe.refusals import RefusalSensor
    from streamrnn.observe.stopping import told_stop
    from streamrnn.observe.summary import SummarySensor
    from streamrnn.observe.systemd import Notifier, SystemdSensor
    from streamrnn.settings import load

    settings = load(config, overrides).settings
    logs.setup(settings.logging.level, settings.logging.format)
    sensors: list[Sensor] = [
        SummarySensor(summary, settings.scoring.window),
        RefusalSensor(),
        AbsentFeatureSensor(settings.events.features),
        DriftSensor(settings.drift.shard),
    ]
    supervisor = Notifier.from_environment(os.environ)
    if supervisor is not None:
        sensors.append(SystemdSensor(supervisor, settings.daemon.drain_deadline))
    if must_compile(settings):
        if supervisor is not None:
            supervisor.compiling()
        compile_first(settings)
    places = _places_to_skip_to(skip_to or [])
    with ExitStack() as stack:
        with load_ahead(settings):
            service = stack.enter_context(
                serve(settings, sensors, new_lineage=new_lineage, carry_over=carry_over, skip_to=places)
            )
        _logger.info("running", extra=_places(settings) | {"status": service.address or "off"})
        if _nothing_to_read(settings):
            _logger.warning("there is no file <number>.jsonl to read yet: waits for one")
        with told_stop():
            code = service.daemon.run()
    raise typer.Exit(code)


def _places_to_skip_to(given: list[str]) -> dict[Partition, int]:
    from streamrnn.events.columns import Partition

    found = {}
    for text in given:
        match = re.fullmatch(r"(.+)-(\d+):(\d+)", text)
        if match is None:
            raise typer.BadParameter(f"{text!r} is not a place such as events-0:1234", param_hint="--skip-to")
        found[Partition(match[1], int(match[2]))] = int(match[3])
    return found


def _places(settings: Settings) -> dict[str, str]:
    """Where it reads and writes."""
    from streamrnn.snapshots.factory import open_store

    transport = settings.transport
    if transport.kind == "standard":
        return {"reads": "standard input", "writes": "standard output", "dead_letters": "standard error"}
    if transport.kind == "kafka":
        topics = {"reads": ",".join(settings.input_topics), "writes": transport.predictions}
        topics["dead_letters"] = transport.dead_letters
        if settings.journal_topic is not None:
            topics["journal"] = settings.journal_topic
        brokers = ",".join(settings.kafka.bootstrap_servers)
        return topics | {"brokers": brokers, "snapshots": open_store(settings).place}
    folders = {"reads": transport.only_input, "writes": transport.predictions, "dead_letters": transport.dead_letters}
    if settings.labels.topic is not None:
        folders |= {"reads_labels": settings.labels.topic, "journal": str(settings.journal_topic)}
    places = {name: str(transport.path / topic) for name, topic in folders.items()}
    return places | {"snapshots": str(settings.snapshot_folder)}


def _nothing_to_read(settings: Settings) -> bool:
    from streamrnn.transport.directory import partition_files

    transport = settings.transport
    try:
        folders = [transport.path / topic for topic in settings.input_topics]
        return transport.kind == "directory" and not all(partition_files(folder) for folder in folders)
    except OSError:  # the daemon will say what is wrong
        return False
