"""``streamrnn inspect``: which snapshots there are, and what one holds after every byte of it was checked."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer

from streamrnn.cli.columns import printable
from streamrnn.cli.explained import explained, stop
from streamrnn.cli.options import ConfigOption, SetOption
from streamrnn.cli.saved import listing, newest_file, newest_of_only, newest_with, refuse_partition
from streamrnn.exits import ExitCode
from streamrnn.snapshots import Header, read_snapshot
from streamrnn.snapshots.choice import Listed, Loaded
from streamrnn.snapshots.header import Origin

Array = npt.NDArray[Any]


def inspect(
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[SNAPSHOT]", help="A snapshot file, or a folder to take the newest of.", exists=True
        ),
    ] = None,
    stream: Annotated[str | None, typer.Option(metavar="KEY", help="Show what is kept of this stream too.")] = None,
    partition: Annotated[
        str | None, typer.Option(metavar="TOPIC-NUMBER", help="Only snapshots of this input partition.")
    ] = None,
    config: ConfigOption = None,
    set_: SetOption = None,
) -> None:
    """List snapshots, or check one and show its header and arrays: shape, size, norm, and whether all is finite.

    With a path, that snapshot is shown. Without, those where the settings say are
    listed, the last written first; with --stream, the newest of its partition is
    shown.

    \b
    Examples:
    streamrnn inspect var/log/snapshots
    streamrnn inspect var/log/snapshots/events-0 --stream pump-7
    streamrnn inspect --config config.yaml --partition events-0
    """
    if path is None:
        _inspect_store(config, set_, partition, stream)
        return
    if config or set_ or partition:
        raise typer.BadParameter("name a path, or where snapshots are by --config, --set and --partition, not both")
    with explained():
        found = read_snapshot(_newest(path) if path.is_dir() else path)
    _show(found, stream)


def _inspect_store(config: Path | None, set_: list[str] | None, partition: str | None, stream: str | None) -> None:
    from streamrnn.observe import logs
    from streamrnn.settings import load
    from streamrnn.snapshots.factory import open_store

    refuse_partition(partition)
    settings = load(config, set_).settings
    logs.setup("error", "text")
    with explained(), closing(open_store(settings)) as store:
        listed = listing(store, partition)
        if stream is None:
            _show_listing(store.place, listed)
        elif partition is None:
            _show(newest_with(store, listed, stream), stream)
        else:
            _show(newest_of_only(store, listed), stream)


def _show_listing(place: str, listed: list[Listed]) -> None:
    typer.echo(f"{len(listed)} in {place}, the last written first\n")
    names = [each.name for each in listed]
    widths = [max(9, *(len(name.partition) for name in names)), max(7, *(len(name.lineage) for name in names))]
    line = "{:<{}}  {:<{}}  {:>14}  {:>14}  {:>14}  {:<20}  {}"
    header = ("partition", widths[0], "lineage", widths[1], "position", "records", "bytes", "written", "")
    typer.echo(line.format(*header).rstrip())
    for each in listed:
        name, records = each.name, "?" if each.records is None else f"{each.records:,}"
        written = f"{datetime.fromtimestamp(each.written, UTC):%Y-%m-%dT%H:%M:%SZ}"
        notes = ", ".join([*(["genesis"] if name.genesis else []), *([each.problem] if each.problem else [])])
        cells = (name.partition, widths[0], name.lineage, widths[1], f"{name.position:,}", records, f"{each.size:,}")
        typer.echo(line.format(*cells, written, notes).rstrip())


def _show(found: Loaded, stream: str | None) -> None:
    header, arrays = found
    _show_header(header)
    typer.echo()
    _show_arrays(arrays)
    if stream is not None:
        typer.echo()
        _show_stream(header, arrays, stream)


def _newest(folder: Path) -> Path:
    """The snapshot that was written last, in the folder or below it."""
    file, of = newest_file(folder)
    among = f", the newest of {of} in {folder}" if of > 1 else ""
    typer.echo(f"{file}{among}\n")
    return file


def _show_header(header: Header) -> None:
    rows = {
        "partition": header.partition,
        "position": f"{header.position:,}",
        "records": f"{header.records:,}",
        "lineage": header.lineage + (" (genesis)" if header.genesis else ""),
        "settings digest": header.settings_digest,
        "seed": str(header.seed),
        "format": str(header.format),
        "versions": ", ".join(f"{name} {version}" for name, version in sorted(header.versions.items())),
    }
    for name, value in rows.items():
        typer.echo(f"{name:<16}{value}")
    if header.started_from is not None:
        typer.echo(f"{'started from':<16}{_place(header.started_from)}")
    for each in header.carried_over:
        kept = "all state" if each.whole else "the networks' weights"
        typer.echo(f"{'carried over':<16}{kept} of {_place(each.origin)}: {printable('; '.join(each.changed))}")


def _place(origin: Origin) -> str:
    """Where something was learned."""
    return f"{origin.lineage}, {origin.records:,} records of {origin.partition} up to {origin.position:,}"


def _show_arrays(arrays: dict[str, Array]) -> None:
    width = max((len(name) for name in arrays), default=5)
    typer.echo(f"{'array':<{width}}  {'type':<8}{'shape':<20}{'bytes':>14}  {'norm':>12}  finite")
    for name, array in sorted(arrays.items()):
        norm, finite = _health(array)
        shape = "x".join(map(str, array.shape)) or "scalar"
        typer.echo(f"{name:<{width}}  {array.dtype!s:<8}{shape:<20}{array.nbytes:>14,}  {norm:>12}  {finite}")
    typer.echo(f"{len(arrays)} arrays, {sum(array.nbytes for array in arrays.values()):,} bytes")


def _health(array: Array) -> tuple[str, str]:
    """Euclidean norm and whether all numbers are finite; of floating point arrays only."""
    if array.dtype.kind != "f":
        return "-", "-"
    flat = array.reshape(-1)
    norm = float(np.sqrt(np.einsum("i,i->", flat, flat, dtype=np.float64)))  # in float64 without a float64 copy
    bad = int(flat.size - np.count_nonzero(np.isfinite(flat)))
    return f"{norm:.6g}", "yes" if bad == 0 else f"NO, {bad:,} not"


def _show_stream(header: Header, arrays: dict[str, Array], stream: str) -> None:
    from streamrnn.cli.row import describe, saved_look
    from streamrnn.settings.past import PastError

    try:
        found = saved_look(header, arrays, stream)
    except PastError as error:
        raise stop(f"what the snapshot keeps of {stream!r} cannot be told: {error}", ExitCode.STATE) from error
    if found is None:
        problem = (
            f"no stream {stream!r} in this snapshot, of position {header.position:,}: it came later, has expired, or "
            "belongs to another partition"
        )
        raise stop(problem, ExitCode.SETTINGS)
    typer.echo(f"stream {printable(stream)}")
    rows = [(printable(name), printable(value)) for name, value in describe(found)]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        typer.echo(f"{name:<{width}}  {value}")
