"""``streamrnn generate``: a stream's future as its state has it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streamrnn.cli.explained import explained, stop
from streamrnn.cli.options import ConfigOption, SetOption
from streamrnn.exits import ExitCode

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings
    from streamrnn.shard import Shard
    from streamrnn.snapshots.choice import Loaded


def generate(
    stream: Annotated[str, typer.Option(metavar="KEY", help="The stream to go on with.")],
    steps: Annotated[int, typer.Option(metavar="N", min=1, max=1_000_000, help="Steps to generate.")] = 24,
    snapshot: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="A snapshot file, or a folder to take the newest of. Without it the newest where the settings say.",
            exists=True,
        ),
    ] = None,
    partition: Annotated[
        str | None, typer.Option(metavar="TOPIC-NUMBER", help="Only snapshots of this input partition.")
    ] = None,
    temperature: Annotated[
        float,
        typer.Option(metavar="T", min=0.0, max=100.0, help="What distances from the forecast are multiplied by."),
    ] = 1.0,
    best: Annotated[bool, typer.Option("--best", help="The forecast at each step: no draws, temperature 0.")] = False,
    seed: Annotated[int, typer.Option(metavar="N", min=0, max=2**63 - 1, help="Seed of the draws.")] = 0,
    given: Annotated[
        typer.FileBinaryRead | None,
        typer.Option(metavar="FILE", help="Events that come first: JSON lines; - reads standard input."),
    ] = None,
    hold: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=VALUE", help="What a field that is no target is held at. Repeatable."),
    ] = None,
    prompt: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Of tokens: what comes first, and teaches nothing.")
    ] = None,
    every: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", min=1e-3, max=1e9, help="Time between steps, without forecast.interval."),
    ] = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a step.")] = False,
) -> None:
    """Continue a stream from its learned state: each value or token is drawn, and taken for the next event.

    Nothing is learned from what is drawn, and nothing is written: snapshots, log
    and a running daemon stay as they are. Steps are forecast.interval apart, or
    as far as the stream's events usually are where inputs.elapsed is set.

    Equal seeds give equal values. Several targets are drawn each by itself. What
    is no target keeps its last value; booleans and categories count as missing.

    --given takes events such as the daemon reads; time and stream may be left
    out. Those with a value of every target are taken as facts, and learned from.
    Of the first that lacks one, what is missing is drawn: so a forecast of the
    weather goes in, and the load comes out. They may begin a new stream.

    Of streams of tokens a step is a token, or a set of them; it ends where the
    sequence does. --prompt goes before, and may begin a new stream; of items and
    sets its tokens are parted by spaces. Probabilities are raised to the power of
    1 / temperature.

    \b
    Examples:
    streamrnn generate --config config.yaml --stream pump-7 --steps 48
    streamrnn generate --stream desk-3 --prompt "the cat sees a dog |" --best
    streamrnn generate --stream pump-7 --snapshot var/log/snapshots --best --json
    echo '{"value": 21.5}' | streamrnn generate --stream pump-7 --given - --seed 3
    """
    from streamrnn.cli.continued import Printer, held
    from streamrnn.cli.written import write
    from streamrnn.drawing import Uniforms
    from streamrnn.following import Follower, Manner, UnknownStreamError
    from streamrnn.given import GivenError, GivenReader
    from streamrnn.loops.ready import compile_loops, must_compile
    from streamrnn.settings import load

    settings = load(config, set_).settings
    lines = [] if given is None else given.readlines()
    with explained():
        found = _chosen(settings, snapshot, partition, stream, new=bool(lines) or prompt is not None)
    made = _settings_of(found, settings)
    temperature = 0.0 if best else temperature
    _refuse(made, temperature, every, prompt, bool(hold))
    try:
        if made.learns_tokens:
            if must_compile(made):
                compile_loops(made)
            write(made, _loaded(found, made), stream, lines, prompt, steps, Uniforms(seed), temperature, json)
            return
        reader = GivenReader(made, stream, _partition(found), held(hold or (), made))
        events, blank = reader.read(lines), reader.blank()
        if must_compile(made):
            compile_loops(made)
        shard = _loaded(found, made)
        if shard.look(stream) is None and events:
            typer.echo(f"stream {stream!r} is new to {shard.partition}: it begins with what is given", err=True)
        printer = Printer(stream, json, next(iter(made.forecast.levels), None))
        follower = Follower(made, shard, stream, blank, Manner(Uniforms(seed), temperature, every))
        for step in follower.follow(events, steps):
            printer.print(step)
        printer.end()
    except GivenError as error:
        raise stop(str(error), ExitCode.SETTINGS) from None
    except UnknownStreamError:
        problem = (
            f"no stream {stream!r} in the snapshot of {found[0].partition}, of position {found[0].position:,}: it came "
            "later, has expired, or belongs to another partition. To begin it anew, give its first "
        )
        problem += "tokens by --prompt" if made.learns_tokens else "events by --given, with a value of every target"

        raise stop(problem, ExitCode.SETTINGS) from None


def _chosen(settings: Settings, path: Path | None, partition: str | None, stream: str, new: bool) -> Loaded:
    """The snapshot to go on from; ``new``: the stream may begin with it."""
    from streamrnn.cli.saved import find_with, listing, newest_file, newest_of_only, newest_with, refuse_partition
    from streamrnn.observe import logs
    from streamrnn.snapshots import read_snapshot
    from streamrnn.snapshots.factory import open_store

    refuse_partition(partition)
    if path is not None:
        if partition is not None:
            raise typer.BadParameter("name a snapshot, or where it is by --partition, not both")
        return read_snapshot(newest_file(path)[0] if path.is_dir() else path)
    logs.setup("error", "text")
    with closing(open_store(settings)) as store:
        listed = listing(store, partition)
        if new or partition is not None:
            return find_with(store, listed, stream) or newest_of_only(store, listed)
        return newest_with(store, listed, stream)


def _settings_of(found: Loaded, settings: Settings) -> Settings:
    from streamrnn.cli.saved import made_with
    from streamrnn.settings.past import PastError

    header, _ = found
    if not header.settings and header.settings_digest != settings.state_digest():
        problem = f"the snapshot of {header.partition} was made by a version that did not keep its settings"
        raise stop(f"{problem}: name them by --config", ExitCode.STATE)
    try:
        return made_with(header, settings)
    except PastError as error:
        raise stop(f"the snapshot of {header.partition} cannot go on: {error}", ExitCode.STATE) from error


def _refuse(
    settings: Settings, temperature: float, every: float | None, prompt: str | None, holds: bool
) -> None:
    """End where these settings leave nothing to continue, or nothing to draw from."""
    from streamrnn.drawing import Numbers

    problem = None
    if settings.learns_labels:
        problem = f"labels.mode is {settings.labels.mode}: what is told are labels, and no next events to be drawn"
    elif settings.learns_tokens:
        if holds or every is not None:
            problem = "tokens have no fields to hold and no time between steps: leave out --hold and --every"
    elif prompt is not None:
        problem = "--prompt is for streams of tokens: give numbers by --given"
    elif settings.model.kind == "none":
        problem = "model.kind is none: nothing was learned that could go on"
    elif temperature > 0.0 and not Numbers.spread(settings):
        problem = "forecast.levels is empty, so that nothing tells how far values lie from a forecast: add --best"
    elif every is not None and settings.forecast.interval is not None:
        problem = f"a step is forecast.interval, {settings.forecast.interval:g} s: leave out --every"
    if problem is not None:
        raise stop(problem, ExitCode.SETTINGS)


def _partition(found: Loaded) -> Any:
    from streamrnn.events.columns import Partition

    topic, _, number = found[0].partition.rpartition("-")
    return Partition(topic, int(number))


def _loaded(found: Loaded, settings: Settings) -> Shard:
    from streamrnn.shard import Shard

    header, arrays = found
    try:
        shard = Shard(settings, _partition(found), header.lineage, arrays["network_weights"])
        shard.load(arrays)
    except (KeyError, ValueError) as error:
        problem = f"the snapshot of {header.partition} at {header.position:,} does not fit: {error}"
        raise stop(problem, ExitCode.STATE) from error
    return shard
