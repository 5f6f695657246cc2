"""What a topic may be called."""

from typing import Any

from pydantic import Field

TOPIC = r"^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$(?!\n)"  # `$` alone lets a last newline pass
TOPIC_WORDS = "1 to 249 letters, digits, '.', '_' or '-' (not '.' or '..')"


def topic_field(default: str | None, description: str) -> Any:
    """A setting that names a topic; one whose default is null may be set to that."""
    allowed = TOPIC_WORDS if default is not None else f"{TOPIC_WORDS}, or null"
    return Field(default=default, pattern=TOPIC, json_schema_extra={"allowed": allowed}, description=description)
