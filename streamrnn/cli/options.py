"""Options that several verbs share. Light on imports: `streamrnn --help` reads this."""

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", metavar="FILE", help="Settings file (YAML). Without it the built-in defaults count."
    ),
]

SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="One setting, such as model.hidden_size=64; wins over all else. Repeatable."
    ),
]
