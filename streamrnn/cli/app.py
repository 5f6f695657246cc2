"""The command line."""

import atexit
import gc
from typing import Annotated

import typer

from streamrnn import __version__
from streamrnn.cli.config import config
from streamrnn.cli.topics import topics
from streamrnn.cli.verbs import Verbs

app = typer.Typer(
    cls=Verbs,
    name="streamrnn",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a trace with local variables could show secrets
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(config, name="config")
app.add_typer(topics, name="topics")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"streamrnn {__version__}")
        raise typer.Exit


@app.callback()
def streamrnn(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """A daemon that learns from event streams while they flow.

    Start with: streamrnn demo

    Then: streamrnn check --config config.yaml, and streamrnn run --config config.yaml
    """


def main() -> None:
    """What the ``streamrnn`` command runs."""
    # The interpreter's end looks for garbage among all that was ever loaded: .6 s in which a restart waits.
    atexit.register(gc.freeze)
    app(prog_name="streamrnn")
