"""The part of a settings file that says where the log is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from streamrnn.presets.lines import Line, Preset, literal
from streamrnn.replay.options import SourceError
from streamrnn.settings.keys import Value, keys
from streamrnn.settings.scalars import written

if TYPE_CHECKING:
    from streamrnn.settings.load import Loaded
    from streamrnn.settings.schema import Settings

_SECRET = frozenset({"kafka.sasl_plain_password", "kafka.ssl_password"})
_SAID = {
    "transport.kind": "directory: folders of JSON lines files. kafka: topics of Apache Kafka, see docs/kafka.md.",
    "transport.path": "Root folder of the directory log: a topic is a sub-folder, a partition is <number>.jsonl in it. "
    "Change it to where your files are.",
    "transport.input": "Topic to read events from. Change it to your topic's name.",
    "kafka.bootstrap_servers": "Brokers to ask first, as host:port. Change it to yours.",
    "kafka.group_id": "Consumer group whose members share the partitions. Change it for each service.",
}


def log_lines(loaded: Loaded) -> list[Line]:
    """Where the log is, and all else that was set of transport and Kafka; passwords are named, and not copied."""
    from streamrnn.settings.origin import DEFAULT

    settings = loaded.settings
    kafka = settings.transport.kind == "kafka"
    usual = ["transport.kind", "transport.input"]
    usual += ["kafka.bootstrap_servers", "kafka.group_id"] if kafka else ["transport.path"]
    found = []
    for key in keys():
        section = key.split(".")[0]
        set_by_user = loaded.origins[key] != DEFAULT and (section == "transport" or (kafka and section == "kafka"))
        if key not in usual and not set_by_user:
            continue
        said = _SAID.get(key, keys()[key].description)
        if key in _SECRET or key in loaded.secret:
            found.append(Line(key, f"${{{key.upper().replace('.', '_')}}}", f"{said} Not copied: set this variable."))
        else:
            found.append(Line(key, literal(_plain(settings, key)), said))
    return found


def said_values(preset: Preset, said: Sequence[str]) -> dict[str, Value]:
    """What ``--set`` gave of other things than the log, by path, checked together with the preset's own settings.

    Raises
    ------
    SettingsError
        With all that cannot be.
    SourceError
        A secret is among them.
    """
    from streamrnn.settings.load import load
    from streamrnn.settings.origin import read_overrides

    usual = {line.key: line.value if isinstance(line.value, str) else written(line.value) for line in preset.lines}
    loaded = load(None, [*(f"{key}={value}" for key, value in usual.items()), *said])
    names = [key for key in read_overrides(said)[0] if not is_of_log(key)]
    for key in names:
        if key in loaded.secret:
            raise SourceError(f"--set {key} is a secret, which is not copied: write a reference to it into the file")
    return {key: _plain(loaded.settings, key) for key in names}


def is_of_log(key: str) -> bool:
    """Whether a setting, or what ``--set`` has of it, tells where the log is."""
    return key.strip().startswith(("transport.", "kafka."))


def _plain(settings: Settings, key: str) -> Value:
    section, _, name = key.rpartition(".")
    every = settings.model_dump(mode="json")
    value = (every[section] if section else every)[name]
    return value[0] if key == "transport.input" and len(value) == 1 else value
