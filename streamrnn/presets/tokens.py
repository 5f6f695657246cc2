"""Which field holds tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from streamrnn.presets.columns import Column
from streamrnn.presets.record import Record


def token_field(found: Mapping[str, Column], records: Iterable[Record], taken: set[str], sets: bool) -> str | None:
    """The field with the longest texts, or with lists; None where there is none.

    Parameters
    ----------
    found : the columns
    records : those that were looked at
    taken : fields that are something else
    sets : whether lists are wanted
    """
    sizes: dict[str, int] = {}
    for record in records:
        for name, value in record.fields.items():
            if name in found and name not in taken and _fits(value, sets):
                sizes[name] = sizes.get(name, 0) + len(value)
    return max(sizes, key=lambda name: sizes[name], default=None)


def _fits(value: Any, sets: bool) -> bool:
    return isinstance(value, list) if sets else isinstance(value, str)
