"""``streamrnn feed``: lifelike events into the input topic, where there are none yet, or those of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streamrnn.cli.options import ConfigOption, SetOption
from streamrnn.cli.waiting import tell_silence, told_waiting
from streamrnn.exits import ExitCode
from streamrnn.signals import interrupted_by_sigterm

_AT_ONCE = 1e9  # events a second

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


def feed(
    config: ConfigOption = None,
    set_: SetOption = None,
    preset: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What the events suit: a preset's name, see below.",
        ),
    ] = "forecast",
    events: Annotated[int | None, typer.Option(min=1, metavar="N", help="End after this many events.")] = None,
    rate: Annotated[
        float | None,
        typer.Option(min=0.1, max=1e9, metavar="N", help="Events a second. 1000 if made up, of a file all at once."),
    ] = None,
    streams: Annotated[int, typer.Option(min=1, max=100_000, metavar="N", help="Streams to make up.")] = 300,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Seed of the events.")] = 0,
    from_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Send the events of this file: CSV, JSON lines (both also .gz) or Parquet."),
    ] = None,
    stream: Annotated[str | None, typer.Option(metavar="NAME", help="The table's column with the stream's id.")] = None,
    time: Annotated[str | None, typer.Option(metavar="NAME", help="The table's column with the event time.")] = None,
    feature: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="The table's column for each of events.features. Repeatable."),
    ] = None,
) -> None:
    """Send made-up events, or those of a file, to the input topic. Ctrl-C or SIGTERM ends it.

    In Kafka they are keyed by stream; in a directory log they go to partition 0.
    The same seed gives the same events, at the same times: take another one to
    feed the same topic again.

    forecast: meters with a daily season, regime changes, faults, missing and
    unreadable values, streams that come and go. anomaly: machines, with the
    truth about their faults in the field `fault`. classify: tools with the
    state they are in. delayed-labels: the same, the state a later record, in
    the topic of labels.topic if that is set.
    sequence-label: visits to a shop and how they end. strokes: writers who draw
    digits. frames: speakers, and the sound that each frame is part of.
    text: keepers' notes. sentiment: reviews, and whether they were meant well.
    translate: sentences in two languages. music: pieces for four voices.
    handwriting: digits as the directions that a pen takes.

    --from-file brings a history into the log, so that a daemon learns from it and
    goes on. A row of a table becomes a record with the fields that the settings
    name; --stream, --time and --feature tell where its columns are named
    otherwise. Rows that `replay` would refuse are left out and told. JSON lines
    go as they are.

    \b
    Examples:
    streamrnn feed --config history.yaml --from-file history.csv
    streamrnn feed --config config.yaml
    streamrnn feed --preset anomaly --streams 10 --events 30000 --rate 50000
    """
    from streamrnn.demo.scenes import SCENES
    from streamrnn.replay.guess import nearest
    from streamrnn.replay.options import SourceError
    from streamrnn.replay.outgoing import Outgoing
    from streamrnn.settings import load
    from streamrnn.transport.base import TransportError

    if preset not in SCENES:
        typer.echo(f"there is no preset {preset}{nearest(preset, SCENES)}; there are {', '.join(SCENES)}", err=True)
        raise typer.Exit(ExitCode.SETTINGS)
    settings = load(config, set_).settings
    if settings.transport.kind == "standard":
        typer.echo("there is no topic to feed: transport.kind is standard (streamrnn demo needs none)", err=True)
        raise typer.Exit(ExitCode.SETTINGS)
    if from_file is None and (stream or time or feature):
        typer.echo("--stream, --time and --feature name columns of a file: add --from-file", err=True)
        raise typer.Exit(ExitCode.SETTINGS)
    history: Outgoing | None = None
    sent, topics = 0, [settings.transport.only_input]
    try:
        if from_file is not None:
            history = Outgoing(from_file, settings, stream, time, tuple(feature or ()))
            _tell_what_is_there(settings)
            topics += [] if settings.labels.topic is None else [settings.labels.topic]
            sending = _sending(settings, topics, iter(history), rate or _AT_ONCE, events, *_places(settings, topics))
        else:
            topics += [settings.labels.topic] if settings.labels.topic and preset == "delayed-labels" else []
            sending = _sending(settings, topics, SCENES[preset](seed, streams), rate or 1000.0, events)
        with interrupted_by_sigterm():
            with told_waiting(settings):
                sent = next(sending, 0)
            for so_far in sending:
                sent = so_far
    except SourceError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.SETTINGS) from None
    except TransportError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.TRANSPORT) from None
    finally:
        typer.echo(f"sent {sent:,} events to {' and '.join(topics)}", err=True)
        for sentence in [] if history is None else history.intake.sentences():
            typer.echo(sentence, err=True)


def _tell_what_is_there(settings: Settings) -> None:
    """A history that is sent twice is twice as long, and its second half late."""
    path = settings.transport.path / settings.transport.only_input / "0.jsonl"
    if settings.transport.kind == "directory" and path.exists() and path.stat().st_size:
        typer.echo(f"{path} holds records already: these go behind, and what is older is late (events.late)", err=True)


def _sending(
    settings: Settings, topics: list[str], batches: Iterator[list[bytes]], rate: float, total: int | None,
    topic_of: Callable[[bytes], str] | None = None, key_of: Callable[[bytes], bytes | None] | None = None,
) -> Iterator[int]:  # fmt: skip
    """Yields how many were sent so far, from time to time; made-up labels go to the last topic."""

    def topic_by_label(line: bytes) -> str:
        return topics[-1] if b'"label":' in line else topics[0]

    topic_of = topic_of or topic_by_label
    if settings.transport.kind == "kafka":
        from streamrnn.demo.feed import by_stream, send

        return send(settings, topic_of, batches, rate, total, tell_silence, key_of or by_stream)
    from streamrnn.demo.append import append

    return append(settings.transport.path, topic_of, topics, batches, rate, total)


def _places(settings: Settings, topics: list[str]) -> tuple[Callable[[bytes], str], Callable[[bytes], bytes | None]]:
    """The topic and the key of a record, by its fields; what cannot be read goes to the input without a key."""
    from streamrnn.presets.files import json_object

    stream, label = settings.events.stream or "stream", settings.labels.field

    def topic_of(line: bytes) -> str:
        return topics[-1] if len(topics) > 1 and (json_object(line) or {}).get(label) is not None else topics[0]

    def key_of(line: bytes) -> bytes | None:
        name = (json_object(line) or {}).get(stream)
        return None if name is None else str(name).encode()

    return topic_of, key_of
