"""How a single value is written in YAML: the core schema of YAML 1.2.

PyYAML keeps to YAML 1.1, where ``1e-3`` is a text, ``on`` is true, ``010`` is eight and ``12:30`` is 750. None of that
is meant in a settings file.
"""

import json
import re

from streamrnn.settings.keys import Value

_INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Value] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}
_PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./-]*")


def scalar(text: str) -> Value:
    """The value that an unquoted text stands for.

    Examples
    --------
    >>> [scalar(text) for text in ("8", "1e-3", "true", "on", "~")]
    [8, 0.001, True, 'on', None]
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def from_text(text: str, types: frozenset[str]) -> Value:
    """The value that a text from outside YAML (environment, ``--set``, interpolation) stands for.

    Parameters
    ----------
    text : the text; a list is ``a,b`` or ``[a, b]``
    types : JSON schema types that the setting takes; where it takes a text, ``8`` stays a text

    Returns
    -------
    Value
        Not yet validated.
    """
    if "null" in types and scalar(text) is None:
        return None
    if "integer" in types and isinstance(scalar(text), int):
        return scalar(text)
    if types & {"array", "numbers"}:
        inner = text.strip()
        if inner.startswith("[") and inner.endswith("]"):
            inner = inner[1:-1]
        parts = [part.strip().strip("\"'") for part in inner.split(",")] if inner.strip() else []
        return list(map(scalar, parts)) if "numbers" in types else parts
    return text if "string" in types else scalar(text)


def written(value: Value) -> str:
    """A value as YAML, on one line. The opposite of `scalar`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(written(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{written(name)}: {written(item)}' for name, item in value.items())}}}"
    if isinstance(value, int | float):
        return repr(value)
    text = str(value)
    return text if _PLAIN.fullmatch(text) and scalar(text) == text else json.dumps(text)
