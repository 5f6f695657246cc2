"""What every group of settings is: frozen, strict, and without unknown keys."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

Name = Annotated[str, Field(min_length=1)]
REDACTED = "***"

# A text that is never printed, wherever it came from.
Secret = Annotated[str, Field(json_schema_extra={"writeOnly": True})]


class Section(BaseModel):
    """A frozen group of settings that takes no unknown key and guesses no type (``"8"`` is not a number)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, regex_engine="python-re")

    _secret: frozenset[str] = PrivateAttr(default=frozenset())

    def __repr_args__(self) -> Any:
        """Name and value of each setting; secrets, and what came by interpolation, are redacted."""
        for name, value in super().__repr_args__():
            yield name, REDACTED if name in self._secret else value
