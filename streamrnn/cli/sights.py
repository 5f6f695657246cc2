"""What the network is shown, by name and with its scaling, for ``streamrnn check``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from streamrnn.rows.scale import CALENDAR_INPUTS, SEASON_INPUTS_PER_TARGET, ScaleRows

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

_SHOWN = 3  # names of a row
_LONGEST = 60  # letters of them
Sight = tuple[str, int, str, str]
"""Name, how many inputs, of which fields, and how they are scaled."""


def sights(settings: Settings) -> Iterator[Sight]:
    """Every kind of input there is, in the order in which the network has them."""
    if settings.learns_tokens:
        tokens = settings.tokens
        yield tokens.of, tokens.codes, _list([str(tokens.field)]), "1 at each token that came"
        return
    sizes, inputs, events = ScaleRows.from_settings(settings), settings.inputs, settings.events
    shown = [name for name in events.features if name not in events.withheld]
    targets = [] if settings.learns_labels else [name for name in events.target_names if name not in events.withheld]
    if shown:
        if inputs.level:
            yield "level", len(shown), _list(shown), "running z-score of the stream"
        if inputs.change:
            yield "change", len(shown), _list(shown), "in running root mean squares of changes"
        if inputs.missing:
            yield "missing", len(shown), _list(shown), "1 where missing"
    if inputs.calendar:
        yield "calendar", CALENDAR_INPUTS, "event time", "sine and cosine of the day and of the week"
    if sizes.season and targets:
        count = SEASON_INPUTS_PER_TARGET * len(targets)
        yield "seasonal", count, _list(targets), f"{sizes.season} steps ago, in running changes"
    if inputs.elapsed:
        yield "elapsed", 1, "event time", "log of seconds, running z-score of the stream"
    if inputs.booleans:
        yield "booleans", len(inputs.booleans), _list(inputs.booleans), "1 true, -1 false, 0 missing"
    if sizes.error and targets:
        yield "error", len(targets), _list(targets), "the ridge's last, in running changes"
    if settings.learns_labels:
        if settings.labels.kind == "number":
            yield "last label", 3, settings.labels.field, "running z-score, change, age"
        elif settings.labels.last:
            yield "last label", settings.labels.most_classes, settings.labels.field, "1 at its class"
    for name in inputs.category_names:
        values = inputs.categories[name]
        kind = f"{values} buckets" if isinstance(values, int) else f"{len(values)} values, other and missing"
        yield "category", inputs.embedding, _list([name]), f"{kind}: learned"


def inputs_table(settings: Settings) -> str:
    """What the network sees as aligned lines.

    Parameters
    ----------
    settings : what the daemon would be started with
    """
    lines = [("the network sees", "inputs", "of", "scaled")]
    lines += [(name, str(count), of, scaled) for name, count, of, scaled in sights(settings)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "".join(
        f"{name:<{widths[0]}}  {count:>{widths[1]}}  {of:<{widths[2]}}  {scaled}\n" for name, count, of, scaled in lines
    )


def _list(names: list[str] | tuple[str, ...]) -> str:
    from streamrnn.cli.columns import printable

    text = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    return printable(text if len(text) <= _LONGEST else text[:_LONGEST] + "…")
