"""Sizes of the table of embeddings, and of what a step keeps in place of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

# "touched" int64: how many rows of the table the open optimiser step has learned from, for each row whether it is one
# of them, and which these are.
COUNT = 0
FLAGS = 1


def touched_width(codes: int) -> int:
    """Numbers of "touched"."""
    return FLAGS + 2 * codes


@dataclass(frozen=True, slots=True)
class CategoryRows:
    """Sizes of what categories take; all is 0 without any.

    Attributes
    ----------
    categories : how many codes an event has
    width : numbers that stand for a code
    codes : rows of the table
    """

    categories: int = 0
    width: int = 0
    codes: int = 0

    @classmethod
    def from_settings(cls, settings: Settings) -> CategoryRows:
        """The sizes that these settings ask for."""
        inputs = settings.inputs
        return cls(len(inputs.categories), inputs.embedding, inputs.codes) if inputs.categories else cls()

    @property
    def inputs(self) -> int:
        """Inputs of the network that come from the table."""
        return self.categories * self.width

    @property
    def weights(self) -> int:
        """Weights of the table."""
        return self.codes * self.width
