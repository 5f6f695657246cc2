"""``streamrnn compile``: compile ahead of the first start, as an image does when it is built."""

import time

import typer

from streamrnn.cli.options import ConfigOption, SetOption


def compile(config: ConfigOption = None, set_: SetOption = None) -> None:
    """Compile what the settings need, so that the first start answers at once.

    Compiled code is kept in ~/.cache/streamrnn, or where STREAMRNN_CACHE says, and serves every later start
    of the same version.

    \b
    Examples:
    streamrnn compile
    streamrnn compile --set model.cell=lstm
    """
    from streamrnn.loops.ready import compile_loops
    from streamrnn.settings import load

    settings = load(config, set_).settings
    started = time.monotonic()
    compile_loops(settings, lambda done, loops: typer.echo(f"{done} of {loops} loops"))
    typer.echo(f"compiled in {time.monotonic() - started:.1f} s")
