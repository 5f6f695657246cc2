"""``streamrnn probe``: what a health check runs beside the daemon."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import TYPE_CHECKING, Annotated

import typer

from streamrnn.cli.options import ConfigOption, SetOption
from streamrnn.exits import ExitCode

if TYPE_CHECKING:
    from streamrnn.settings.service import Http

SECONDS = 5.0  # for an answer
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def probe(
    config: ConfigOption = None,
    set_: SetOption = None,
    ready: Annotated[bool, typer.Option("--ready", help="Ask whether it does its work, too.")] = False,
) -> None:
    """Ask the daemon that runs here with these settings whether it is alive; the exit code is 1 where it is not.

    Without the token or the client certificate that the settings ask for the answer
    comes too, without its reason.

    \b
    Examples:
    streamrnn probe --config config.yaml
    streamrnn probe --ready --set http.port=9465
    """
    from streamrnn.settings import load

    settings = load(config, set_).settings
    if not settings.http.enabled or settings.http.port == 0:
        typer.echo("there is no known port to ask: set http.enabled to true and http.port to a number", err=True)
        raise typer.Exit(ExitCode.SETTINGS)
    reason = refusal(settings.http, "/readyz" if ready else "/livez")
    typer.echo("ok" if reason is None else reason, err=reason is not None)
    raise typer.Exit(ExitCode.OK if reason is None else ExitCode.INTERNAL)


def refusal(settings: Http, path: str) -> str | None:
    """Why the daemon's answer is no; None where it is yes."""
    host = _ANY.get(settings.host, settings.host)
    shown = {} if settings.token is None else {"Authorization": f"Bearer {settings.token}"}  # else no reason is told
    connection: http.client.HTTPConnection
    if settings.certificate is None:
        connection = http.client.HTTPConnection(host, settings.port, timeout=SECONDS)
    else:  # it is the process beside this one, whatever its certificate is made out to
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection(host, settings.port, timeout=SECONDS, context=context)
    try:
        connection.request("GET", path, headers=shown)
        answer = connection.getresponse()
        body = answer.read(65_536)
    except (OSError, http.client.HTTPException) as error:
        return f"no answer at {host}:{settings.port}: {error}"
    finally:
        connection.close()
    if answer.status == 200:
        return None
    try:
        return str(json.loads(body)["reason"])
    except (ValueError, KeyError, TypeError):
        return f"{path} answered with status {answer.status}"
