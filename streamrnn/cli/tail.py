"""``streamrnn tail``: the predictions as their consumers see them."""

from __future__ import annotations

import os
import select
import sys
from contextlib import ExitStack
from typing import Annotated

import typer

from streamrnn.cli.options import ConfigOption, SetOption
from streamrnn.cli.printer import Printer
from streamrnn.cli.refusals import Refusals
from streamrnn.cli.waiting import tell_silence, told_waiting
from streamrnn.exits import ExitCode
from streamrnn.settings import Settings, load
from streamrnn.transport.base import TransportError
from streamrnn.transport.reader import BEGINNING, open_reader

LOOK_SECONDS = 0.2  # between two looks whether anybody still reads
SEARCHED = 100_000  # records of each partition, before its end, among which the last of a stream are looked for


def tail(
    config: ConfigOption = None,
    set_: SetOption = None,
    stream: Annotated[
        list[str] | None, typer.Option("--stream", metavar="KEY", help="Show this stream only. Repeatable.")
    ] = None,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Begin with the first that the log still has.")
    ] = False,
    last: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            max=SEARCHED,
            help="Begin so many before the end of each partition; with --stream so many of each, of the last 100,000.",
        ),
    ] = 0,
    count: Annotated[int | None, typer.Option(metavar="N", min=1, help="End after so many lines.")] = None,
    dead_letters: Annotated[bool, typer.Option("--dead-letters", help="Show the records that were refused.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print whole records, one JSON object a line.")] = False,
) -> None:
    """Print predictions as they come, committed ones only. Ctrl-C ends it.

    A line has the event's time (UTC), its stream and place, the forecast of the
    stream's next event with its interval (the first of forecast.levels), the
    farther ones, the last value, and what this event brought: the outcome, the
    error of the forecast made before, and that of the last value before (naive
    error). Behind the line of an alert stands its target with the anomaly score.
    Records that are not ours are told on standard error, and so is that a
    stream has none, or that all records were refused.

    Of tokens it has how many came, how many of them had been held likeliest,
    their surprise, and what is likely to come next; with tokens.marker also
    whether the answer was foretold exactly.

    \b
    Examples:
    streamrnn tail --config config.yaml
    streamrnn tail --stream pump-7 --last 20
    streamrnn tail --json --from-beginning --count 1000 > predictions.jsonl
    streamrnn tail --dead-letters --from-beginning
    """
    if from_beginning and last:
        raise typer.BadParameter("--from-beginning and --last exclude each other")
    if stream and dead_letters:
        raise typer.BadParameter("--stream goes with predictions: a refused record may not name its stream")
    settings = load(config, set_).settings
    _refuse_standard(settings)
    level = next(iter(settings.forecast.levels), None)
    exact, held = settings.tokens.marker is not None, last if stream else 0
    printer = Printer(set(stream or ()), dead_letters, json, count, level, exact, held)
    begin = BEGINNING if from_beginning else SEARCHED if held else last
    refusals = None if dead_letters else Refusals(settings)
    try:
        with ExitStack() as stack:
            with told_waiting(settings):
                reading = open_reader(settings, dead_letters=dead_letters, last=begin)
                reader = stack.enter_context(reading)
            silent, told = False, not (from_beginning or last)
            while not (printer.done or _nobody_reads()):
                records = reader.read(LOOK_SECONDS)
                printer.print(records)
                if printer.holds and reader.caught_up():
                    printer.let_go()
                if refusals is not None and not printer.read and (refused := refusals.told()):
                    typer.echo(refused, err=True)
                    refusals = None
                if not (records or told) and (missing := printer.missing()) and reader.caught_up():
                    typer.echo(missing, err=True)
                    told = True
                if reader.silence and not silent:
                    tell_silence(reader.silence)
                silent = reader.silence > 0
    except TransportError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.TRANSPORT) from None
    except BrokenPipeError:
        pass
    _let_go_of_output()


def _refuse_standard(settings: Settings) -> None:
    if settings.transport.kind == "standard":
        typer.echo(
            "transport.kind is standard, which keeps no log to read from: the daemon prints its predictions itself",
            err=True,
        )
        raise typer.Exit(ExitCode.SETTINGS)


def _nobody_reads() -> bool:
    """Whether standard output is a pipe whose reader has gone."""
    poll = select.poll()
    poll.register(1, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def _let_go_of_output() -> None:
    """So that the interpreter's own last flush into a closed pipe says nothing."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
