"""``streamrnn run``: the daemon."""

from typing import Annotated

import typer

from streamrnn.cli.options import ConfigOption, SetOption


def run(
    config: ConfigOption = None,
    overrides: SetOption = None,
    summary: Annotated[float, typer.Option(help="Seconds between the log's one-line summaries.", min=1)] = 10.0,
) -> None:
    """Learn from the log until SIGTERM or Ctrl-C; a second signal ends at once.

    Examples:

      streamrnn run --config config.yaml

      streamrnn run --set transport.path=var/log --set http.port=0

      generate | streamrnn run --set transport.kind=standard > predictions.jsonl
    """
    from streamrnn.daemon import Daemon
    from streamrnn.exits import ExitCode
    from streamrnn.observe import logs
    from streamrnn.observe.http import HttpError, HttpServer
    from streamrnn.observe.prometheus import PrometheusSensor
    from streamrnn.observe.summary import SummarySensor
    from streamrnn.recovery import versions
    from streamrnn.settings import load
    from streamrnn.transport.base import TransportError

    settings = load(config, overrides or []).settings
    logs.setup(settings.logging.level, settings.logging.format)
    targets = settings.events.target_names
    build = versions() | {"engine": settings.model.engine}
    metrics = PrometheusSensor(targets, build, settings.scoring.window)
    try:
        daemon = Daemon(settings, [metrics, SummarySensor(summary, settings.scoring.window)])
    except (TransportError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.TRANSPORT) from None
    if not settings.http.enabled:
        raise typer.Exit(daemon.run())
    server = HttpServer(
        settings.http.host, settings.http.port, metrics.registry, live=daemon.not_live, ready=daemon.not_ready
    )
    try:
        server.start()
    except HttpError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.SETTINGS) from None
    try:
        code = daemon.run()
    finally:
        server.stop()
    raise typer.Exit(code)
