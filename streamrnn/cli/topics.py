"""``streamrnn topics``: the topics that the daemon writes to."""

from typing import Annotated

import typer

from streamrnn.cli.options import ConfigOption, SetOption
from streamrnn.cli.verbs import Command, Group
from streamrnn.cli.waiting import told_waiting
from streamrnn.exits import ExitCode

topics = typer.Typer(cls=Group, no_args_is_help=True, short_help="Create the topics in Kafka.")


@topics.callback()
def _topics() -> None:
    """Create in Kafka what the daemon reads and writes: events, predictions, dead letters, snapshots.

    Topics that are there are left as they are; `streamrnn check` looks whether
    they are all there, and as they should be. docs/kafka.md tells of each.

    \b
    Examples:
    streamrnn topics create --config config.yaml
    streamrnn topics create --config config.yaml --input 4 --replicas 3
    """


@topics.command(cls=Command)
def create(
    config: ConfigOption = None,
    set_: SetOption = None,
    replicas: Annotated[
        int, typer.Option(metavar="N", min=-1, help="Copies of each partition; -1 takes the brokers' default.")
    ] = -1,
    input_partitions: Annotated[
        int | None,
        typer.Option(
            "--input", metavar="N", min=1, help="Create input topics that are missing too, with so many partitions."
        ),
    ] = None,
) -> None:
    """Create the topics of predictions, dead letters and snapshots that are missing.

    They get as many partitions as the input topic, so that an answer stands in
    the partition of its event; that of the snapshots is compacted.
    The input topic must be there, or --input be given.

    \b
    Examples:
    streamrnn topics create --config config.yaml --replicas 3
    streamrnn topics create --input 4
    """
    from streamrnn.settings import load
    from streamrnn.transport.base import TransportError

    settings = load(config, set_).settings
    if settings.transport.kind != "kafka":
        typer.echo("there is nothing to create: transport.kind is not kafka", err=True)
        raise typer.Exit(ExitCode.SETTINGS)
    from streamrnn.transport.kafka.topics import create

    try:
        with told_waiting(settings):
            made = create(settings, replicas, input_partitions)
    except TransportError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.TRANSPORT) from None
    for topic in made:
        typer.echo(f"created {topic.name} with {topic.partitions} partitions")
    if not made:
        typer.echo("nothing is missing")
