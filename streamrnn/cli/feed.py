"""``streamrnn feed``: lifelike events into the input topic, where there are none yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from streamrnn.cli.options import ConfigOption, SetOption
from streamrnn.cli.waiting import tell_silence, told_waiting
from streamrnn.exits import ExitCode
from streamrnn.signals import interrupted_by_sigterm

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


def feed(
    config: ConfigOption = None,
    set_: SetOption = None,
    preset: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What the events suit: forecast, anomaly, classify, delayed-labels or sequence-label.",
        ),
    ] = "forecast",
    events: Annotated[int | None, typer.Option(min=1, metavar="N", help="End after this many events.")] = None,
    rate: Annotated[float, typer.Option(min=0.1, max=1e9, metavar="N", help="Events a second.")] = 1000.0,
    streams: Annotated[int, typer.Option(min=1, max=100_000, metavar="N", help="Streams to make up.")] = 300,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Seed of the events.")] = 0,
) -> None:
    """Send made-up events to the input topic. Ctrl-C or SIGTERM ends it.

    In Kafka they are keyed by stream; in a directory log they go to partition 0.
    The same seed gives the same events, at the same times: take another one to
    feed the same topic again.

    forecast: meters with a daily season, regime changes, faults, missing and
    unreadable values, streams that come and go. anomaly: machines, with the
    truth about their faults in the field `fault`. classify: tools with the
    state they are in. delayed-labels: the same, the state a later record, in
    the topic of labels.topic if that is set.
    sequence-label: visits to a shop and how they end.

    \b
    Examples:
    streamrnn feed --config config.yaml
    streamrnn feed --preset anomaly --streams 10 --events 30000 --rate 50000
    """
    from streamrnn.demo.scenes import SCENES
    from streamrnn.replay.guess import nearest
    from streamrnn.settings import load
    from streamrnn.transport.base import TransportError

    if preset not in SCENES:
        typer.echo(f"there is no preset {preset}{nearest(preset, SCENES)}; there are {', '.join(SCENES)}", err=True)
        raise typer.Exit(ExitCode.SETTINGS)
    settings = load(config, set_).settings
    if settings.transport.kind == "standard":
        typer.echo("there is no topic to feed: transport.kind is standard (streamrnn demo needs none)", err=True)
        raise typer.Exit(ExitCode.SETTINGS)
    apart = settings.labels.topic if preset == "delayed-labels" else None
    topics = [settings.transport.only_input, *([] if apart is None else [apart])]
    sending = _sending(settings, topics, SCENES[preset](seed, streams), rate, events)
    sent = 0
    try:
        with interrupted_by_sigterm():
            with told_waiting(settings):
                sent = next(sending)
            for so_far in sending:
                sent = so_far
    except TransportError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.TRANSPORT) from None
    finally:
        typer.echo(f"sent {sent:,} events to {' and '.join(topics)}", err=True)


def _sending(
    settings: Settings, topics: list[str], made_up: Iterator[list[bytes]], rate: float, total: int | None
) -> Iterator[int]:
    """Yields how many were sent so far, from time to time; labels go to the last topic."""

    def topic_of(line: bytes) -> str:
        return topics[-1] if b'"label":' in line else topics[0]

    if settings.transport.kind == "kafka":
        from streamrnn.demo.feed import send

        return send(settings, topic_of, made_up, rate, total, tell_silence)
    from streamrnn.demo.append import append

    return append(settings.transport.path, topic_of, topics, made_up, rate, total)
