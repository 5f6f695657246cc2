"""Verbs that are imported only when they are called, so that ``streamrnn --help`` answers at once."""

from __future__ import annotations

import difflib
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from streamrnn.exits import ExitCode

# In the order of a first acquaintance. Each lies in the file and function of its name.
VERBS = {
    "demo": "See it learn from made-up streams, with nothing to set up.",
    "init": "Write a settings file for a task, with what the data tell.",
    "check": "Tell whether the daemon could start, and how much memory it can take.",
    "run": "Learn from the log and publish predictions, until stopped.",
    "tail": "Print predictions as they come.",
    "replay": "Learn from a file and show how well it forecasts.",
    "feed": "Send made-up events, or those of a file, to the input topic.",
    "compile": "Compile ahead of the first start.",
    "probe": "Ask the running daemon whether it is alive, as a health check does.",
    "inspect": "Check a snapshot and show what it holds.",
    "export": "Write the learned network of a snapshot to a file.",
    "generate": "Continue a stream from its learned state.",
}


class Command(TyperCommand):
    """Tells apart a forgotten ``--config`` from any other word that is not expected."""

    allow_extra_args = True

    def get_params(self, ctx: Any) -> Any:
        """The arguments and options."""
        return _without_types_of_flags(super().get_params(ctx))

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Read the arguments; a word that is left over ends the process with a hint."""
        ctx = super().make_context(*arguments, **options)
        if ctx.args and not ctx.resilient_parsing:
            word = str(ctx.args[0])
            takes_config = word.endswith((".yaml", ".yml")) and any(param.name == "config" for param in self.params)
            hint = f" A settings file goes with --config: {ctx.command_path} --config {word}" if takes_config else ""
            ctx.fail(f"{word!r} is not expected here.{hint}")
        return ctx


class Verb(TyperCommand):
    """Stands in the list of verbs with its one line; anything more imports the verb itself."""

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Read the verb's own arguments with the verb's own command."""
        assert self.name is not None
        function = getattr(import_module(f"streamrnn.cli.{self.name}"), self.name)
        verb = typer.Typer(add_completion=False)
        verb.command(self.name, cls=Command)(function)
        return get_command(verb).make_context(*arguments, **options)


class Group(TyperGroup):
    """Commands of which a misspelled one is met with the nearest there is."""

    def get_params(self, ctx: Any) -> Any:
        """The arguments and options."""
        return _without_types_of_flags(super().get_params(ctx))

    def resolve_command(self, ctx: Any, args: Any) -> Any:
        """The command that the first word names."""
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], known, n=1, cutoff=0.5)
            hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(known)}."
            ctx.fail(f"there is no command {args[0]!r}. {hint}")
        return super().resolve_command(ctx, args)


class Verbs(Group):
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


def _without_types_of_flags(params: Any) -> Any:
    """The same options; typer would write ``<bool>`` behind a flag, as if it took a value."""
    for param in params:
        if getattr(param, "is_flag", False):
            param.metavar = ""
    return params
