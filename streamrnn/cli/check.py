"""``streamrnn check``: would the daemon start? Reads, asks, and changes nothing."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from streamrnn.cli.options import ConfigOption, SetOption
from streamrnn.exits import ExitCode

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what, how it stands, and the exit code it would lead to (OK if it is fine)."""

    what: str
    text: str
    code: ExitCode = ExitCode.OK


def check(config: ConfigOption = None, set_: SetOption = None) -> None:
    """Check settings, input, folders and port, and tell how much memory the streams can take. Changes nothing.

    Ends with 0 if the daemon could start, else with the code that it would end with.

    Example: streamrnn check --config config.yaml
    """
    from streamrnn.settings import load

    settings = load(config, set_).settings
    findings = [
        Finding("settings", f"fine, state digest {settings.state_digest()}"),
        *reachability(settings),
    ]
    for finding in findings:
        typer.echo(f"{'ok  ' if finding.code == ExitCode.OK else 'FAIL'}  {finding.what}: {finding.text}")
    typer.echo()
    typer.echo(memory_table(settings), nl=False)
    worst = next((finding.code for finding in findings if finding.code != ExitCode.OK), ExitCode.OK)
    if worst != ExitCode.OK:
        raise typer.Exit(worst)


def reachability(settings: Settings) -> Iterator[Finding]:
    """How the input, the folders to write to and the port stand.

    Parameters
    ----------
    settings : what the daemon would be started with

    Yields
    ------
    Finding
        One for each place that the settings name.
    """
    transport = settings.transport
    if transport.kind == "standard":
        yield Finding("transport", "standard input to standard output, which cannot be recovered after a stop")
    else:
        yield _input(transport.path / transport.input)
        for topic in (transport.predictions, transport.dead_letters):
            yield _writable("transport", transport.path / topic, ExitCode.TRANSPORT)
    yield _writable("snapshots", settings.snapshot_folder, ExitCode.STATE)
    if settings.http.enabled:
        yield _port(settings.http.host, settings.http.port)


def memory_table(settings: Settings) -> str:
    """Memory of the streams' slabs: of one stream and of all. A snapshot copies nothing; the key index comes on top.

    Parameters
    ----------
    settings : what the daemon would be started with

    Returns
    -------
    str
        Lines of a table; sizes in bytes of one partition.
    """
    from streamrnn.streams.layout import Layout

    layout = Layout.from_settings(settings)
    network = layout.network_row * layout.itemsize
    rows = [
        ("network states and windows", network),
        ("scale, forecasts and counts", layout.bytes_per_stream() - network),
        ("all", layout.bytes_per_stream()),
    ]
    live = settings.streams.max_live
    header = ("memory of a partition, in bytes", "a stream", f"{live} streams")
    lines = [header, *((name, str(size), str(size * live)) for name, size in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "".join(
        f"{line[0]:<{widths[0]}}"
        + "".join(f"  {cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True))
        + "\n"
        for line in lines
    )


def _input(folder: Path) -> Finding:
    from streamrnn.transport.directory import partition_files

    try:
        partitions = list(partition_files(folder).values())
    except OSError as error:
        return Finding(
            "transport",
            f"cannot read {folder}: {error.strerror}. Check transport.path and transport.input.",
            ExitCode.TRANSPORT,
        )
    for path in partitions:
        if not os.access(path, os.R_OK):
            return Finding("transport", f"may not read {path}. Give this user read access.", ExitCode.TRANSPORT)
    if not partitions:
        return Finding("transport", f"{folder} has no <number>.jsonl file. Check transport.input.", ExitCode.TRANSPORT)
    return Finding("transport", f"{folder} has {len(partitions)} partitions")


def _writable(what: str, folder: Path, code: ExitCode) -> Finding:
    """Whether a folder can be written, or made; tells it by the nearest folder there is."""
    absolute = folder.absolute()
    nearest = next(path for path in (absolute, *absolute.parents) if path.exists())
    if not nearest.is_dir():
        return Finding(what, f"{nearest} is not a folder. Move it, or choose another path than {folder}.", code)
    if not os.access(nearest, os.W_OK | os.X_OK):
        return Finding(what, f"may not write in {nearest}. Give this user write access, or choose another path.", code)
    return Finding(what, f"{folder} can be {'written' if nearest == absolute else 'made'}")


def _port(host: str, port: int) -> Finding:
    """Whether the port is free. Binds without listening, so nobody can connect meanwhile."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # As servers do: what is left of an old connection is no obstacle.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return Finding(
            "http",
            f"cannot listen at {host}:{port}: {error.strerror}. Change http.host or http.port.",
            ExitCode.SETTINGS,
        )
    return Finding("http", f"{host}:{port} is free")
