"""``streamrnn replay``: how well would it forecast this file?"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streamrnn.cli.options import ConfigOption, SetOption
from streamrnn.exits import ExitCode

if TYPE_CHECKING:
    from rich.progress import Progress

    from streamrnn.replay.labels import LabelReplayReport
    from streamrnn.replay.options import SourceOptions
    from streamrnn.replay.report import ReplayReport
    from streamrnn.replay.tokens import TokenReplayReport
    from streamrnn.settings.load import Loaded
    from streamrnn.settings.schema import Settings

TOLD_SECONDS = 10.0  # between two lines of progress where there is no terminal for a bar
_COMMA = "\x1f"  # stands for a comma in a feature's name, at which --set parts a list


def replay(
    path: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="CSV, JSON lines or Parquet file, or a directory log's topic folder."),
    ],
    config: ConfigOption = None,
    set_: SetOption = None,
    stream: Annotated[str | None, typer.Option(metavar="NAME", help="Column with the stream's id.")] = None,
    time_: Annotated[str | None, typer.Option("--time", metavar="NAME", help="Column with the event time.")] = None,
    feature: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Column to learn from and forecast. Repeatable; wins over --set events.features."
        ),
    ] = None,
    wide: Annotated[bool, typer.Option("--wide", help="Every numeric column is a stream of its own.")] = False,
    no_header: Annotated[
        bool, typer.Option("--no-header", help="A CSV without a line of names: they are c0, c1, ...")
    ] = False,
    delimiter: Annotated[
        str | None, typer.Option(metavar="CHARACTER", help="What parts the cells of a CSV, if not found by itself.")
    ] = None,
    partition: Annotated[int | None, typer.Option(metavar="N", min=0, help="Of a directory log with several.")] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="Stop after this many events.")] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="HTML", help="Write a report with charts to this file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the scores as JSON and nothing else.")] = False,
) -> None:
    """Learn from a file and show how well it forecasts.

    Every forecast is made before its outcome is read, and compared with the
    last value as forecast.

    FILE is a CSV with a line of names (parted by comma, semicolon, tab or |),
    JSON lines with an object in each (both also .gz), or Parquet. A row is an
    event: --stream, --time and --feature name its columns. Without a column of
    streams all rows of a table are one stream, without one of times they are
    numbered. For a table with a column for each stream there is --wide.

    Columns with true and false or with categories are taken where the settings
    inputs.booleans and inputs.categories name them.

    Times are ISO 8601, or seconds or milliseconds since 1970. Missing values
    are blank, NA, N/A, NaN, null or none.

    \b
    Examples:
    streamrnn replay history.csv --time ts --stream machine --feature temperature
    streamrnn replay speeds.csv --time date --wide --report out.html
    streamrnn replay log.jsonl --feature load --feature wind
    """
    from streamrnn.events.labels import LabelFields
    from streamrnn.events.tokens import TokenFields
    from streamrnn.events.traits import TraitFields
    from streamrnn.replay.options import SourceError, SourceOptions, read_to_its_end
    from streamrnn.settings.origin import DEFAULT

    try:
        if wide and (stream or feature):
            other = "--stream" if stream else "--feature"
            raise SourceError(f"--wide makes every numeric column a stream: leave out --wide or {other}")
        if report is not None:
            _check_report(report, path)
        loaded = _load(config, set_ or [], stream, time_, feature)
        options = SourceOptions(
            wide, no_header, delimiter, limit,
            partition=partition,
            stream_needed=not wide and _named(stream, loaded, "stream"),
            time_needed=_named(time_, loaded, "time"),
            detect_time=loaded.origins["events.time_format"] == DEFAULT,
            labels=LabelFields.from_settings(loaded.settings),
            traits=TraitFields.from_settings(loaded.settings),
            tokens=TokenFields.from_settings(loaded.settings),
        )  # fmt: skip
        with read_to_its_end(path):
            run = _run(path, loaded.settings, options, quiet=as_json)
    except (SourceError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.SETTINGS if isinstance(error, SourceError) else ExitCode.TRANSPORT) from None
    if as_json:
        extra = {"seconds": round(run.seconds, 3), "events_per_second": round(run.pace, 1)}
        typer.echo(json.dumps(run.report.numbers() | extra))
    else:
        _tell(run)
    if report is not None:
        _write(report, run.report.html(f"Replay of {path.name}"), quiet=as_json)
    failure = run.report.intake.nothing(run.report.targets)
    if failure is not None:
        if as_json:
            typer.echo(failure, err=True)
        raise typer.Exit(ExitCode.SETTINGS)


@dataclass(slots=True)
class _Run:
    """What a replay came to. ``pace`` is in events a second, from when all was compiled and loaded."""

    report: "ReplayReport | LabelReplayReport | TokenReplayReport"
    seconds: float = 0.0
    pace: float = 0.0


def _load(
    config: Path | None, set_: Sequence[str], stream: str | None, time_: str | None, feature: Sequence[str] | None
) -> "Loaded":
    """Settings, in which the options for columns win over all else."""
    from dataclasses import replace

    from streamrnn.settings import load

    names = [name.replace(",", _COMMA) for name in feature or ()]
    columns = {"events.stream": stream, "events.time": time_, "events.features": ",".join(names)}
    loaded = load(config, [*set_, *(f"{key}={value}" for key, value in columns.items() if value)])
    if not feature:
        return loaded
    settings = loaded.settings
    events = settings.events.model_copy(update={"features": tuple(feature)})
    return replace(loaded, settings=settings.model_copy(update={"events": events}))


def _named(option: str | None, loaded: "Loaded", key: str) -> bool:
    """Whether somebody named this column, by its option or by a setting that is not the default."""
    from streamrnn.settings.records import Events

    return option is not None or getattr(loaded.settings.events, key) != getattr(Events(), key)


def _check_report(report: Path, source: Path) -> None:
    """Whether the report can be written, before any work is done."""
    from streamrnn.replay.options import SourceError

    if report.is_dir():
        raise SourceError(f"--report {report} is a folder: name a file, such as {report / 'report.html'}")
    if not report.parent.is_dir():
        raise SourceError(f"--report {report}: there is no folder {report.parent}. Make it first")
    new = not report.exists()
    if not new and source.exists() and report.samefile(source):
        raise SourceError(f"--report {report} is the file to read: name another")
    try:
        report.open("ab").close()
        if new:
            report.unlink()
    except OSError as error:
        raise SourceError(f"--report {report} cannot be written: {error.strerror}. Name another file") from None


def _run(path: Path, settings: "Settings", options: "SourceOptions", quiet: bool) -> _Run:
    """Read, learn and score to the end of the file."""
    from streamrnn.loops.ready import compile_loops, must_compile
    from streamrnn.replay.intake import Intake
    from streamrnn.replay.labels import LabelReplayReport
    from streamrnn.replay.numbers import percent
    from streamrnn.replay.report import ReplayReport
    from streamrnn.replay.source import open_source
    from streamrnn.replay.tokens import TokenReplayReport
    from streamrnn.rows.heads import DISTRIBUTIONS
    from streamrnn.shard import Shard

    source = open_source(path, settings.events, options)
    shard: Shard | None = None
    intake = Intake(settings.events.features, source.findings)
    classes = settings.learns_labels and settings.labels.kind == "class"
    report: LabelReplayReport | TokenReplayReport | None = None
    if settings.tokens.field is not None:
        report = TokenReplayReport(settings.tokens.field, intake)
    elif classes:
        report = LabelReplayReport(settings.labels.field, intake, settings.labels.last)
    run = _Run(report or ReplayReport(settings.target_names, intake, labels=settings.learns_labels))
    if isinstance(run.report, ReplayReport) and not settings.learns_labels and settings.model.kind == "network":
        head = settings.model.head
        shares = settings.model.quantiles if head == "quantiles" else ()
        run.report.heads.expect(settings.target_names, shares, head in DISTRIBUTIONS)
    started = time.perf_counter()
    with _progress(quiet) as progress:
        task = progress.add_task("compiling", total=1.0, events=0)
        if must_compile(settings):
            compile_loops(settings)
        since = told_at = time.perf_counter()
        for events in source:
            if shard is None:
                ready = time.perf_counter()
                shard = Shard(settings, events.partition)
                shard.process(events.cut(0, 0))  # of no event: it loads what was compiled
                since += time.perf_counter() - ready
            predictions, told = shard.process(events)
            intake.add(events, predictions.refused)
            run.report.add(predictions)
            if isinstance(report, TokenReplayReport):
                report.score = shard.token_score()
                report.weigh(told)
            elif report is not None:
                report.score = shard.label_score()
            elif isinstance(run.report, ReplayReport):
                run.report.heads.add(told)
                run.report.ahead.add(told)
            progress.update(task, completed=source.fraction, description="learning", events=run.report.events)
            if not (quiet or progress.console.is_terminal) and time.perf_counter() - told_at >= TOLD_SECONDS:
                told_at = time.perf_counter()
                done = percent(source.fraction, sign=False)
                typer.echo(f"{run.report.events:,} events, {done} of the file", err=True)
    ended = time.perf_counter()
    run.seconds = ended - started
    run.pace = run.report.events / (ended - since)
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


def _tell(run: _Run) -> None:
    """Print the scores, or why there are none, and what was noticed in the file."""
    from rich.console import Console

    from streamrnn.replay.report import ReplayReport
    from streamrnn.replay.terminal import show

    failed = run.report.intake.nothing(run.report.targets) is not None
    nothing = run.report.nothing()
    if nothing is None:
        show(run.report.table(Console().width))
        if isinstance(run.report, ReplayReport):
            for table in (run.report.heads.table(), run.report.ahead.table()):
                if table is not None:
                    show(table)
            for sentence in run.report.ahead.sentences():
                typer.echo(sentence)
    else:
        typer.echo(nothing, err=failed)
    for sentence in run.report.intake.sentences():
        typer.echo(sentence, err=failed)
    if nothing is None:
        typer.echo(f"{run.seconds:.1f} s in all; once compiled and loaded {run.pace:,.0f} events/s")


def _write(report: Path, page: str, quiet: bool) -> None:
    try:
        report.write_text(page, encoding="utf-8")
    except OSError as error:
        typer.echo(f"--report {report} cannot be written: {error.strerror}", err=True)
        raise typer.Exit(ExitCode.SETTINGS) from None
    if not quiet:
        typer.echo(f"Report: {report}")
