"""Where a setting was said: environment variables and ``--set``, beside the file and the defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streamrnn.settings.errors import Problem
from streamrnn.settings.keys import Value, keys, nearest, sections

DEFAULT = "default"
SET = "--set"
PREFIX = "STREAMRNN_"

# Names that belong to others: the test suite and the build.
_OTHERS = ("STREAMRNN_TEST_",)
_OTHER_NAMES = frozenset({"STREAMRNN_KAFKA_LIBS", "STREAMRNN_CACHE"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A value as it was given.

    Attributes
    ----------
    value : what was given, before interpolation and validation
    origin : where, as `Loaded.origins` shows it: ``config.yaml:14``
    place : where, as errors show it: ``config.yaml:14:5``
    bare : whether it is a bare text whose type depends on the setting, as in the environment
    """

    value: Value
    origin: str
    place: str
    bare: bool = False


def read_environment(environ: Mapping[str, str]) -> tuple[dict[str, Entry], list[Problem]]:
    """Settings from variables such as ``STREAMRNN_MODEL__HIDDEN_SIZE``.

    Parameters
    ----------
    environ : the environment variables

    Returns
    -------
    tuple[dict[str, Entry], list[Problem]]
        The settings by path. A ``STREAMRNN_`` name with a double underscore that is no setting is a problem.
    """
    known = {key.environment: path for path, key in keys().items()}
    entries: dict[str, Entry] = {}
    problems: list[Problem] = []
    for name in sorted(environ):
        origin = f"environment {name}"
        if name in known:
            entries[known[name]] = Entry(environ[name], origin, origin, bare=True)
        elif name.startswith(PREFIX) and "__" in name and name not in _OTHER_NAMES and not name.startswith(_OTHERS):
            path = name.removeprefix(PREFIX).lower().replace("__", ".")
            problems.append(Problem(origin, path, f"unknown key.{nearest(path)}"))
    return entries, problems


def read_overrides(overrides: Sequence[str]) -> tuple[dict[str, Entry], list[Problem]]:
    """Settings from ``--set model.hidden_size=64``; of two for one setting the last counts.

    Parameters
    ----------
    overrides : texts of the form ``path=value``

    Returns
    -------
    tuple[dict[str, Entry], list[Problem]]
        The settings by path, and what is not of that form or unknown.
    """
    entries: dict[str, Entry] = {}
    problems: list[Problem] = []
    for text in overrides:
        path, equals, value = text.partition("=")
        path = path.strip()
        if path in sections():
            problems.append(Problem(SET, path, f"is a section. Set one of its keys: --set {path}.KEY=VALUE."))
        elif path in keys() and not equals:
            problems.append(Problem(SET, path, f"has no value. Write --set {path}=VALUE."))
        elif not equals:
            problems.append(Problem(SET, path, f"write KEY=VALUE, such as model.k2=16.{nearest(path)}"))
        elif path not in keys():
            problems.append(Problem(SET, path, f"unknown key.{nearest(path)}"))
        else:
            entries[path] = Entry(value, SET, SET, bare=True)
    return entries, problems
