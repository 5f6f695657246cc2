"""``${NAME}`` and ``${file:/path}`` inside the text of a setting."""

import re
from collections.abc import Mapping
from pathlib import Path

# `$${` stands for a plain `${`; a `${` that is never closed is caught as the last alternative.
_PART = re.compile(r"\$\$\{|\$\{([^}]*)\}|\$\{")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LARGEST_FILE = 65_536


class InterpolationError(Exception):
    """A reference cannot be followed; the message names the reference and never a value."""


def interpolate(text: str, environ: Mapping[str, str]) -> tuple[str, bool]:
    """Replace every reference in a text.

    Parameters
    ----------
    text : a setting's text; ``$${`` gives a plain ``${``
    environ : the environment variables

    Returns
    -------
    tuple[str, bool]
        The text, and whether a reference was replaced (then it is to be treated as a secret).

    Raises
    ------
    InterpolationError
        A variable is not set, a file cannot be read, or a reference is not closed.

    Examples
    --------
    >>> interpolate("${HOST}:80", {"HOST": "example.org"})
    ('example.org:80', True)
    >>> interpolate("$${HOST}", {})
    ('${HOST}', False)
    """
    replaced = False

    def resolve(match: re.Match[str]) -> str:
        nonlocal replaced
        if match[0] == "$${":
            return "${"
        replaced = True
        return _resolve(match[1], environ)

    return _PART.sub(resolve, text), replaced


def escape(text: str) -> str:
    """The text that `interpolate` turns into this one."""
    return text.replace("${", "$${")


def _resolve(reference: str | None, environ: Mapping[str, str]) -> str:
    if reference is None:
        raise InterpolationError("a ${ is not closed with }. Write $${ for a plain ${.")
    if reference.startswith("file:"):
        return _read(reference.removeprefix("file:"))
    if not _NAME.fullmatch(reference):
        raise InterpolationError(
            f"${{{reference}}} is neither ${{NAME}} nor ${{file:/path}}. Write $${{ for a plain ${{."
        )
    if reference not in environ:
        raise InterpolationError(f"the environment variable {reference} is not set. Set it, or write the value here.")
    return environ[reference]


def _read(name: str) -> str:
    try:
        with Path(name).open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise InterpolationError(f"the file {name} is larger than {LARGEST_FILE} bytes. Is it the right one?")
        return content.decode().rstrip("\r\n")  # editors and `echo` end a file with a newline that nobody means
    except OSError as error:
        raise InterpolationError(f"cannot read the file {name}: {error.strerror}.") from None
    except ValueError:  # not UTF-8, or a zero byte in the name
        raise InterpolationError(f"cannot read the file {name}: it is not UTF-8 text.") from None
