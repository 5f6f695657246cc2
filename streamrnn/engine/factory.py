"""Which engine the settings ask for; only that one's libraries are loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamrnn.engine.base import Engine
from streamrnn.settings.engine import choose_engine

if TYPE_CHECKING:
    from streamrnn.settings.schema import Model


def make_engine(model: Model) -> Engine:
    """The engine that these settings of the model get."""
    if model.kind == "none":
        from streamrnn.engine.none import NoEngine

        return NoEngine()
    if choose_engine(model).name == "torch":
        from streamrnn.engine.reference import TorchEngine

        return TorchEngine()
    from streamrnn.engine.compiled import CompiledEngine

    return CompiledEngine()
