"""A preset as the text of a settings file."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from streamrnn.presets.inference import Inferred
from streamrnn.presets.lines import Line, Preset, literal
from streamrnn.settings.keys import keys
from streamrnn.settings.scalars import written
from streamrnn.settings.schema import NO_STATE, STATE

_WIDTH = 118
_LEGEND = (
    "All other settings have their defaults: `streamrnn config show --config FILE` lists them. [state] marks what "
    "changes a partition's state or which records it accepts: with other values a saved state does not fit any more, "
    "and the daemon says so and stops."
)


def settings_page(preset: Preset, places: Sequence[Line], inferred: Inferred, source: str | None) -> str:
    """The commented YAML.

    Parameters
    ----------
    preset : which settings
    places : where the log is
    inferred : what the data say of them
    source : what was looked at, in words; None if nothing was
    """
    lines = [f"# Preset {preset.name}: {preset.task}.", *_comment(_LEGEND, "")]
    if source is not None:
        lines += _comment(f"Filled from {source}; what was seen stands with each setting.", "")
    for remark in inferred.remarks:
        lines += _comment(remark, "")
    section = ""
    for line in _lines(preset, places, inferred):
        head, _, name = line.key.rpartition(".")
        if head != section:
            lines += ["", f"{head}:"]
            section = head
        why = inferred.why.get(line.key)
        indent = "  " if head else ""
        lines += _comment(line.comment, indent)
        lines += _comment(f"Seen: {why}.", indent) if why and line.key not in inferred.said else []
        value = literal(inferred.values[line.key]) if line.key in inferred.values else line.value
        lines.append(f"{indent}{name}: {written(value)}")
    return "\n".join(lines) + "\n"


def _lines(preset: Preset, places: Sequence[Line], inferred: Inferred) -> list[Line]:
    """All of the file: what the preset has no line for stands last in its section."""
    lines = [line for line in (*places, *preset.lines) if not line.spare or line.key in inferred.values]
    there = {line.key for line in lines}
    for key in (key for key in inferred.values if key not in there):
        head = key.rpartition(".")[0]
        behind = [at + 1 for at, line in enumerate(lines) if line.key.rpartition(".")[0] == head]
        mark = " [state]" if key.split(".")[0] in STATE and key not in NO_STATE else ""
        line = Line(key, None, keys()[key].description + mark)
        lines.insert(behind[-1] if behind else len(lines) if head else 0, line)
    return lines


def _comment(text: str, indent: str) -> list[str]:
    # What was read from data must not end the comment, whatever characters are in it.
    clean = "".join(character if character.isprintable() else "?" for character in text)
    return [f"{indent}# {line}" for line in textwrap.wrap(clean, _WIDTH - len(indent), break_on_hyphens=False)]
