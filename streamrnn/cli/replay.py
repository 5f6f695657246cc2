"""``streamrnn replay``: how well would it forecast this file?"""

import csv
import json
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streamrnn.cli.options import ConfigOption, SetOption
from streamrnn.exits import ExitCode

if TYPE_CHECKING:
    from rich.progress import Progress

    from streamrnn.replay.options import SourceOptions
    from streamrnn.replay.report import ReplayReport
    from streamrnn.settings.schema import Settings


def replay(
    path: Annotated[
        Path, typer.Argument(help="CSV, JSON lines (also .gz) or Parquet file, or a directory log's topic folder.")
    ],
    config: ConfigOption = None,
    set_: SetOption = None,
    report: Annotated[Path | None, typer.Option(help="Write a report with charts to this HTML file.")] = None,
    wide: Annotated[bool, typer.Option("--wide", help="Every numeric column is a stream of its own.")] = False,
    no_header: Annotated[bool, typer.Option("--no-header", help="A CSV without names: c0, c1, ...")] = False,
    stream: Annotated[str | None, typer.Option(help="Column with the stream's id.")] = None,
    time_: Annotated[str | None, typer.Option("--time", help="Column with the event time.")] = None,
    feature: Annotated[list[str] | None, typer.Option(help="Column to learn from and forecast. Repeatable.")] = None,
    partition: Annotated[int | None, typer.Option(min=0, help="Of a directory log with several.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after this many events.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the scores as JSON and nothing else.")] = False,
) -> None:
    """Learn from a file of events as if they came one by one, and say how good the forecasts were."""
    from streamrnn.replay.options import SourceError, SourceOptions
    from streamrnn.settings import load

    features = ",".join(feature) if feature else None
    columns = {"events.stream": stream, "events.time": time_, "events.features": features}
    given = [f"{key}={value}" for key, value in columns.items() if value]
    settings = load(config, [*(set_ or []), *given]).settings
    options = SourceOptions(wide, no_header, limit, partition=partition, needed=tuple(filter(None, (stream, time_))))
    try:
        run = _run(path, settings, options, quiet=as_json)
    except (EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        typer.echo(f"{path} cannot be read to its end: {error}. Is it whole, and text in UTF-8?", err=True)
        raise typer.Exit(ExitCode.SETTINGS) from None
    except (SourceError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.SETTINGS if isinstance(error, SourceError) else ExitCode.TRANSPORT) from None
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(run.report.html(f"Replay of {path.name}"), encoding="utf-8")
    if as_json:
        extra = {"refused": run.refused, "seconds": round(run.seconds, 3), "events_per_second": round(run.pace, 1)}
        typer.echo(json.dumps(run.report.numbers() | extra))
        return
    _tell(run, report)


@dataclass(slots=True)
class _Run:
    """What a replay came to. ``pace`` is in events a second, without the first batch, which waits for the compiler."""

    report: "ReplayReport"
    refused: int = 0
    seconds: float = 0.0
    pace: float = 0.0


def _run(path: Path, settings: "Settings", options: "SourceOptions", quiet: bool) -> _Run:
    """Read, learn and score to the end of the file."""
    from streamrnn.replay.report import ReplayReport
    from streamrnn.replay.source import open_source
    from streamrnn.shard import Shard

    source = open_source(path, settings.events, options)
    shard: Shard | None = None
    run = _Run(ReplayReport(settings.events.target_names))
    started = since = time.perf_counter()
    before = 0
    with _progress(quiet) as progress:
        task = progress.add_task("compiling", total=1.0, events=0)
        for events in source:
            first = shard is None
            shard = shard or Shard(settings, events.partition)
            predictions, batch = shard.process(events)
            run.report.add(predictions)
            run.refused += sum(batch.dead_letters.values())
            progress.update(task, completed=source.fraction, description="learning", events=run.report.events)
            if first:
                since, before = time.perf_counter(), run.report.events
    ended = time.perf_counter()
    run.seconds = ended - started
    learned = run.report.events - before
    run.pace = learned / (ended - since) if learned else run.report.events / run.seconds
    return run


def _progress(quiet: bool) -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[events]:,} events"),
        TimeElapsedColumn(),
        console=Console(stderr=True),  # standard output carries the result alone
        transient=True,
        disable=quiet,
    )


def _tell(run: _Run, report: Path | None) -> None:
    from rich.console import Console

    Console().print(run.report.table())
    refused = f", {run.refused:,} refused" if run.refused else ""
    typer.echo(f"{run.seconds:.1f} s with compiling, then {run.pace:,.0f} events/s{refused}")
    if report is not None:
        typer.echo(f"Report: {report}")
