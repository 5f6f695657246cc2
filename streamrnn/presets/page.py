"""A preset as the text of a settings file."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from streamrnn.presets.inference import Inferred
from streamrnn.presets.lines import Line, Preset, literal
from streamrnn.settings.scalars import written

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
    for line in (*places, *preset.lines):
        if line.spare and line.key not in inferred.values:
            continue
        head, _, name = line.key.rpartition(".")
        if head != section:
            lines += ["", f"{head}:"]
            section = head
        why = inferred.why.get(line.key)
        lines += _comment(line.comment, "  ")
        lines += _comment(f"Seen: {why}.", "  ") if why else []
        value = literal(inferred.values[line.key]) if line.key in inferred.values else line.value
        lines.append(f"  {name}: {written(value)}")
    return "\n".join(lines) + "\n"


def _comment(text: str, indent: str) -> list[str]:
    # What was read from data must not end the comment, whatever characters are in it.
    clean = "".join(character if character.isprintable() else "?" for character in text)
    return [f"{indent}# {line}" for line in textwrap.wrap(clean, _WIDTH - len(indent), break_on_hyphens=False)]
