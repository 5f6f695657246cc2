"""Which engine the settings ask for; only that one's libraries are loaded."""

from __future__ import annotations

from streamrnn.engine.base import Engine


def make_engine(kind: str, engine: str) -> Engine:
    """The engine for ``model.kind`` and ``model.engine``."""
    if kind == "none":
        from streamrnn.engine.none import NoEngine

        return NoEngine()
    if engine == "torch":
        from streamrnn.engine.reference import TorchEngine

        return TorchEngine()
    from streamrnn.engine.compiled import CompiledEngine

    return CompiledEngine()
