"""A small header and small arrays of every type that a snapshot carries."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from streamrnn.snapshots import Header

MakeHeader = Callable[..., Header]
ArrayMap = dict[str, npt.NDArray[Any]]


@pytest.fixture
def make_header() -> MakeHeader:
    def make(position: int = 100, lineage: str = "a1b2", genesis: bool = False, **changes: Any) -> Header:
        fields: dict[str, Any] = {
            "format": 1, "partition": "events-0", "position": position, "records": position, "lineage": lineage,
            "settings_digest": "d1", "seed": 7, "versions": {"streamrnn": "0.1", "numpy": "2"}, "genesis": genesis,
        }  # fmt: skip
        return Header(**(fields | changes))

    return make


@pytest.fixture
def arrays() -> ArrayMap:
    rng = np.random.default_rng(1)
    return {
        "weights": rng.normal(size=(3, 5)).astype(np.float32),
        "sums": np.array([1.5, np.nan, -0.0, np.inf]),
        "counts": np.arange(7),
        "codes": np.array([[1, -2]], np.int32),
        "keys": np.frombuffer(b"odd", np.uint8).copy(),
        "live": np.array([True, False, True]),
        "empty": np.zeros((0, 4), np.float32),
        "scalar": np.array(3.25),
    }
