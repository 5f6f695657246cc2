"""The names of a table's columns: which is what, and what is said when one is not there."""

import math
from collections.abc import Mapping, Sequence

from streamrnn.replay import cells, guess
from streamrnn.replay.options import SourceError, SourceOptions
from streamrnn.settings.records import Events

_SHOWN = 12  # names in a message


def find_columns(
    names: Sequence[str], settings: Events, options: SourceOptions
) -> tuple[int | None, int | None, list[int]]:
    """Places of the stream, the time and the features; no feature if the table is wide.

    Raises
    ------
    SourceError
        A column is not there. All such columns are named at once.
    """
    asked = {
        "--stream": [settings.stream] if options.stream_needed else [],
        "--time": [settings.time] if options.time_needed else [],
        "--feature": [] if options.wide else settings.features,
    }
    lacking = {
        option: [name for name in columns if name is not None and name not in names]
        for option, columns in asked.items()
    }
    if any(lacking.values()):
        raise SourceError(_message(names, lacking, options))
    places = {name: place for place, name in reversed(list(enumerate(names)))}  # of equal names the first counts
    features = [places[name] for name in asked["--feature"] if name is not None]
    return places.get(settings.stream or ""), places.get(settings.time or ""), features


def values_hint(names: Sequence[str], options: SourceOptions) -> str:
    """What to do if the names are values; nothing where none of them is a number."""
    numeric = next((name for name in names if not math.isnan(cells.or_nan(name, float))), None)
    if options.no_header or numeric is None:
        return ""
    return f"If the first line, with {numeric}, holds no names, add --no-header: the columns are then c0, c1, ..."


def _message(names: Sequence[str], lacking: Mapping[str, Sequence[str]], options: SourceOptions) -> str:
    """What is not there, what is, and which options to give."""
    several = names if len(names) > 1 else ()
    wrong = ", ".join(f"{name}{guess.nearest(name, several)}" for columns in lacking.values() for name in columns)
    known = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    wanted = [option for option, columns in lacking.items() if columns]
    parts = [f"there is no column {wrong}; the columns are {known}.", f"Name what is there with {_listed(wanted)}."]
    if hint := values_hint(names, options):
        parts.append(hint)
    elif len(names) == 1:
        parts.append("If this is more than one column, say with --delimiter what parts them.")
    elif not options.stream_needed and list(lacking["--feature"]) == list(Events().features):
        parts.append("If each numeric column is a stream of its own, use --wide instead.")
    return " ".join(parts)


def _listed(options: Sequence[str]) -> str:
    return options[0] if len(options) == 1 else f"{', '.join(options[:-1])} and {options[-1]}"
