"""``streamrnn feed``: lifelike events into the input topic, where there are none yet."""

from typing import Annotated

import typer

from streamrnn.cli.options import ConfigOption, SetOption
from streamrnn.cli.waiting import tell_silence, told_waiting
from streamrnn.exits import ExitCode
from streamrnn.signals import interrupted_by_sigterm


def feed(
    config: ConfigOption = None,
    set_: SetOption = None,
    events: Annotated[int | None, typer.Option(min=1, metavar="N", help="End after this many events.")] = None,
    rate: Annotated[float, typer.Option(min=0.1, metavar="N", help="Events a second.")] = 1000.0,
    streams: Annotated[int, typer.Option(min=1, max=100_000, metavar="N", help="Streams to make up.")] = 300,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Seed of the events.")] = 0,
) -> None:
    """Send made-up events to the input topic in Kafka, keyed by stream. Ctrl-C or SIGTERM ends it.

    A few hundred lifelike streams: daily season, regime changes, faults, missing
    and unreadable values, streams that come and go.

    \b
    Examples:
    streamrnn feed --config config.yaml
    streamrnn feed --rate 5000 --events 100000
    """
    from streamrnn.settings import load
    from streamrnn.transport.base import TransportError

    settings = load(config, set_).settings
    if settings.transport.kind != "kafka":
        typer.echo("there is no topic to feed: transport.kind is not kafka (streamrnn demo needs none)", err=True)
        raise typer.Exit(ExitCode.SETTINGS)
    from streamrnn.demo.feed import send
    from streamrnn.demo.generator import events as made_up

    sent = 0
    try:
        with interrupted_by_sigterm():
            sending = send(settings, made_up(seed, streams), rate, events, tell_silence)
            with told_waiting(settings):
                sent = next(sending)
            for so_far in sending:
                sent = so_far
    except TransportError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.TRANSPORT) from None
    finally:
        typer.echo(f"sent {sent:,} events to {settings.transport.only_input}", err=True)
