"""``streamrnn replay``: how well would it forecast this file?"""

import json
import time
from contextlib import AbstractContextManager, nullcontext
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

    columns = {"events.stream": stream, "events.time": time_, "events.features": feature}
    given = [f"{key}={json.dumps(value)}" for key, value in columns.items() if value]
    settings = load(config, [*(set_ or []), *given]).settings
    options = SourceOptions(wide, no_header, limit, partition=partition)
    try:
        result, rejected, seconds = _run(path, settings, options, quiet=as_json)
    except (SourceError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.TRANSPORT) from None
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(result.html(f"Replay of {path.name}"), encoding="utf-8")
    if as_json:
        numbers = result.numbers() | {"rejected": rejected, "seconds": round(seconds, 3)}
        typer.echo(json.dumps(numbers))
        return
    _tell(result, rejected, seconds, report)


def _run(
    path: Path, settings: "Settings", options: "SourceOptions", quiet: bool
) -> tuple["ReplayReport", int, float]:
    """Report, records refused, and seconds that reading and learning took."""
    from streamrnn.replay.report import ReplayReport
    from streamrnn.replay.source import open_source
    from streamrnn.shard import Shard

    source = open_source(path, settings.events, options)
    shard: Shard | None = None
    result = ReplayReport(settings.events.target_names)
    rejected = 0
    progress = None if quiet else _progress()
    shown: AbstractContextManager[object] = nullcontext() if progress is None else progress
    started = time.perf_counter()
    with shown:
        task = None if progress is None else progress.add_task("compiling", total=1.0, events=0)
        for events in source:
            if shard is None:
                shard = Shard(settings, events.partition)
            predictions, batch = shard.process(events)
            result.add(predictions)
            rejected += sum(batch.dead_letters.values())
            if progress is not None and task is not None:
                progress.update(task, completed=source.fraction, description="learning", events=result.events)
        if progress is not None and task is not None:
            progress.update(task, completed=1.0)
    return result, rejected, time.perf_counter() - started


def _progress() -> "Progress":
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
    )


def _tell(result: "ReplayReport", rejected: int, seconds: float, report: Path | None) -> None:
    from rich.console import Console

    Console().print(result.table())
    pace = result.events / seconds if seconds else 0.0
    typer.echo(f"{seconds:.1f} s, {pace:,.0f} events/s" + (f", {rejected:,} refused" if rejected else ""))
    if report is not None:
        typer.echo(f"Report: {report}")
