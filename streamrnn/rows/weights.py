"""The flat weights by name: which parameters there are, and what each number of them belongs to.

Names and shapes are those of `streamrnn.network.forecaster.Forecaster`, without torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from streamrnn.rows.cells import CARRIED, COLUMNS, GATES, INNER_BIASES, NAMES, STATES
from streamrnn.rows.names import ahead_names, code_names, input_names, output_names
from streamrnn.rows.network import NetworkRows

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

Array = npt.NDArray[Any]
Axes = dict[str, tuple[tuple[str, ...], ...]]
"""For each parameter, in the order of the flat weights, for each of its axes what its places stand for."""


def axes_of(settings: Settings, classes: Sequence[str] = ()) -> Axes:
    """What these settings' network is made of. Units of another cell, size, layer or normalisation have other names.

    Parameters
    ----------
    settings : of one network, see ``Settings.further_networks``
    classes : see `input_names`
    """
    layout = NetworkRows.from_settings(settings)
    plain = f"{layout.cell} {layout.hidden}{' normalised' if layout.layer_norm else ''}"
    found, read = _stack(layout, "stack", plain, input_names(settings, classes))
    if layout.lookahead:
        ahead, read_ahead = _stack(layout, "ahead", f"{plain} backward", ahead_names(settings))
        found, read = found | ahead, read + read_ahead
    outputs = output_names(settings, classes)
    found["v"] = (outputs, read)
    found["d"] = (tuple(f"{name} of {plain} layer {layout.layers}" for name in outputs),)  # it goes with v
    table = layout.table
    found["table"] = (code_names(settings), _numbered(f"of {table.width}", table.width))
    return found


def _stack(layout: NetworkRows, name: str, plain: str, below: tuple[str, ...]) -> tuple[Axes, tuple[str, ...]]:
    """Of one direction's layers above these inputs, and the units that the head reads."""
    code, hidden = NAMES.index(layout.cell), layout.hidden
    found: Axes = {}
    for layer in range(layout.layers):
        kind, cell = f"{plain} layer {layer + 1}", f"{name}.cells.{layer}"
        units = _numbered(f"{kind} unit", hidden)
        gates = _numbered(f"{kind} gate", GATES[code] * hidden)
        carried, columns = _numbered(f"{kind} carried", CARRIED[code] * hidden), gates
        if COLUMNS[code] != GATES[code]:
            columns = _numbered(f"{kind} column", COLUMNS[code] * hidden)
        found |= {f"{cell}.w": (below, gates), f"{cell}.b": (gates,)}
        found[f"{cell}.u"] = (units if CARRIED[code] == 1 else carried, columns)
        found[f"{cell}.c"] = (_numbered(f"{kind} inner", INNER_BIASES[code] * hidden),)
        if layout.layer_norm:
            found[f"{cell}.gain"] = (gates,)
            if STATES[code] > 1:
                found |= {f"{cell}.memory_gain": (units,), f"{cell}.memory_bias": (units,)}
        below = units
    return found, below


def named(flat: Array, axes: Axes) -> dict[str, Array]:
    """The flat weights as parameters (views)."""
    if len(flat) != count(axes):
        raise ValueError(f"the network has {len(flat)} weights, its settings need {count(axes)}")
    found, at = {}, 0
    for name, labels in axes.items():
        shape = tuple(map(len, labels))
        found[name] = flat[at : at + prod(shape)].reshape(shape)
        at += prod(shape)
    return found


def count(axes: Axes) -> int:
    """How many weights there are."""
    return sum(prod(map(len, labels)) for labels in axes.values())


def take(mine: dict[str, Array], labels: Axes, theirs: dict[str, Array], their_labels: Axes) -> list[str]:
    """Copy from another network all that means the same, in place; what was not found there, in words.

    Parameters
    ----------
    mine, labels : the network that takes
    theirs, their_labels : the one that gives
    """
    missing: list[str] = []
    for name, parameter in mine.items():
        if parameter.size == 0:
            continue
        if name not in theirs or len(labels[name]) != len(their_labels[name]):
            missing.append(name)
            continue
        places = [_places(own, other) for own, other in zip(labels[name], their_labels[name], strict=True)]
        if not all(len(here) for here, _ in places):
            missing.append(name)
            continue
        values = theirs[name][np.ix_(*(there for _, there in places))]
        parameter[np.ix_(*(here for here, _ in places))] = values
        for (here, _), own in zip(places, labels[name], strict=True):
            absent = np.delete(np.arange(len(own)), here)
            if len(absent):
                missing.append(f"{name} for {', '.join(own[place] for place in absent)}")
    return missing


def _places(own: Sequence[str], other: Sequence[str]) -> tuple[list[int], list[int]]:
    """Where each name that both have stands, here and there."""
    there = {name: place for place, name in enumerate(other)}
    both = [(place, there[name]) for place, name in enumerate(own) if name in there]
    return [here for here, _ in both], [place for _, place in both]


def _numbered(name: str, count: int) -> tuple[str, ...]:
    return tuple(f"{name} {place + 1}" for place in range(count))
