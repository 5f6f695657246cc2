"""``streamrnn inspect``: what a snapshot holds, after every byte of it was checked."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer

from streamrnn.exits import ExitCode
from streamrnn.snapshots import Header, SnapshotError, read_snapshot

Array = npt.NDArray[Any]


def inspect(
    path: Annotated[
        Path, typer.Argument(metavar="SNAPSHOT", help="A snapshot, or a folder to take the newest of.", exists=True)
    ],
    stream: Annotated[str | None, typer.Option(metavar="KEY", help="Show what is kept of this stream too.")] = None,
) -> None:
    """Check a snapshot and show its header and arrays: shape, size, norm, and whether all is finite.

    \b
    Examples:
    streamrnn inspect var/log/snapshots
    streamrnn inspect var/log/snapshots/events-0 --stream pump-7
    """
    try:
        file = _newest(path) if path.is_dir() else path
        header, arrays = read_snapshot(file)
    except (SnapshotError, OSError) as error:
        raise _stop(str(error), ExitCode.STATE) from error
    _show_header(header)
    typer.echo()
    _show_arrays(arrays)
    if stream is not None:
        typer.echo()
        _show_stream(arrays, stream)


def _newest(folder: Path) -> Path:
    """The snapshot that was written last, in the folder or below it."""
    files = sorted(folder.rglob("*.safetensors"), key=lambda file: (file.stat().st_mtime_ns, file.name))
    if not files:
        raise _stop(f"{folder} holds no snapshot (*.safetensors): name the folder of snapshots.path", ExitCode.SETTINGS)
    among = f", the newest of {len(files)} in {folder}" if len(files) > 1 else ""
    typer.echo(f"{files[-1]}{among}\n")
    return files[-1]


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


def _show_stream(arrays: dict[str, Array], stream: str) -> None:
    from streamrnn.cli.row import describe_row
    from streamrnn.streams.index import saved_slot

    slot = saved_slot(arrays, stream)
    if slot is None:
        problem = f"no stream {stream!r} in this snapshot: it may have expired, or belong to another partition"
        raise _stop(problem, ExitCode.SETTINGS)
    typer.echo(f"stream {stream}")
    for name, value in describe_row(arrays, slot):
        typer.echo(f"{name:<16}{value}")


def _stop(message: str, code: ExitCode) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(code)
