"""``streamrnn export``: the learned networks of a snapshot as one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streamrnn.cli.explained import explained, stop
from streamrnn.cli.options import ConfigOption, SetOption
from streamrnn.cli.saved import made_with, newest
from streamrnn.exits import ExitCode

if TYPE_CHECKING:
    from streamrnn.snapshots.choice import Loaded


def export(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="[SNAPSHOT]", help="A snapshot file. Without it the newest where the settings say."),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write.")] = Path(
        "net.safetensors"
    ),
    partition: Annotated[
        str | None, typer.Option(metavar="TOPIC-NUMBER", help="Whose newest snapshot; each has learned its own.")
    ] = None,
    config: ConfigOption = None,
    set_: SetOption = None,
) -> None:
    """Write the learned networks of a snapshot to a file: for model.start_from, or for PyTorch.

    It holds weights under the names of the torch module, and what each of their
    numbers stands for; no streams, no optimiser, no secrets.

    \b
    Examples:
    streamrnn export --config config.yaml --partition events-0
    streamrnn export var/log/snapshots/events-0/SNAPSHOT.safetensors --output net.safetensors
    """
    from streamrnn.learned import Learned
    from streamrnn.settings import load
    from streamrnn.settings.past import PastError

    settings = load(config, set_).settings
    with explained():
        header, arrays = newest(settings, partition) if path is None else _read(path)
    try:
        learned = Learned.of(header, arrays, made_with(header, settings))
    except (PastError, KeyError, ValueError) as error:
        problem = f"the snapshot of {header.partition} holds no network to export ({error})"
        raise stop(f"{problem}: name the settings it was made with by --config", ExitCode.STATE) from error
    with explained():
        size = learned.write(output)
    origin = learned.header.origin
    typer.echo(f"{output}: {size:,} bytes, of {origin.partition} at {origin.position:,}, {origin.records:,} records")
    for name, each in learned.header.networks.items():
        sizes = f"{each.layout['hidden']} hidden units, {len(each.inputs)} inputs, {len(each.outputs)} outputs"
        typer.echo(f"{name}: {each.layout['cell']}, {sizes}")


def _read(path: Path) -> Loaded:
    from streamrnn.snapshots import read_snapshot

    return read_snapshot(path)
