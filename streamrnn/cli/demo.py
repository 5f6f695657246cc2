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

_EVENTS = 5_000_000  # about 2 GB of log and predictions: enough to watch, and no disk filled overnight


def demo(
    events: Annotated[int, typer.Option(min=1, help="End by itself after this many events.")] = _EVENTS,
    streams: Annotated[int, typer.Option(min=1, max=100_000, help="Streams to make up.")] = 300,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the events and of the initial weights.")] = 0,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the status page; 0 takes a free one.")] = 9464,
    rate: Annotated[float | None, typer.Option(min=0.1, help="Events a second; without it, as fast as can be.")] = None,
    keep: Annotated[Path | None, typer.Option(help="New folder to keep log and snapshots in.")] = None,
) -> None:
    """Make up a few hundred lifelike streams, learn from them and show how well it goes. Ctrl-C ends it."""
    with ExitStack() as stack:
        if keep is None:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="streamrnn-demo-")))
        else:
            root = _new_folder(keep)
        code = _run(_settings(root, seed, port), events, streams, rate)
    raise typer.Exit(code)


def _run(settings: "Settings", total: int, streams: int, rate: float | None) -> int:
    """Write, learn and show until the end; the daemon's exit code."""
    from streamrnn.daemon import Daemon
    from streamrnn.demo.generator import events, write_events
    from streamrnn.demo.sensor import DemoSensor
    from streamrnn.demo.view import View
    from streamrnn.observe import logs
    from streamrnn.observe.http import HttpError, HttpServer
    from streamrnn.observe.prometheus import PrometheusSensor
    from streamrnn.recovery import versions

    logs.setup(settings.logging.level, settings.logging.format)
    topic = settings.transport.path / settings.transport.input
    topic.mkdir(parents=True, exist_ok=True)
    (topic / "0.jsonl").touch()  # the daemon looks for partitions at its start
    sensor = DemoSensor()
    view = View(sensor)
    metrics = PrometheusSensor(settings.events.target_names, versions(), settings.scoring.window)
    daemon = Daemon(settings, sensors=[sensor, metrics], tap=view.on_predictions)
    http = settings.http
    server = HttpServer(http.host, http.port, metrics.registry, live=daemon.not_live, ready=daemon.not_ready)
    try:
        server.start()
    except HttpError:
        typer.echo(f"port {http.port} is taken: choose another with --port, or --port 0 for any free one", err=True)
        return ExitCode.SETTINGS
    view.address = f"http://{http.host}:{server.port}/"
    stop = threading.Event()
    failures: list[BaseException] = []

    def write() -> None:
        try:
            write_events(
                topic,
                0,
                events(settings.seed, streams),
                stop=stop,
                position=lambda: sensor.published,
                rate=rate,
                total=total,
            )
            _wait_for(sensor, total, stop)
        except BaseException as error:  # a thread's error is lost unless it is carried over
            failures.append(error)
        finally:
            daemon.stop()

    writer = threading.Thread(target=write, name="demo-writer", daemon=True)
    try:
        with view:
            writer.start()
            code = daemon.run()
            stop.set()
            writer.join()
    finally:
        server.stop()
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
        "model.calendar": "true",
        "streams.expire_after": _EXPIRE_AFTER,
    }
    return load(None, [f"{key}={value}" for key, value in values.items()]).settings


def _new_folder(path: Path) -> Path:
    if path.exists() and (not path.is_dir() or next(path.iterdir(), None)):
        typer.echo(f"{path} is there already and not empty: give --keep a new folder.", err=True)
        raise typer.Exit(ExitCode.SETTINGS)
    path.mkdir(parents=True, exist_ok=True)
    return path
