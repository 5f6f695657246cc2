"""A small header and small arrays of every type that a snapshot carries."""

from collections.abc import Callable
from typing import Any

import numpy.typing as npt
import pytest

from streamrnn.snapshots import Header
from tests.snapshots import contract

MakeHeader = Callable[..., Header]
ArrayMap = dict[str, npt.NDArray[Any]]


@pytest.fixture
def make_header() -> MakeHeader:
    return contract.header


@pytest.fixture
def arrays() -> ArrayMap:
    return contract.arrays()
