"""Settings as text: the effective values with their origins, and the JSON schema."""

from __future__ import annotations

from typing import Any

from streamrnn.settings.interpolate import escape
from streamrnn.settings.keys import Value, keys
from streamrnn.settings.load import Loaded
from streamrnn.settings.scalars import written
from streamrnn.settings.schema import Settings
from streamrnn.settings.section import REDACTED


def describe(loaded: Loaded, origins: bool = False) -> str:
    """All settings in the shape of ``config.yaml``.

    Parameters
    ----------
    loaded : what to describe; secrets, and what came by interpolation, show as ``***``
    origins : whether each line ends with a comment that names the value's origin

    Returns
    -------
    str
        Lines that `streamrnn.settings.load` reads back to equal settings, unless something is redacted.
    """
    values = loaded.settings.model_dump(mode="json")
    lines: list[tuple[str, str]] = []
    open_section = ""
    for path in keys():
        section, _, name = path.rpartition(".")
        if section and section != open_section:
            lines.append((f"{section}:", ""))
            open_section = section
        value = values[section][name] if section else values[name]
        text = REDACTED if path in loaded.secret else written(_escaped(value))
        indent = "  " if section else ""
        lines.append((f"{indent}{name}: {text}", f"# {loaded.origins[path]}"))
    if not origins:
        return "".join(f"{line}\n" for line, _ in lines)
    width = max(len(line) for line, _ in lines)
    return "".join(f"{line:<{width}}  {comment}".rstrip() + "\n" for line, comment in lines)


def json_schema() -> dict[str, Any]:
    """The JSON schema of ``config.yaml``, for editors that complete and check it."""
    schema = Settings.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "streamrnn settings"}


def _escaped(value: Value) -> Value:
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, dict):
        return {name: _escaped(item) for name, item in value.items()}
    return [_escaped(item) for item in value] if isinstance(value, list) else value
