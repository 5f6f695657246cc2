"""Which settings two runs differ in, in words."""

from __future__ import annotations

from collections.abc import Mapping

from streamrnn.settings.keys import Value
from streamrnn.settings.scalars import written

_LONGEST = 100  # letters of a value


def differences(then: Mapping[str, Value], now: Mapping[str, Value]) -> list[str]:
    """A sentence's part for each setting that has another value.

    Parameters
    ----------
    then, now : values by path; a path that one of them lacks is of another version, and is passed over

    Examples
    --------
    >>> differences({"seed": 0, "model.k2": 8}, {"seed": 0, "model.k2": 16})
    ['model.k2 was 8 and is 16']
    """
    return [
        f"{key} was {_short(then[key])} and is {_short(now[key])}"
        for key in then
        if key in now and written(then[key]) != written(now[key])
    ]


def _short(value: Value) -> str:
    text = written(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
