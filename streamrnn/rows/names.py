"""What each input, output and code of the network stands for, so that networks of different settings can be compared.

Two of one name mean the same. What is not the same thing has another name, even at the same place: a feature that is
withheld, an output that corrects another forecast, a class that is not yet known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from streamrnn.rows.heads import width
from streamrnn.rows.scale import ScaleRows
from streamrnn.settings.inputs import BESIDE_BUCKETS

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

_CALENDAR = ("sine of the day", "cosine of the day", "sine of the week", "cosine of the week")
_NUMBER = ("last", "change of", "age of")  # what is shown of labels that are numbers
_PARAMETERS = ("location", "scale", "degrees")


def input_names(settings: Settings, classes: Sequence[str] = ()) -> tuple[str, ...]:
    """Those of the lowest layer's inputs, in their order.

    Parameters
    ----------
    settings : what the network is made by
    classes : those that labels have shown so far, or the tokens that have come, where the settings do not list them
    """
    if settings.learns_tokens:
        return token_names(settings, classes)
    return tuple(_inputs(settings, classes))


def ahead_names(settings: Settings) -> tuple[str, ...]:
    """The same of the network that runs backward, which is shown no labels."""
    return (*_features(settings), *_categories(settings))


def _inputs(settings: Settings, classes: Sequence[str]) -> Iterator[str]:
    yield from _features(settings)
    if settings.learns_labels and settings.labels.kind == "number":
        yield from (f"{what} label {settings.labels.field}" for what in _NUMBER)
    elif settings.learns_labels and settings.labels.last:
        yield from (f"last label {name}" for name in class_names(settings, classes))
    yield from _categories(settings)


def _features(settings: Settings) -> Iterator[str]:
    sizes, inputs = ScaleRows.from_settings(settings), settings.inputs
    hidden = {name: " (withheld)" for name in settings.events.withheld}
    kinds = [kind for kind in ("level", "change", "missing") if getattr(inputs, kind)]
    for name in settings.events.features:
        yield from (f"{kind} of {name}{hidden.get(name, '')}" for kind in kinds)
    if inputs.calendar:
        yield from _CALENDAR
    targets = [settings.events.features[at] for at in sizes.target_features]
    if sizes.season:
        for name in targets:
            for what in ("value", "change"):
                yield f"{what} of {name} {sizes.season} steps before{hidden.get(name, '')}"
    if inputs.elapsed:
        yield "elapsed"
    yield from (f"boolean {name}" for name in inputs.booleans)
    if sizes.error:
        yield from (f"error of {name}{hidden.get(name, '')}" for name in targets)


def _categories(settings: Settings) -> Iterator[str]:
    inputs = settings.inputs
    for name in inputs.category_names:
        yield from (f"category {name} {place + 1}/{inputs.embedding}" for place in range(inputs.embedding))


def output_names(settings: Settings, classes: Sequence[str] = ()) -> tuple[str, ...]:
    """Those of the head's outputs, in their order; see `input_names`."""
    labels, model = settings.labels, settings.model
    if settings.learns_tokens:
        return token_names(settings, classes)
    if settings.learns_labels and labels.kind == "number":
        return (f"label {labels.field}",)
    if settings.learns_labels:
        return tuple(f"label {name}" for name in class_names(settings, classes))
    over = "the ridge" if settings.experts.ridge else "the last value"
    if model.head == "point":
        parts = ["point"]
    elif model.head == "quantiles":
        parts = [f"quantile {place + 1} of {list(model.quantiles)}" for place in range(len(model.quantiles))]
    else:
        parts = [f"{model.head} {name}" for name in _PARAMETERS[: width(model.head, 0)]]
    return tuple(f"{target} over {over}: {part}" for target in settings.events.target_names for part in parts)


def code_names(settings: Settings) -> tuple[str, ...]:
    """Those of the rows of the table of embeddings, in their order."""
    found: list[str] = []
    for name in settings.inputs.category_names:
        values = settings.inputs.categories[name]
        if isinstance(values, int):
            parts = ["missing", *(f"bucket {place + 1} of {values}" for place in range(values + BESIDE_BUCKETS - 1))]
        else:
            parts = ["missing", "other", *(f"value {value}" for value in values)]
        found += [f"{name}: {part}" for part in parts]
    return tuple(found)


def token_names(settings: Settings, known: Sequence[str] = ()) -> tuple[str, ...]:
    """Those of tokens by number; one that is yet to come is named by its place."""
    tokens = settings.tokens
    if tokens.of == "bytes":
        found = ["end", *(f"byte {byte}" for byte in range(tokens.codes - 1))]
    elif isinstance(tokens.vocabulary, int):
        found = ["end", *(f"token {name}" for name in known[1:])]
    else:
        found = ["end", "other", *(f"token {name}" for name in tokens.vocabulary)]
    return (*found, *(f"to come {place + 1}" for place in range(len(found), tokens.codes)))


def class_names(settings: Settings, classes: Sequence[str] = ()) -> tuple[str, ...]:
    """Those of a label's classes by code; one that is yet to come is named by its place."""
    known = settings.labels.classes or tuple(classes)
    to_come = range(len(known), settings.labels.most_classes)
    return (*(f"class {name}" for name in known), *(f"to come {place + 1}" for place in to_come))
