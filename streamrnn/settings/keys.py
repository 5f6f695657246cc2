"""A flat list of all settings, with what each allows in words; made from the schema."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from typing import Any

from streamrnn.settings.schema import Settings

Value = Any  # what YAML can say: None, bool, int, float, str, a list of these or of groups of them by name, a mapping


@dataclass(frozen=True, slots=True)
class Key:
    """One setting.

    Attributes
    ----------
    path : ``model.hidden_size``
    types : JSON schema types it takes: string, integer, number, boolean, array, numbers (an array of them), groups (an
        array of numbers and groups of settings), object (a mapping of names to scalars or arrays), null
    allowed : what it takes, in words
    description : what it does, with its unit
    secret : whether its value is never printed
    """

    path: str
    types: frozenset[str]
    allowed: str
    description: str
    secret: bool

    @property
    def environment(self) -> str:
        """The environment variable that sets it."""
        return "STREAMRNN_" + self.path.upper().replace(".", "__")


@cache
def keys() -> dict[str, Key]:
    """All settings by path, in the schema's order."""
    schema = Settings.model_json_schema()
    found: dict[str, Key] = {}
    for name, entry in schema["properties"].items():
        if "$ref" not in entry:
            found[name] = _key(name, entry)
            continue
        section = schema["$defs"][entry["$ref"].rsplit("/", 1)[1]]
        for inner, inner_entry in section["properties"].items():
            found[f"{name}.{inner}"] = _key(f"{name}.{inner}", inner_entry)
    return found


@cache
def sections() -> frozenset[str]:
    """Names of the groups of settings."""
    return frozenset(path.split(".")[0] for path in keys() if "." in path)


def nearest(path: str) -> str:
    """A hint that ends an error about an unknown path: the nearest known one.

    Returns
    -------
    str
        `` Did you mean hidden_size?`` with a leading space (the whole path if it is in another section). If nothing
        is near, what there is.
    """
    section, _, name = path.rpartition(".")
    siblings = [known for known in keys() if known.rpartition(".")[0] == section]
    names = [known.rpartition(".")[2] for known in siblings]
    if not section:
        names += sorted(sections())
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f" Did you mean {close[0]}?"
    same_name = [known for known in keys() if known.rpartition(".")[2] == name]
    # In a known section the whole path is always near its siblings, whatever the name.
    close = same_name or ([] if siblings else difflib.get_close_matches(path, keys(), n=1, cutoff=0.6))
    if close:
        return f" Did you mean {close[0]}?"
    return f" Known here: {', '.join(names)}." if names else f" Known sections: {', '.join(sorted(sections()))}."


def _key(path: str, entry: dict[str, Any]) -> Key:
    options = entry.get("anyOf", [entry])
    types = frozenset(map(_type, options))
    allowed = entry.get("allowed") or " or ".join(_words(option) for option in options)
    secret = any(option.get("writeOnly", False) for option in options)
    return Key(path, types, allowed, entry.get("description", ""), secret)


def _type(option: dict[str, Any]) -> str:
    kind: str = option.get("type", "string")
    if kind == "array" and option["items"].get("type") in ("integer", "number"):
        return "numbers"
    if kind == "array" and any("$ref" in item for item in option["items"].get("anyOf", ())):
        return "groups"
    return kind


def _words(option: dict[str, Any]) -> str:
    """What a JSON schema without references allows, in words."""
    if "enum" in option or "const" in option:
        return ", ".join(str(value) for value in option.get("enum", [option.get("const")]))
    match option.get("type"):
        case "null":
            return "null"
        case "boolean":
            return "true or false"
        case "array":
            most = f" up to {option['maxItems']}" if "maxItems" in option else ""
            return f"a list of{most} texts, at least {option.get('minItems', 0)}"
        case "integer" | "number" as kind:
            noun = "a whole number" if kind == "integer" else "a number"
            if "multipleOf" in option:
                noun = f"a multiple of {option['multipleOf']}"
            return noun + _bounds(option)
        case _:
            return "a path" if option.get("format") == "path" else "a text (quote what looks like a number)"


def _bounds(option: dict[str, Any]) -> str:
    low, above, high = (option.get(name) for name in ("minimum", "exclusiveMinimum", "maximum"))
    lower = f" from {low}" if low is not None else f" above {above}" if above is not None else ""
    if high is None:
        return lower
    return f"{lower} to {high}" if low is not None else f"{lower} up to {high}"
