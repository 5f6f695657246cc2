"""An exported network as a torch module."""

from __future__ import annotations

from pathlib import Path

import msgspec
import torch

from streamrnn.learned import FIRST, Learned
from streamrnn.network.forecaster import Forecaster
from streamrnn.rows.network import NetworkRows


def load_network(path: Path | str, name: str = FIRST) -> Forecaster:
    """The module with its learned weights.

    Parameters
    ----------
    path : file that `streamrnn export` wrote
    name : of a further network, as the file has it

    Raises
    ------
    SnapshotError, OSError
        The file cannot be used, or read.
    KeyError
        It has no network of that name.
    """
    learned = Learned.read(Path(path))
    described = learned.header.networks[name]
    layout = msgspec.convert(described.layout, NetworkRows)
    module = Forecaster(layout, 0, getattr(torch, described.precision))
    module.load_state_dict({key: torch.from_numpy(values) for key, values in learned.parameters[name].items()})
    return module
