"""Bring defaults, file, environment and ``--set`` together, or say everything that is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from streamrnn.settings.contradiction import Contradiction
from streamrnn.settings.document import read_document, read_flow
from streamrnn.settings.errors import Problem, SettingsError
from streamrnn.settings.interpolate import InterpolationError, interpolate
from streamrnn.settings.keys import Value, keys
from streamrnn.settings.origin import DEFAULT, Entry, read_environment, read_overrides
from streamrnn.settings.scalars import from_text, written
from streamrnn.settings.schema import Settings
from streamrnn.settings.section import REDACTED, Section

LONGEST_SHOWN = 100  # letters of a wrong value in an error


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and where each came from.

    Attributes
    ----------
    settings : validated and frozen
    origins : by path: ``default``, ``config.yaml:14``, ``environment STREAMRNN_A__B`` or ``--set``
    secret : paths whose value is never printed: what came by interpolation, passwords and tokens
    """

    settings: Settings
    origins: Mapping[str, str]
    secret: frozenset[str] = frozenset()


def load(path: Path | None, overrides: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """Load the settings. ``--set`` wins over the environment, that over the file, that over the defaults.

    Parameters
    ----------
    path : the YAML file; None for the built-in defaults
    overrides : what ``--set`` gave, each ``model.hidden_size=64``
    environ : environment variables; None for the process's own

    Returns
    -------
    Loaded
        The settings and their origins.

    Raises
    ------
    SettingsError
        With every problem of every source at once.
    """
    environ = os.environ if environ is None else environ
    draft = _Draft()
    if path is not None:
        draft.add(*read_document(path))
    draft.add(*read_environment(environ))
    draft.add(*read_overrides(overrides or ()))
    draft.resolve(environ)
    settings = draft.validate()
    if settings is None or draft.problems:
        raise SettingsError(draft.problems)
    _mark_secret(settings, draft.secret)
    origins = {key: draft.entries[key].origin if key in draft.entries else DEFAULT for key in keys()}
    return Loaded(settings, origins, frozenset(draft.secret))


@dataclass(slots=True)
class _Draft:
    """Settings in the making. What has a problem is left out, so that the rest can still be judged."""

    entries: dict[str, Entry] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    secret: set[str] = field(default_factory=set)
    bad: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def add(self, entries: Mapping[str, Entry], problems: Iterable[Problem]) -> None:
        """A further source, which wins over those before it."""
        self.entries.update(entries)
        self.problems += problems

    def resolve(self, environ: Mapping[str, str]) -> None:
        """Follow references, and give bare texts the type of their setting."""
        for path, entry in self.entries.items():
            try:
                value, replaced = _interpolated(entry.value, environ)
            except InterpolationError as error:
                self._refuse(path, str(error))
                continue
            if replaced or (keys()[path].secret and entry.value is not None):
                self.secret.add(path)
            bare = isinstance(value, str) and (entry.bare or replaced)
            types = keys()[path].types
            read = read_flow if types & {"object", "groups"} else from_text
            self.values[path] = read(value, types) if bare else value

    def validate(self) -> Settings | None:
        """Settings from the values that are left, with a problem for each that cannot be used."""
        try:
            return Settings.model_validate(_tree(self.values))
        except ValidationError as error:
            wrong = {_path(each["loc"]) for each in error.errors()} & self.values.keys()
            found: Sequence[Contradiction] = error.errors()[0].get("ctx", {}).get("found", ()) if not wrong else ()
        for path in (path for path in keys() if path in wrong):
            self._refuse(path, f"{self.shown(path)} is not allowed. Allowed: {keys()[path].allowed}.")
            del self.values[path]
        if wrong:
            return self.validate()
        for contradiction in found:
            self._contradict(contradiction)
        return None

    def shown(self, path: str) -> str:
        """The value, or stars if it is a secret."""
        if path in self.secret:
            return REDACTED
        if path in self.values:
            text = written(self.values[path])
            return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
        owner, name = _owner(Settings(), path)
        return written(getattr(owner, name))

    def _refuse(self, path: str, message: str) -> None:
        self.bad.add(path)
        self.problems.append(Problem(self.entries[path].place, path, message))

    def _contradict(self, contradiction: Contradiction) -> None:
        if self.bad & set(contradiction.keys):  # judged with a default in place of the value that was meant
            return
        first, *others = contradiction.keys
        beside = "".join(f"; {other} is {self.shown(other)} ({self._place(other)})" for other in others)
        self.problems.append(
            Problem(self._place(first), first, f"{self.shown(first)} is not possible: {contradiction.text}{beside}.")
        )

    def _place(self, path: str) -> str:
        return self.entries[path].place if path in self.entries else DEFAULT


def _interpolated(value: Value, environ: Mapping[str, str]) -> tuple[Value, bool]:
    if isinstance(value, str):
        return interpolate(value, environ)
    if isinstance(value, list):
        parts = [_interpolated(item, environ) for item in value]
        return [part for part, _ in parts], any(replaced for _, replaced in parts)
    if isinstance(value, dict):
        named = {name: _interpolated(item, environ) for name, item in value.items()}
        return {name: item for name, (item, _) in named.items()}, any(replaced for _, replaced in named.values())
    return value, False


def _tree(values: Mapping[str, Value]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in values.items():
        section, _, name = path.rpartition(".")
        (tree.setdefault(section, {}) if section else tree)[name] = value
    return tree


def _path(location: tuple[int | str, ...]) -> str:
    """The setting's path of a pydantic location, which goes on into lists."""
    top = str(location[0]) if location else ""
    return top if top in keys() or len(location) < 2 else f"{top}.{location[1]}"


def _mark_secret(settings: Settings, secret: set[str]) -> None:
    for path in secret:
        owner, name = _owner(settings, path)
        owner._secret = owner._secret | {name}


def _owner(settings: Settings, path: str) -> tuple[Section, str]:
    """The group that holds a setting, and the setting's name in it."""
    section, _, name = path.rpartition(".")
    return (getattr(settings, section) if section else settings), name
