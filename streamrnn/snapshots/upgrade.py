"""From older formats of the snapshot file to the present one, a step for each.

A change of what is stored that an older reader would take for something else gets a new format number, and a step here
with a test. A new array or header field needs none: what a snapshot lacks begins cleared (see `streamrnn.carrying`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

Header = dict[str, Any]
Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Step:
    """How a file of one format becomes one of the next."""

    header: Callable[[Header], Header]
    arrays: Callable[[Arrays], Arrays]


# By the format that they start from. There is no format before the first.
STEPS: dict[int, Step] = {}


def reaches(version: int, present: int) -> bool:
    """Whether there is a way from a format to the present one."""
    return 0 < version <= present and all(each in STEPS for each in range(version, present))


def header(written: Header, version: int, present: int) -> Header:
    """A header as the present format has it, of one that was written in format ``version``."""
    for each in range(version, present):
        written = STEPS[each].header(written)
    return written | {"format": present}


def arrays(written: Arrays, version: int, present: int) -> Arrays:
    """The same of arrays."""
    for each in range(version, present):
        written = STEPS[each].arrays(written)
    return written
