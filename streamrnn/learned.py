"""Learned networks without their streams: out of a snapshot, into a file, and into a new shard as far as they fit."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from streamrnn.rows.network import NetworkRows
from streamrnn.rows.weights import Axes, axes_of, count, named, take
from streamrnn.snapshots.format import FORMAT, SnapshotError, read_file, write_snapshot
from streamrnn.snapshots.frozen import Frozen
from streamrnn.snapshots.header import Header, Origin
from streamrnn.streams.classes import saved_classes
from streamrnn.streams.vocabulary import saved_tokens

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

Array = npt.NDArray[Any]
FIRST = "network"
LONGEST = 200  # letters of what is told of one parameter or setting: a vocabulary has thousands of names


@dataclass(frozen=True, slots=True)
class Described:
    """One network without its numbers.

    Attributes
    ----------
    layout : see `streamrnn.rows.network.NetworkRows`
    precision : of its numbers
    inputs, outputs : what the lowest layer's inputs and the head's outputs stand for, in their order
    axes : the same of every axis of every parameter, see `streamrnn.rows.weights`
    """

    layout: dict[str, Any]
    precision: Literal["float32", "float64"]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    axes: Axes


@dataclass(frozen=True, slots=True)
class NetworkHeader:
    """What an exported file says of its networks.

    Attributes
    ----------
    format : of the file, see `streamrnn.snapshots.format`
    origin : where in which log they were learned
    networks : by name, the first one is "network"
    settings, versions : of the snapshot, see `Header`; a value that came by interpolation is redacted
    """

    format: int
    origin: Origin
    networks: dict[str, Described]
    settings: dict[str, Any]
    versions: dict[str, str]


@dataclass(frozen=True, slots=True)
class Learned:
    """Networks and what their numbers mean.

    Attributes
    ----------
    header : what they are
    parameters : of each network by its name, by the names of torch's module
    """

    header: NetworkHeader
    parameters: dict[str, dict[str, Array]]

    @classmethod
    def of(cls, header: Header, arrays: dict[str, Array], settings: Settings) -> Learned:
        """Those of a snapshot.

        Parameters
        ----------
        header, arrays : the snapshot
        settings : those it was made with

        Raises
        ------
        ValueError
            It holds no network, or one that these settings do not make.
        """
        described, parameters = {}, {}
        for name, own in networks_of(settings).items():
            axes = axes_of(own, saved_classes(arrays) or saved_tokens(arrays))
            parameters[name] = named(arrays[f"{name}_weights"], axes)
            layout, precision = asdict(NetworkRows.from_settings(own)), own.model.precision
            described[name] = Described(layout, precision, axes["stack.cells.0.w"][0], axes["v"][0], axes)
        if not described:
            raise ValueError("there is no network, as model.kind says")
        origin = Origin(header.lineage, header.partition, header.position, header.records)
        return cls(NetworkHeader(FORMAT, origin, described, header.settings, header.versions), parameters)

    @classmethod
    def read(cls, path: Path) -> Learned:
        """Those of an exported file.

        Raises
        ------
        SnapshotError, OSError
            It cannot be used, or read; the message names the remedy.
        """
        header, arrays = read_file(path, NetworkHeader)
        if not (header.origin.lineage + header.origin.partition).isprintable():
            raise SnapshotError("corrupt", path, "does not say where it was learned", "export it anew")
        parameters: dict[str, dict[str, Array]] = {}
        for network, described in header.networks.items():
            own = parameters[network] = {}
            for name, labels in described.axes.items():
                values = arrays.get(_key(network, name))
                if values is None or values.shape != tuple(map(len, labels)) or not np.isfinite(values).all():
                    problem = f"does not hold {name} of {network} as its header says"
                    raise SnapshotError("corrupt", path, problem, "export it anew")
                own[name] = values
        return cls(header, parameters)

    def write(self, path: Path) -> int:
        """Write them to a file, which is whole or not there; its size in bytes."""
        tensors = {_key(network, name): v for network, own in self.parameters.items() for name, v in own.items()}
        temporary = path.with_name(f".{path.name}.tmp")
        with suppress(FileNotFoundError):
            temporary.unlink()
        try:
            size = write_snapshot(temporary, self.header, Frozen.of(tensors))
            os.replace(temporary, path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        return size

    def give(self, settings: Settings, arrays: dict[str, Array]) -> tuple[str, ...]:
        """Copy what fits into a new shard's arrays, in place.

        Parameters
        ----------
        settings, arrays : the new shard's, see ``Shard.saved``

        Returns
        -------
        tuple of str
            What of its weights was not found here, and stays as it was drawn.
        """
        missing: list[str] = []
        for name, own in networks_of(settings).items():
            if name not in self.parameters:
                missing.append(f"all of {name}")
                continue
            axes, theirs = axes_of(own), self.header.networks[name].axes
            found = take(named(arrays[f"{name}_weights"], axes), axes, self.parameters[name], theirs)
            missing += [each if name == FIRST else f"{each} of {name}" for each in found]
        return tuple(missing)

    def lacks(self, settings: Settings) -> tuple[str, ...]:
        """What `give` would not find, without a shard."""
        zeros = {f"{name}_weights": np.zeros(count(axes_of(own))) for name, own in networks_of(settings).items()}
        return self.give(settings, zeros)


def networks_of(settings: Settings) -> dict[str, Settings]:
    """The settings that each network is made by, under the name that its arrays begin with."""
    if settings.model.kind == "none":
        return {}
    further = {name.replace(" ", "_"): own for name, own in settings.further_networks.items()}
    return {FIRST: settings} | further


def few(words: Sequence[str], most: int = 8) -> str:
    """The first of many, for a line of the log; of a long one its beginning."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return "; ".join(word if len(word) <= LONGEST else f"{word[:LONGEST]}..." for word in words[:most]) + more


def _key(network: str, parameter: str) -> str:
    """The first network's have the names of torch's module, so that they load as they are."""
    return parameter if network == FIRST else f"{network}/{parameter}"
