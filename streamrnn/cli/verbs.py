"""Verbs that are imported only when they are called, so that ``streamrnn --help`` answers at once."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from streamrnn.exits import ExitCode

# In the order of a first acquaintance. Each lies in the file and function of its name.
VERBS = {
    "demo": "See it learn from made-up streams, with nothing to set up.",
    "check": "Tell whether the daemon could start, and how much memory it can take.",
    "run": "Learn from the log and publish predictions, until stopped.",
    "replay": "Build a model again from the log, without publishing.",
    "inspect": "Check a snapshot and show what it holds.",
}


class Verb(TyperCommand):
    """Stands in the list of verbs with its one line; anything more imports the verb itself."""

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Read the verb's own arguments with the verb's own command."""
        assert self.name is not None
        function = getattr(import_module(f"streamrnn.cli.{self.name}"), self.name)
        verb = typer.Typer(add_completion=False)
        verb.command(self.name)(function)
        return get_command(verb).make_context(*arguments, **options)


class Verbs(TyperGroup):
    """Ends the process cleanly where the settings are wrong or somebody interrupts."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of all verbs."""
        return [*VERBS, *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The verb of this name, not yet imported; None if there is none."""
        if cmd_name in VERBS:
            return Verb(cmd_name, help=VERBS[cmd_name])
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: Any) -> Any:
        """Run a verb; wrong settings and an interrupt become a message and an exit code."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            from streamrnn.settings.errors import SettingsError  # brings pydantic, which --help need not wait for

            if not isinstance(error, SettingsError):
                raise
            typer.echo(str(error), err=True)
            raise typer.Exit(ExitCode.SETTINGS) from None
