"""``streamrnn config``: what the settings are, where they come from, what they may be."""

from typing import Annotated

import typer

from streamrnn.cli.options import ConfigOption, SetOption
from streamrnn.cli.verbs import Command, Group

config = typer.Typer(cls=Group, no_args_is_help=True, help="Show the settings and their schema.")


@config.command(cls=Command)
def show(
    config: ConfigOption = None,
    set_: SetOption = None,
    origin: Annotated[bool, typer.Option("--origin", help="Say of each value where it comes from.")] = False,
) -> None:
    """Show the settings that count in the end, as YAML.

    Values that came by ${NAME} or ${file:/path} show as ***.

    Example: streamrnn config show --config config.yaml --origin
    """
    from streamrnn.settings import describe, load

    typer.echo(describe(load(config, set_), origins=origin), nl=False)


@config.command(cls=Command)
def schema() -> None:
    """Print the JSON schema of the settings file, for editors that complete and check it.

    Example: streamrnn config schema > streamrnn.schema.json
    """
    import json

    from streamrnn.settings import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))
