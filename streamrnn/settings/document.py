"""Read the YAML file: each setting with its line, and all that is wrong with the file as such."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from streamrnn.settings.errors import Problem
from streamrnn.settings.keys import Value, keys, nearest, sections
from streamrnn.settings.origin import Entry
from streamrnn.settings.scalars import scalar

_PLAIN = "!plain"
_TEXT, _LIST, _SECTION = (f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))


class _Loader(yaml.SafeLoader):
    """Composes nodes, and marks unquoted scalars so that `scalar` decides what they are."""

    def resolve(self, kind: type[yaml.Node], value: str | None, implicit: tuple[bool, bool] | bool) -> str:
        if kind is yaml.ScalarNode and isinstance(implicit, tuple) and implicit[0]:
            return _PLAIN
        return str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call]


class _Refused(Exception):
    """A value is of a shape that no setting has."""


def read_document(path: Path) -> tuple[dict[str, Entry], list[Problem]]:
    """Read a settings file.

    Parameters
    ----------
    path : the file

    Returns
    -------
    tuple[dict[str, Entry], list[Problem]]
        The settings it gives, by path, and everything wrong with it: unreadable, not YAML, unknown or repeated keys.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        return {}, [Problem(str(path), "", f"cannot read the settings file: {error.strerror}. Check --config.")]
    except UnicodeDecodeError as error:
        return {}, [Problem(str(path), "", f"is not UTF-8 text (byte {error.start}). Save it as UTF-8.")]
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        said = ", ".join(part for part in (error.context, error.problem) if part)
        return {}, [Problem(place, "", f"is not YAML: {said}.")]
    except yaml.YAMLError as error:
        return {}, [Problem(str(path), "", f"is not YAML: {' '.join(str(error).split())}.")]
    except RecursionError:
        return {}, [Problem(str(path), "", "is nested too deeply to be a settings file.")]
    return _Reader(path).read(root)


class _Reader:
    """Walks the two levels of the tree: sections and their settings."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: dict[str, Entry] = {}
        self._problems: list[Problem] = []

    def read(self, root: yaml.Node | None) -> tuple[dict[str, Entry], list[Problem]]:
        if root is None or _is_empty(root):
            return {}, []
        if not isinstance(root, yaml.MappingNode):
            self._refuse(
                root, "", "the file must hold sections with settings, like model: and below it hidden_size: 32."
            )
            return {}, self._problems
        self._check_tag(root, "")
        for name, key, value in self._items(root, ""):
            if name in sections():
                self._read_section(name, value)
            else:
                self._read_setting(name, key, value)
        return self._entries, self._problems

    def _read_section(self, section: str, node: yaml.Node) -> None:
        if _is_empty(node):  # all its settings are commented out
            return
        if not isinstance(node, yaml.MappingNode):
            self._refuse(node, section, "is a section: put its settings below it, indented.")
            return
        self._check_tag(node, section)
        for name, key, value in self._items(node, section):
            self._read_setting(f"{section}.{name}", key, value)

    def _read_setting(self, path: str, key: yaml.Node, node: yaml.Node) -> None:
        if path not in keys():
            self._refuse(key, path, f"unknown key.{nearest(path)}")
            return
        origin = f"{self._path}:{key.start_mark.line + 1}"
        try:
            types = keys()[path].types
            value = _mapping(node) if "object" in types else _value(node, "groups" in types)
            self._entries[path] = Entry(value, origin, self._place(key))
        except _Refused as error:
            self._refuse(node, path, f"{error} Allowed: {keys()[path].allowed}.")

    def _items(self, node: yaml.MappingNode, section: str) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        """Name, key and value of each item; repeated and unnamed ones are problems."""
        first: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._refuse(key, section, "a key must be a plain word.")
                continue
            name = str(key.value)
            if name in first:
                path = f"{section}.{name}" if section else name
                self._refuse(key, path, f"duplicate key, first given in line {first[name]}. Keep one of them.")
                continue
            first[name] = key.start_mark.line + 1
            yield name, key, value

    def _check_tag(self, node: yaml.Node, section: str) -> None:
        try:
            _refuse_tag(node, _SECTION)
        except _Refused as error:
            self._refuse(node, section, str(error))

    def _place(self, node: yaml.Node) -> str:
        return f"{self._path}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"

    def _refuse(self, node: yaml.Node, key: str, message: str) -> None:
        self._problems.append(Problem(self._place(node), key, message))


def read_flow(text: str, types: frozenset[str]) -> Value:
    """The value that a text from outside of a file stands for, of a setting that takes a mapping, ``{a: 3, b: [c]}``,
    or groups in a list, ``[0.5, {a: 3}]``, whose brackets may be left out.

    What is no YAML is given back as it is, and will be refused.
    """
    groups = "groups" in types
    if groups and not text.strip().startswith("["):
        text = f"[{text}]"
    try:
        node = yaml.compose(text, Loader=_Loader)
        return text if node is None else _value(node, True) if groups else _mapping(node)
    except (yaml.YAMLError, RecursionError, _Refused):
        return text


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == _PLAIN and scalar(node.value) is None


def _value(node: yaml.Node, groups: bool) -> Value:
    """The value of a setting: a scalar or a list of scalars, or where ``groups`` may be, of groups of scalars. Anything
    else would be a way to write endless data."""
    if isinstance(node, yaml.SequenceNode):
        _refuse_tag(node, _LIST)
        return [_item(item, groups) for item in node.value]
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    raise _Refused("a section is not allowed here.")


def _mapping(node: yaml.Node) -> Value:
    """The value of a setting that takes a mapping of names to scalars or lists of scalars."""
    if not isinstance(node, yaml.MappingNode):
        return _value(node, False)
    _refuse_tag(node, _SECTION)
    found: dict[str, Value] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _Refused("a name must be a plain word.")
        if key.value in found:
            raise _Refused(f"{key.value} is given twice.")
        found[key.value] = _value(value, False)
    return found


def _item(node: yaml.Node, groups: bool) -> Value:
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if not groups or not isinstance(node, yaml.MappingNode):
        raise _Refused("a list in a list or a section in a list is not allowed here.")
    _refuse_tag(node, _SECTION)
    found: dict[str, Value] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or not isinstance(value, yaml.ScalarNode):
            raise _Refused("a group in a list has names, each with a number or a word.")
        if key.value in found:
            raise _Refused(f"a group names {key.value} twice.")
        found[key.value] = _scalar(value)
    return found


def _scalar(node: yaml.ScalarNode) -> Value:
    _refuse_tag(node, _PLAIN, _TEXT)
    return scalar(node.value) if node.tag == _PLAIN else node.value


def _refuse_tag(node: yaml.Node, *allowed: str) -> None:
    if node.tag not in allowed:
        raise _Refused(f"the tag {node.tag} is not allowed here.")
