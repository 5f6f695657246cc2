"""Settings of events that are tokens: letters, words, notes."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from streamrnn.settings.inputs import category_text
from streamrnn.settings.section import Name, Section

LONGEST = 64  # bytes of UTF-8 of a token; a longer one is known by its first 64
MOST_TOKENS = 20_000
MOST = 65_536  # that an event may be allowed
END, OTHER = "<end>", "<other>"  # what sequences end with, and what stands for all that a list has not
WORDS = re.compile(r"\w+|[^\w\s]")
_BYTES = 256


def _texts(tokens: Any) -> Any:
    """Listed integers and booleans as texts, as which tokens are known."""
    if not isinstance(tokens, list | tuple):
        return tokens
    return tuple(category_text(each) if isinstance(each, int) else each for each in tokens)


def _once(tokens: int | tuple[str, ...]) -> int | tuple[str, ...]:
    """The tokens, if none is listed twice and none is too long."""
    if isinstance(tokens, tuple):
        reserved = {END, OTHER} & set(tokens)
        if len(set(tokens)) < len(tokens) or reserved or any(len(token.encode()) > LONGEST for token in tokens):
            text = f"must list no token twice, none of more than {LONGEST} bytes, and neither {END} nor {OTHER}"
            raise PydanticCustomError("tokens", text)
    return tokens


Room = Annotated[int, Field(ge=2, le=MOST_TOKENS)]
Listed = Annotated[tuple[Name, ...], Field(strict=False, min_length=2, max_length=MOST_TOKENS)]


class Tokens(Section):
    """What events consist of, where that is not numbers."""

    field: Name | None = Field(
        default=None, description="Field with the text, list or value that holds an event's tokens. null: no tokens."
    )
    of: Literal["characters", "bytes", "words", "items", "sets"] = Field(
        default="characters",
        description="characters or bytes of a text, its words (runs of letters and digits; each other mark alone), the "
        "items of a list, or a list whose items come at once, such as notes.",
    )
    vocabulary: Annotated[Room | Listed, BeforeValidator(_texts), AfterValidator(_once)] = Field(
        default=256,
        json_schema_extra={
            "allowed": f"a number from 2 to {MOST_TOKENS}, or a list of 2 to so many texts, none twice, none of more "
            f"than {LONGEST} bytes, and neither {END} nor {OTHER}"
        },
        description="The tokens there are; or how many are told apart: they are numbered as they come, and once all "
        "numbers are taken, a new one shares the number that a hash gives it.",
    )
    most: int = Field(
        default=1000, ge=1, le=MOST, description="Tokens of one event at most; with more it is a dead letter."
    )
    marker: Name | None = Field(
        default=None,
        description="Token behind which the rest of a sequence is the answer to what stands before, such as a "
        "translation: whether each answer was foretold exactly is told. null: none.",
    )
    order: int = Field(
        default=5, ge=0, le=5, description="Longest context, in tokens, of the expert that counts what followed."
    )
    cells: int = Field(
        default=1 << 20,
        ge=1 << 10,
        le=1 << 28,
        description="Counts that this expert keeps for a partition, 16 bytes each; rounded up to a power of two.",
    )

    @property
    def codes(self) -> int:
        """Numbers of tokens, with that of a sequence's end, and of what is not listed."""
        if self.of == "bytes":
            return 1 + _BYTES
        return 1 + self.vocabulary if isinstance(self.vocabulary, int) else 2 + len(self.vocabulary)

    def can_come(self, token: str) -> bool:
        """Whether this can be one of an event's tokens."""
        if self.of == "words" and WORDS.fullmatch(token) is None:
            return False
        if self.of in ("characters", "bytes"):
            return len(token if self.of == "characters" else token.encode()) == 1
        return len(token.encode()) <= LONGEST

    @property
    def members(self) -> int:
        """Tokens of a step at most."""
        return min(self.most, self.codes) if self.are_sets else 1

    @property
    def are_sets(self) -> bool:
        """Whether several come at once."""
        return self.of == "sets"
