"""``streamrnn demo``: see it learn, with nothing to set up."""

import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streamrnn.exits import ExitCode

if TYPE_CHECKING:
    from streamrnn.demo.sensor import DemoSensor
    from streamrnn.settings.schema import Settings

_EXPIRE_AFTER = 2 * 86_400  # seconds of event time after which a meter that died no longer counts as live

_AHEAD = 2_000  # lines that wait at most: few enough that the end of the log is reached, and no lag is told

_EVENTS = 5_000_000  # about 2 GB of log and predictions: enough to watch, and no disk filled overnight


def demo(
    events: Annotated[int, typer.Option(min=1, metavar="N", help="End by itself after this many events.")] = _EVENTS,
    streams: Annotated[int, typer.Option(min=1, max=100_000, metavar="N", help="Streams to make up.")] = 300,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Seed of the events and of the initial weights.")] = 0,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, metavar="PORT", help="Port of the status page; 0 takes a free one.")
    ] = 9464,
    rate: Annotated[
        float | None, typer.Option(min=0.1, metavar="N", help="Events a second; without it, as fast as can be.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="New folder to keep log and snapshots in.")
    ] = None,
) -> None:
    """Make up a few hundred lifelike streams, learn from them and show how well it goes. Ctrl-C ends it.

    \b
    Examples:
    streamrnn demo
    streamrnn demo --events 100000
    streamrnn demo --rate 2000 --port 0 --keep var/demo
    """
    with ExitStack() as stack:
        if keep is None:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="streamrnn-demo-")))
        else:
            root = _new_folder(keep)
        code = _run(_settings(root, seed, port), events, streams, rate)
    raise typer.Exit(code)


def _run(settings: "Settings", total: int, streams: int, rate: float | None) -> int:
    """Write, learn and show until the end; the daemon's exit code."""
    from streamrnn.cli.service import serve
    from streamrnn.demo.generator import events, write_events
    from streamrnn.demo.sensor import DemoSensor
    from streamrnn.demo.view import View
    from streamrnn.loops.ready import compile_loops, must_compile
    from streamrnn.observe import logs

    logs.setup(settings.logging.level, settings.logging.format)
    if must_compile(settings):
        typer.echo("Compiles, as this is the first start here: a minute or more.")
        compile_loops(settings, lambda done, loops: typer.echo(f"  {done} of {loops} loops"))
    topic = settings.transport.path / settings.transport.only_input
    topic.mkdir(parents=True, exist_ok=True)
    (topic / "0.jsonl").touch()  # the daemon looks for partitions at its start
    sensor = DemoSensor()
    view = View(sensor, waiting="starting")
    stop = threading.Event()
    failures: list[BaseException] = []
    remedy = "choose another port with --port, or any free one with --port 0"
    with serve(settings, [sensor, view], remedy=remedy) as service:

        def write() -> None:
            try:
                write_events(
                    topic, 0, events(settings.seed, streams),
                    stop=stop, position=lambda: sensor.published, rate=rate, total=total, ahead=_AHEAD,
                )  # fmt: skip
                _wait_for(sensor, total, stop)
            except BaseException as error:  # a thread's error is lost unless it is carried over
                failures.append(error)
            finally:
                service.daemon.stop()

        view.address = service.address
        writer = threading.Thread(target=write, name="demo-writer", daemon=True)
        with view:
            writer.start()
            code = service.daemon.run()
            stop.set()
            writer.join()
    if failures:
        raise failures[0]
    typer.echo(view.summary())
    return int(code)


def _wait_for(sensor: "DemoSensor", total: int, stop: threading.Event) -> None:
    """Return when the daemon has answered all ``total`` lines, or is told to stop."""
    while sensor.published < total and not stop.wait(0.05):
        pass


def _settings(root: Path, seed: int, port: int) -> "Settings":
    from streamrnn.settings import load

    values = {
        "seed": seed,
        "transport.path": str(root / "log"),
        "snapshots.path": str(root / "snapshots"),
        "http.port": port,
        "logging.level": "warning",  # lines between the pictures would tear them
        "inputs.calendar": "true",
        "streams.expire_after": _EXPIRE_AFTER,
    }
    return load(None, [f"{key}={value}" for key, value in values.items()]).settings


def _new_folder(path: Path) -> Path:
    if path.exists() and (not path.is_dir() or next(path.iterdir(), None)):
        typer.echo(f"{path} is there already and not empty: give --keep a new folder.", err=True)
        raise typer.Exit(ExitCode.SETTINGS)
    path.mkdir(parents=True, exist_ok=True)
    return path
