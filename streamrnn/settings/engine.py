"""Which engine a model gets, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from streamrnn.rows.heads import COMPILED

if TYPE_CHECKING:
    from streamrnn.settings.learning import Model


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """The engine that runs a model.

    Attributes
    ----------
    name : compiled or torch
    reason : half a sentence
    slow : whether the compiled engine would have been taken if it could run this model
    """

    name: Literal["compiled", "torch"]
    reason: str
    slow: bool = False


def uncompiled(model: Model) -> list[str]:
    """The settings whose values the compiled engine does not run."""
    asked = {
        "model.layers": model.layers > 1,
        "model.layer_norm": model.layer_norm,
        "model.head": model.head not in COMPILED,
    }
    return [key for key, beyond in asked.items() if beyond]


def choose_engine(model: Model) -> EngineChoice:
    """The engine for ``model.engine`` and the rest of the section."""
    if model.engine == "compiled":
        return EngineChoice("compiled", "as model.engine says")
    if model.engine == "torch":
        return EngineChoice("torch", "as model.engine says")
    beyond = uncompiled(model)
    if beyond:
        text = f"for {' and '.join(beyond)} (model.engine is auto): about a hundred events a second"
        return EngineChoice("torch", text, slow=True)
    return EngineChoice("compiled", "as model.engine is auto, and it runs one layer of any cell with this head")
